// From the command line to the duties of this replica, and what stands in for them where there are none.
import type { Logger } from 'pino';
import type { FlagValues } from '../flags.ts';
import type { ApiClient } from '../kube/client.ts';
import { keyOf, type ObjectKey } from '../kube/ref.ts';
import { isSelected } from '../model/select.ts';
import type { Selection } from '../model/settings.ts';
import type { Cluster } from '../watch/cluster.ts';
import type { IngressStatuses } from '../watch/statuses.ts';
import type { AddressChoice } from './addresses.ts';
import { ClusterDuties, type DutySettings } from './duties.ts';
import { podNameOf } from './pods.ts';

const TTL_MS = 30_000;
const LEAST_INTERVAL_SECONDS = 5;

export type Duties = Pick<ClusterDuties, 'problems' | 'say' | 'applied' | 'leave'>;

/** Of manifests, and of a program that is not in a Pod: nothing is written. */
export const NO_DUTIES: Duties = {
  problems: () => [],
  say: () => undefined,
  applied: () => undefined,
  leave: () => Promise.resolve(),
};

export interface Surroundings {
  /** null where there is no API server. */
  readonly api: { readonly client: ApiClient; readonly statuses: IngressStatuses } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cluster: Cluster;
  readonly log: Logger;
  selection(): Selection;
  onLeader(name: string, isLeader: boolean): void;
  onProblems(): void;
}

/** Starts them; they end with the signal, or by leave(). */
export function startDuties(flags: FlagValues, around: Surroundings, signal: AbortSignal): Duties {
  const { api, cluster, log } = around;
  if (api === null) return NO_DUTIES;
  const settings = settingsOf(flags, around.environment);
  if (settings === null) {
    log.info('POD_NAME and POD_NAMESPACE are not set: no leader is elected, no status written, no Event sent');
    return NO_DUTIES;
  }
  if (settings.election === null && settings.status !== null) {
    log.info('--disable-leader-election: nobody writes the status of Ingresses');
  }
  const isOurs = (key: ObjectKey): boolean => {
    const ingress = cluster.get('Ingress', key);
    return ingress !== null && isSelected(cluster, around.selection(), ingress);
  };
  const duties = new ClusterDuties(settings, {
    client: api.client,
    statuses: api.statuses,
    cluster,
    log,
    isOurs,
    ours: () => [...ingressKeys(cluster)].filter(isOurs).sort(),
    onLeader: (isLeader) => around.onLeader(flags['election-id'], isLeader),
    onProblems: () => around.onProblems(),
  });
  void duties.run(signal);
  return duties;
}

/** null outside of a Pod. */
export function settingsOf(
  flags: FlagValues,
  environment: Readonly<Record<string, string | undefined>>,
): DutySettings | null {
  const pod = podNameOf(environment);
  if (pod === null) return null;
  const ttlMs = flags['election-ttl'] ?? TTL_MS;
  return {
    pod,
    election: flags['disable-leader-election']
      ? null
      : { name: flags['election-id'], ttlMs: ttlMs > 0 ? ttlMs : TTL_MS },
    status: flags['update-status']
      ? {
          choice: choiceOf(flags),
          everyMs: Math.max(LEAST_INTERVAL_SECONDS, flags['status-update-interval']) * 1000,
          atEnd: flags['update-status-on-shutdown'] ? 'emptied' : 'kept',
        }
      : null,
    events: flags['disable-sync-events'] ? 'reloads' : 'everything',
    qps: flags['kube-api-qps'],
  };
}

function choiceOf(flags: FlagValues): AddressChoice {
  const addresses = flags['publish-status-address'];
  if (addresses !== null) return { kind: 'list', addresses };
  const [namespace = '', name = ''] = flags['publish-service']?.split('/') ?? [];
  if (name !== '') return { kind: 'service', namespace, name };
  return { kind: 'nodes', prefer: flags['report-node-internal-ip-address'] ? 'InternalIP' : 'ExternalIP' };
}

function* ingressKeys(cluster: Cluster): IterableIterator<ObjectKey> {
  for (const object of cluster.objects()) if (object.kind === 'Ingress') yield keyOf(object.meta);
}
