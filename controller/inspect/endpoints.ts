// Endpoints of a backend with what nginx thinks of them.
import type { Backend } from '../model/types.ts';
import type { Asked } from './moment.ts';
import type { EndpointCounts, EndpointView } from './views.ts';

export function endpointsOf({ displayName, endpoints }: Backend, { ejections }: Asked): EndpointView[] {
  return endpoints.map(({ address, port, zone, state, isElsewhere }) => {
    const shown = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    const seconds = ejections?.endpoints[`${displayName} ${shown}`] ?? null;
    const known = state === 'draining' ? state : isElsewhere ? 'elsewhere' : 'ready';
    return {
      address: shown,
      zone,
      state: seconds === null ? known : 'ejected',
      secondsLeft: seconds === null ? null : Math.ceil(seconds),
    };
  });
}

export function countStates(endpoints: readonly EndpointView[]): EndpointCounts {
  const counts = { ready: 0, draining: 0, ejected: 0, elsewhere: 0 };
  for (const { state } of endpoints) counts[state] += 1;
  return counts;
}
