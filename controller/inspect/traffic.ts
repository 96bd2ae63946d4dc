// Requests as nginx counts them, and what of them is a backend's.
import type { Backend } from '../model/types.ts';
import type { Asked } from './moment.ts';
import type { TrafficRow } from './views.ts';

const FIRST_ERROR = 500;

/** Sorted by Ingress, Service, canary and status; nothing while nginx does not answer. */
export function trafficRows({ counters }: Asked): TrafficRow[] {
  return Object.entries(counters ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, requests]) => {
      const [namespace = '', ingress = '', service = '', status = '', canary = ''] = key.split('|');
      return { namespace, ingress, service, canary, status: Number(status), requests };
    });
}

export interface Count {
  readonly requests: number;
  readonly errors: number;
}

/** A count by backend: requests that a canary took are the canary's. */
export function countByBackend(asked: Asked): (backend: Backend) => Count | null {
  if (asked.counters === null) return () => null;
  const found = new Map<string, Count>();
  for (const { namespace, service, canary, status, requests } of trafficRows(asked)) {
    const key = canary === '' ? `${namespace}/${service}` : canary;
    const before = found.get(key) ?? NONE;
    const errors = status >= FIRST_ERROR ? requests : 0;
    found.set(key, { requests: before.requests + requests, errors: before.errors + errors });
  }
  return ({ id, displayName }) => {
    const [namespace, service] = id.split('/');
    return sum(found.get(`${namespace}/${service}`) ?? NONE, found.get(displayName) ?? NONE);
  };
}

const NONE: Count = { requests: 0, errors: 0 };

function sum(a: Count, b: Count): Count {
  return { requests: a.requests + b.requests, errors: a.errors + b.errors };
}
