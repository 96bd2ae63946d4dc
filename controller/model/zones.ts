// Topology-aware routing: endpoints that are meant for our zone, where the Service wants that (behaviour.md, 24). What they
// can take is in the hints: whoever makes the EndpointSlices gives a zone more endpoints when its own do not suffice.
import type { Service } from '../kube/objects.ts';
import type { Endpoint } from './types.ts';

const MODE = 'service.kubernetes.io/topology-mode';
const CLOSE: ReadonlySet<string> = new Set(['PreferClose', 'PreferSameZone', 'PreferSameNode']);

export function prefersOwnZone({ meta, trafficDistribution }: Service): boolean {
  return meta.annotations.get(MODE)?.toLowerCase() === 'auto' || CLOSE.has(trafficDistribution ?? '');
}

interface Hinted {
  readonly state: Endpoint['state'] | 'unready';
  /** The zones that the endpoint is for; empty where nothing is said. */
  readonly hints: readonly string[];
}

/**
 * Marks the ready endpoints that are not for this zone; none when one of the ready ones is for no zone, or none is for ours.
 * Hints of all slices count together: slices that differ would mix zones.
 */
export function inZone<T extends Hinted>(found: readonly T[], zone: string): readonly T[] {
  const ready = found.filter(({ state }) => state === 'ready');
  const isHinted = ready.every(({ hints }) => hints.length > 0);
  if (!isHinted || !ready.some(({ hints }) => hints.includes(zone))) return found;
  return found.map((endpoint) => ({
    ...endpoint,
    isElsewhere: endpoint.state === 'ready' && !endpoint.hints.includes(zone),
  }));
}
