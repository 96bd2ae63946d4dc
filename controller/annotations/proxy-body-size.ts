// The largest request body. The router compares Content-Length; nginx enforces the same limit on chunked bodies, so it is
// a directive as well (the limit of the location that routes is off, see nginx-facts).
import { annotation } from '../feature/contract.ts';
import { size } from '../feature/parse.ts';
import { integer } from '../render/literal.ts';

export default annotation({
  name: 'proxy-body-size',
  keys: {
    'proxy-body-size': {
      type: 'size',
      default: '1m',
      config: 'proxy-body-size',
      parse: size,
      risk: 'Medium',
      doc: 'Largest request body; larger ones get 413. 0 removes the limit.',
    },
  },
  route({ 'proxy-body-size': bytes }, draft) {
    if (bytes !== null) draft.policy.maxBodyBytes = bytes;
    draft.directives.set('client_max_body_size', integer(draft.policy.maxBodyBytes));
  },
});
