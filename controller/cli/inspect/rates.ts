// Requests per second, from two looks at counters that only grow while nginx lives.
import type { TrafficRow, TrafficView } from '../../inspect/views.ts';

export interface Rate {
  /** "namespace/ingress", "namespace/service", a canary's name, a host; "(no route)" for requests that found none. */
  readonly name: string;
  readonly perSecond: number;
  /** Answers with 4xx, and with 5xx, a second. */
  readonly refusedPerSecond: number;
  readonly errorsPerSecond: number;
  /** Seconds that half of the requests took at most, and 99 of 100; null without requests, or where that is not measured. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Since nginx started. */
  readonly requests: number;
}

export type By = 'ingress' | 'host' | 'backend';

interface Sum {
  requests: number;
  fresh: number;
  refused: number;
  errors: number;
  durations: number[];
}

/** Busiest first, then by name; `namespace` null for all. */
export function ratesOf(before: TrafficView, after: TrafficView, by: By, namespace: string | null): Rate[] {
  const seconds = Math.max((after.at - before.at) / 1000, 0.001);
  const earlier = new Map(before.rows.map((row) => [keyOf(row), row]));
  const sums = new Map<string, Sum>();
  for (const row of after.rows) {
    if (namespace !== null && row.namespace !== namespace) continue;
    const name = nameOf(row, by);
    const sum = sums.get(name) ?? { requests: 0, fresh: 0, refused: 0, errors: 0, durations: [] };
    sums.set(name, sum);
    // Fewer than before: nginx was started anew, and counts from there.
    const known = earlier.get(keyOf(row));
    const past = known !== undefined && known.requests <= row.requests ? known : null;
    const fresh = row.requests - (past?.requests ?? 0);
    sum.requests += row.requests;
    sum.fresh += fresh;
    if (row.status.startsWith('4')) sum.refused += fresh;
    if (row.status.startsWith('5')) sum.errors += fresh;
    for (const [i, count] of row.durations.entries()) {
      sum.durations[i] = (sum.durations[i] ?? 0) + count - (past?.durations[i] ?? 0);
    }
  }
  return [...sums]
    .map(([name, { requests, fresh, refused, errors, durations }]) => ({
      name,
      perSecond: fresh / seconds,
      refusedPerSecond: refused / seconds,
      errorsPerSecond: errors / seconds,
      p50: quantile(0.5, durations, after.bounds),
      p99: quantile(0.99, durations, after.bounds),
      requests,
    }))
    .sort((a, b) => b.perSecond - a.perSecond || (a.name < b.name ? -1 : 1));
}

/** As histogram_quantile() of Prometheus has it: even within a bucket, and the last bound for what is above it. */
function quantile(part: number, counts: readonly number[], bounds: readonly number[]): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const last = bounds.at(-1);
  if (all === 0 || last === undefined) return null;
  let below = 0;
  for (const [i, bound] of bounds.entries()) {
    const count = counts[i] ?? 0;
    if (count > 0 && below + count >= part * all) {
      const from = bounds[i - 1] ?? 0;
      return from + ((bound - from) * (part * all - below)) / count;
    }
    below += count;
  }
  return last;
}

function keyOf({ namespace, ingress, service, canary, host, status }: TrafficRow): string {
  return [namespace, ingress, service, canary, host, status].join('|');
}

function nameOf({ namespace, ingress, service, canary, host }: TrafficRow, by: By): string {
  if (by === 'host') return host;
  if (namespace === '' && ingress === '' && service === '') return '(no route)';
  if (by === 'ingress') return `${namespace}/${ingress || '(default)'}`;
  return canary === '' ? `${namespace}/${service || '(default)'}` : `${canary} (canary)`;
}
