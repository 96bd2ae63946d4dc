// How much one client address may ask of the paths of an Ingress. All data: the counters live in shared memory
// (lua/policy/limits.lua).
import { cidrs } from '../feature/cidr.ts';
import { annotation } from '../feature/contract.ts';
import { intBetween } from '../feature/parse.ts';

const BURST_MULTIPLIER = 5;

const anyNumber = intBetween(-(10 ** 9), 10 ** 9);

export default annotation({
  name: 'limits',
  keys: {
    'limit-connections': {
      type: 'int',
      default: '0',
      parse: anyNumber,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Requests of one client address at the same time, over all paths of the Ingress; 0 sets no limit.',
    },
    'limit-rps': {
      type: 'int',
      default: '0',
      parse: anyNumber,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Requests of one client address per second, with a burst; 0 sets no limit.',
    },
    'limit-rpm': {
      type: 'int',
      default: '0',
      parse: anyNumber,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Requests of one client address per minute, with a burst; 0 sets no limit.',
    },
    'limit-burst-multiplier': {
      type: 'int',
      default: String(BURST_MULTIPLIER),
      parse: anyNumber,
      risk: 'Low',
      doc: 'Burst of limit-rps and limit-rpm, as a multiple of them; served without delay.',
    },
    'limit-allowlist': {
      type: 'cidr-list',
      aliases: ['limit-whitelist'],
      parse: cidrs,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Client addresses that these limits do not apply to.',
    },
  },
  route(values, draft) {
    const [connections, perSecond, perMinute] = [
      positive(values['limit-connections']),
      positive(values['limit-rps']),
      positive(values['limit-rpm']),
    ];
    if (connections === null && perSecond === null && perMinute === null) return;
    draft.policy.limits = {
      connections,
      perSecond,
      perMinute,
      burstMultiplier: Math.max(0, values['limit-burst-multiplier'] ?? BURST_MULTIPLIER),
      exempt: values['limit-allowlist'],
    };
  },
});

function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}
