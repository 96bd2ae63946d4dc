// How requests are spread over the endpoints where neither a session nor a hash decides.
import { annotation } from '../feature/contract.ts';
import { oneOf } from '../feature/parse.ts';

export default annotation({
  name: 'load-balance',
  keys: {
    'load-balance': {
      type: 'enum[round_robin,ewma,chash,chashsubset,sticky_balanced,sticky_persistent]',
      default: 'round_robin',
      config: 'load-balance',
      parse: oneOf('round_robin', 'ewma', 'chash', 'chashsubset', 'sticky_balanced', 'sticky_persistent'),
      risk: 'Low',
      scope: 'backend',
      invalid: 'reject-ingress',
      doc: 'Balancing algorithm: round_robin, or ewma for the endpoint that answers sooner.',
    },
  },
  backend({ 'load-balance': algorithm }, draft, { isFirst }) {
    if (!isFirst || algorithm === null) return;
    // The others have nothing to work on: upstream-hash-by and affinity bring them along.
    draft.loadBalance = algorithm === 'ewma' ? 'ewma' : 'round_robin';
  },
});
