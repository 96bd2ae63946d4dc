// The webhook as the command line asks for it.
import type { Logger } from 'pino';
import type { FlagValues } from '../flags.ts';
import type { Graph } from '../model/graph.ts';
import type { Model } from '../model/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Cluster } from '../watch/cluster.ts';
import { serveWebhook } from './webhook.ts';

/** The model in force and what made it. */
export interface Serving {
  readonly graph: Graph;
  readonly model: Model;
}

export interface Around {
  readonly cluster: Cluster;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** null until the source has been read: reviews fail until then, and failurePolicy decides. */
  serving(): Serving | null;
}

/** Serves reviews until the signal, where --validating-webhook is given. Rejects with WebhookPortUnavailable. */
export async function startWebhook(flags: FlagValues, around: Around, signal: AbortSignal): Promise<void> {
  const {
    'validating-webhook': address,
    'validating-webhook-certificate': certificate,
    'validating-webhook-key': key,
    'validating-webhook-client-ca': clientAuthority,
  } = flags;
  if (address === null || certificate === null || key === null) return;
  const { cluster, log } = around;
  const metrics = around.metrics.ofAdmission({
    controller_namespace: process.env.POD_NAMESPACE ?? '',
    controller_class: flags['controller-class'],
    controller_pod: process.env.POD_NAME ?? '',
  });
  await serveWebhook(
    {
      address,
      files: { certificate, key, clientAuthority },
      log,
      state: () => {
        const serving = around.serving();
        if (serving === null) return null;
        const { settings, hosts, problems } = serving.model;
        return { view: cluster, settings, hosts, problems, names: serving.graph.names };
      },
      onReviewed: (reviewed) => metrics.observe(reviewed, cluster.counts().Ingress),
    },
    signal,
  );
}
