// Requests per second, from two looks at counters that only grow while nginx lives.
import type { TrafficRow, TrafficView } from '../../inspect/views.ts';

export interface Rate {
  /** "namespace/ingress", "namespace/service", a canary's name; "(no route)" for requests that found none. */
  readonly name: string;
  readonly perSecond: number;
  /** Answers with 4xx, and with 5xx, a second. */
  readonly refusedPerSecond: number;
  readonly errorsPerSecond: number;
  /** Since nginx started. */
  readonly requests: number;
}

export type By = 'ingress' | 'backend';

/** Busiest first, then by name; `namespace` null for all. */
export function ratesOf(before: TrafficView, after: TrafficView, by: By, namespace: string | null): Rate[] {
  const seconds = Math.max((after.at - before.at) / 1000, 0.001);
  const earlier = new Map(before.rows.map((row) => [keyOf(row), row.requests]));
  const rates = new Map<string, Rate>();
  for (const row of after.rows) {
    if (namespace !== null && row.namespace !== namespace) continue;
    const name = nameOf(row, by);
    const { perSecond, refusedPerSecond, errorsPerSecond, requests } = rates.get(name) ?? NONE;
    const known = earlier.get(keyOf(row)) ?? 0;
    // Fewer than before: nginx was started anew, and counts from there.
    const rate = (row.requests >= known ? row.requests - known : row.requests) / seconds;
    rates.set(name, {
      name,
      perSecond: perSecond + rate,
      refusedPerSecond: refusedPerSecond + (row.status >= 400 && row.status < 500 ? rate : 0),
      errorsPerSecond: errorsPerSecond + (row.status >= 500 ? rate : 0),
      requests: requests + row.requests,
    });
  }
  return [...rates.values()].sort((a, b) => b.perSecond - a.perSecond || (a.name < b.name ? -1 : 1));
}

const NONE = { perSecond: 0, refusedPerSecond: 0, errorsPerSecond: 0, requests: 0 };

function keyOf({ namespace, ingress, service, canary, status }: TrafficRow): string {
  return [namespace, ingress, service, canary, status].join('|');
}

function nameOf({ namespace, ingress, service, canary }: TrafficRow, by: By): string {
  if (namespace === '' && ingress === '' && service === '') return '(no route)';
  if (by === 'ingress') return `${namespace}/${ingress || '(default)'}`;
  return canary === '' ? `${namespace}/${service || '(default)'}` : `${canary} (canary)`;
}
