// The Connection header towards the backend.
import { annotation } from '../feature/contract.ts';
import { oneOf } from '../feature/parse.ts';

const connection = oneOf('close', 'keep-alive');

export default annotation({
  name: 'connection-proxy-header',
  keys: {
    'connection-proxy-header': {
      type: 'enum[close,keep-alive]',
      parse: connection,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'A fixed Connection header for the backend; WebSockets do not work with it.',
    },
  },
  route({ 'connection-proxy-header': value }, draft) {
    draft.policy.connection = value;
  },
});
