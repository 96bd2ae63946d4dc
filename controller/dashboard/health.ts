// How things stand, in one of three words, with a reason of a few more.
import { addressOf } from '../explain/describe.ts';
import type { Backend, Host, Route } from '../model/types.ts';
import { endpointKey } from './counted.ts';
import type { Moment } from './moment.ts';
import type { EndpointCounts, Health, Traffic } from './views.ts';

export interface State {
  readonly health: Health;
  readonly trouble: string | null;
}

export const GOOD: State = { health: 'good', trouble: null };
/** Parts of the requests that are answered with errors. */
const SOME_ERRORS = 0.01;
const MANY_ERRORS = 0.1;

const ORDER: readonly Health[] = ['good', 'warn', 'bad'];

/** The worst one; of equally bad ones the first. */
export function worst(states: readonly State[]): State {
  return states.reduce((a, b) => (ORDER.indexOf(b.health) > ORDER.indexOf(a.health) ? b : a), GOOD);
}

/** Seconds until an endpoint is tried again, null for one that is in use. */
export function ejectedFor({ ejections }: Moment, displayName: string, address: string): number | null {
  return ejections?.endpoints[`${displayName} ${address}`] ?? null;
}

export function countEndpoints(moment: Moment, backends: readonly Backend[]): EndpointCounts {
  let [ready, draining, ejected] = [0, 0, 0];
  const mayBeOut = Object.keys(moment.ejections?.endpoints ?? {}).length > 0;
  for (const { endpoints, displayName } of backends) {
    for (const endpoint of endpoints) {
      if (endpoint.state === 'ready') ready += 1;
      else draining += 1;
      if (mayBeOut && ejectedFor(moment, displayName, addressOf(endpoint)) !== null) ejected += 1;
    }
  }
  return { ready, draining, ejected };
}

export function stateOfErrors({ errorRate, requests }: Traffic): State {
  if (errorRate === null || requests === 0 || errorRate < SOME_ERRORS) return GOOD;
  const trouble = `${Math.round(errorRate * 100)} % errors`;
  return { health: errorRate >= MANY_ERRORS ? 'bad' : 'warn', trouble };
}

export function stateOfBackend(moment: Moment, backend: Backend): State {
  if (backend.resolve !== null) return GOOD;
  const { ready, draining, ejected } = countEndpoints(moment, [backend]);
  if (ready + draining === 0) return { health: 'bad', trouble: 'no endpoints' };
  if (ready === 0) return { health: 'warn', trouble: 'all endpoints drain' };
  return ejected === 0 ? GOOD : { health: 'warn', trouble: `${ejected} of ${ready + draining} ejected` };
}

/** What its target says; that of a route whose requests are all redirected does not matter. */
export function stateOfRoute(moment: Moment, { denied }: Host, { target, policy }: Route): State {
  if (denied !== null) return { health: 'bad', trouble: 'answers 403' };
  if (target.kind === 'deny') return { health: 'bad', trouble: `answers ${target.status}` };
  if (policy.redirectTo !== null || target.kind === 'default') return GOOD;
  const backend = moment.model.backends.get(target.id);
  return backend === undefined ? { health: 'bad', trouble: 'no endpoints' } : stateOfBackend(moment, backend);
}

export function trafficOfEndpoint({ counted }: Moment, displayName: string, address: string): Traffic {
  return counted.show(counted.of(endpointKey(displayName, address)), counted.backend(displayName));
}
