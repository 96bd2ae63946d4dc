// How much one endpoint is given: a limit of requests under way, and little at first. Sluice's own.
import { annotation } from '../feature/contract.ts';
import { intBetween } from '../feature/parse.ts';

export default annotation({
  name: 'endpoint-limits',
  keys: {
    'upstream-max-connections': {
      type: 'int',
      default: '0',
      parse: intBetween(0, 1_000_000),
      risk: 'Low',
      scope: 'backend',
      doc: 'Own: requests and WebSockets that an endpoint may have under way, counted over all workers; when all endpoints are full, the answer is 503. 0 sets no limit.',
    },
    'upstream-slow-start': {
      type: 'duration-seconds',
      default: '0',
      parse: intBetween(0, 3600),
      risk: 'Low',
      scope: 'backend',
      doc: 'Own: seconds over which an endpoint that joins others gets its full part of the requests (round_robin and ewma); 0 for at once.',
    },
  },
  backend(values, draft, { isFirst }) {
    if (!isFirst) return;
    draft.maxConnections = values['upstream-max-connections'] || null;
    draft.slowStart = values['upstream-slow-start'] || null;
  },
});
