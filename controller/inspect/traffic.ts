// Requests as nginx counts them, and what of them is a backend's.
import type { Series } from '../apply/control.ts';
import type { Backend } from '../model/types.ts';
import { histogramsOf, LABELS, type Label, type RequestMetrics } from '../telemetry/families.ts';
import type { Asked, Count } from './moment.ts';
import type { TrafficRow, TrafficView } from './views.ts';

const DURATION = 'request_duration_seconds';

/** Series summed over paths and methods, sorted by their labels; `at` in milliseconds. */
export function trafficView(series: readonly Series[], metrics: RequestMetrics, at: number): TrafficView {
  const place = placeOf(metrics);
  const rows = new Map<string, TrafficRow>();
  for (const { key, numbers } of series) {
    const labels = key.split(SEPARATOR);
    const label = (name: Label): string => labels[LABELS.indexOf(name)] ?? '';
    const [namespace, ingress, service] = [label('namespace'), label('ingress'), label('service')];
    const [canary, host, status] = [label('canary'), label('host'), label('status')];
    const name = [namespace, ingress, service, canary, host, status].join(SEPARATOR);
    const before = rows.get(name);
    const durations = place === null ? [] : [...numbers.slice(place.first, place.first + place.bounds.length + 1)];
    rows.set(name, {
      namespace,
      ingress,
      service,
      canary,
      host,
      status,
      requests: (before?.requests ?? 0) + (numbers[0] ?? 0),
      durations: before === undefined ? durations : durations.map((count, i) => count + (before.durations[i] ?? 0)),
    });
  }
  return {
    at,
    bounds: place?.bounds ?? [],
    hosts: metrics.labels.has('host') ? 'counted' : 'not counted',
    rows: [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
  };
}

const SEPARATOR = '\x1f';

/** Where the durations are among the numbers of a series (lua/metrics/layout.lua); null where they are left out. */
function placeOf(metrics: RequestMetrics): { readonly first: number; readonly bounds: readonly number[] } | null {
  let first = 1;
  for (const { name, of } of histogramsOf(metrics)) {
    const bounds = metrics.buckets[of];
    if (name === DURATION) return { first, bounds };
    first += bounds.length + 2; // the one without a bound, and the sum
  }
  return null;
}

/** "namespace/service" → what was counted; requests that a canary took stand under the display name of the canary's backend. */
export function countByService(series: readonly Series[]): ReadonlyMap<string, Count> {
  const found = new Map<string, Count>();
  for (const { key, numbers } of series) {
    const labels = key.split(SEPARATOR);
    const label = (name: Label): string => labels[LABELS.indexOf(name)] ?? '';
    const canary = label('canary');
    const name = canary === '' ? `${label('namespace')}/${label('service')}` : canary;
    const requests = numbers[0] ?? 0;
    const errors = label('status').startsWith('5') ? requests : 0;
    found.set(name, sum(found.get(name) ?? NONE, { requests, errors }));
  }
  return found;
}

/** A count by backend: requests that a canary took are the canary's. */
export function countByBackend({ counts }: Asked): (backend: Backend) => Count | null {
  if (counts === null) return () => null;
  return ({ id, displayName }) => {
    const [namespace, service] = id.split('/');
    return sum(counts.get(`${namespace}/${service}`) ?? NONE, counts.get(displayName) ?? NONE);
  };
}

const NONE: Count = { requests: 0, errors: 0 };

function sum(a: Count, b: Count): Count {
  return { requests: a.requests + b.requests, errors: a.errors + b.errors };
}
