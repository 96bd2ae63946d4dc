// Chooses the source of objects that the command line asks for: a folder of manifests or a cluster, exactly one.
import { stat } from 'node:fs/promises';
import { type FlagValues, UsageError } from './flags.ts';
import { AccessError, isInCluster, kubeConfigOf } from './kube/access.ts';
import { ApiClient } from './kube/client.ts';
import { ATTEMPTS, type Failed, reachApi } from './kube/reach.ts';
import { TokenBucket } from './kube/token-bucket.ts';
import { type Zone, zoneOfPod } from './kube/zone.ts';
import type { Store } from './watch/intake.ts';
import { KubernetesCluster } from './watch/kubernetes.ts';
import { ManifestFolder } from './watch/manifests.ts';
import { PACE } from './watch/reflector.ts';
import type { Source, SourceEvents } from './watch/source.ts';
import type { IngressStatuses } from './watch/statuses.ts';

export type SourceChoice =
  | { readonly kind: 'manifests'; readonly folder: string }
  | { readonly kind: 'cluster'; readonly kubeconfig: string | null; readonly apiServer: string | null };

/** Throws UsageError when the command line names no source and there is no cluster around. */
export function chooseSource(
  flags: FlagValues,
  environment: Readonly<Record<string, string | undefined>>,
): SourceChoice {
  if (flags.manifests !== null) return { kind: 'manifests', folder: flags.manifests };
  const { kubeconfig, 'apiserver-host': apiServer } = flags;
  if (kubeconfig !== null || apiServer !== null || isInCluster(environment)) {
    return { kind: 'cluster', kubeconfig, apiServer };
  }
  throw new UsageError(
    'nothing to serve: give --manifests=DIR for a folder, --kubeconfig=FILE for a cluster, or run in a Pod of one',
  );
}

export interface Opening {
  readonly store: Store;
  readonly events: SourceEvents;
  /** The API server did not answer yet. */
  onWaiting(failed: Failed): void;
}

/** What is needed to write to the API server. */
export interface Api {
  readonly client: ApiClient;
  readonly statuses: IngressStatuses;
}

export interface OpenSource {
  readonly source: Source;
  /** null where there is no API server. */
  readonly api: Api | null;
  /** For messages: "the manifests in DIR". */
  readonly name: string;
  /** Looks up the zone of this instance. */
  readZone(environment: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<Zone>;
}

/** Makes the source ready to start; an API server was reached then. Rejects with UsageError or ApiUnavailable. */
export async function openSource(
  choice: SourceChoice,
  flags: FlagValues,
  { store, events, onWaiting }: Opening,
  signal: AbortSignal,
): Promise<OpenSource> {
  switch (choice.kind) {
    case 'manifests':
      await requireFolder(choice.folder);
      return {
        source: new ManifestFolder(choice.folder, store, events),
        api: null,
        name: `the manifests in ${choice.folder}`,
        readZone: () => Promise.resolve({ kind: 'unknown', why: 'manifests do not say' }),
      };
    case 'cluster': {
      const client = await clientOf(choice, flags);
      const version = await reachApi(client, ATTEMPTS, onWaiting, signal);
      const scope = {
        namespace: flags['watch-namespace'],
        namespaces: flags['watch-namespace-selector'] === null ? ('unread' as const) : ('read' as const),
      };
      const pace = { ...PACE, idleMs: flags['watch-idle-timeout'] * 1000 };
      const source = new KubernetesCluster(client, store, scope, events, pace);
      return {
        source,
        api: { client, statuses: source.statuses },
        name: `the cluster at ${client.server}${version === '' ? '' : ` (${version})`}`,
        readZone: (environment, ends) => zoneOfPod(client, environment, ends),
      };
    }
  }
}

async function requireFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new UsageError(`--manifests: there is no folder ${JSON.stringify(path)}`);
}

async function clientOf(
  { kubeconfig, apiServer }: { readonly kubeconfig: string | null; readonly apiServer: string | null },
  flags: FlagValues,
): Promise<ApiClient> {
  try {
    const config = await kubeConfigOf({
      kubeconfig,
      apiServer,
      certificateAuthority: flags['certificate-authority'],
    });
    return new ApiClient(config, new TokenBucket(flags['kube-api-qps'], flags['kube-api-burst'], performance.now()));
  } catch (cause) {
    if (cause instanceof AccessError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}
