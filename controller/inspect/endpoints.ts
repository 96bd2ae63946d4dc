// Endpoints of a backend with what nginx thinks of them.
import { addressOf, stateOf } from '../explain/describe.ts';
import type { Backend } from '../model/types.ts';
import type { Asked } from './moment.ts';
import type { EndpointCounts, EndpointView } from './views.ts';

export function endpointsOf({ displayName, endpoints }: Backend, { ejections }: Asked): EndpointView[] {
  return endpoints.map((endpoint) => {
    const address = addressOf(endpoint);
    const seconds = ejections?.endpoints[`${displayName} ${address}`] ?? null;
    return {
      address,
      zone: endpoint.zone,
      state: seconds === null ? stateOf(endpoint) : 'ejected',
      secondsLeft: seconds === null ? null : Math.ceil(seconds),
    };
  });
}

export function countStates(endpoints: readonly EndpointView[]): EndpointCounts {
  const counts = { ready: 0, draining: 0, ejected: 0, elsewhere: 0 };
  for (const { state } of endpoints) counts[state] += 1;
  return counts;
}
