// Buffering of responses and of request bodies.
import { annotation } from '../feature/contract.ts';
import { oneOf } from '../feature/parse.ts';
import { onOff } from '../render/literal.ts';

export default annotation({
  name: 'proxy-buffering',
  keys: {
    'proxy-buffering': {
      type: 'enum[on,off]',
      default: 'off',
      config: 'proxy-buffering',
      parse: oneOf('on', 'off'),
      risk: 'Low',
      doc: 'Buffers backend responses; off streams bytes as they arrive.',
    },
    'proxy-request-buffering': {
      type: 'enum[on,off]',
      default: 'on',
      config: 'proxy-request-buffering',
      parse: oneOf('on', 'off'),
      risk: 'Low',
      doc: 'Reads the whole request body before contacting the backend; off streams it.',
    },
  },
  route({ 'proxy-buffering': responses, 'proxy-request-buffering': requests }, draft) {
    if (responses !== null) draft.directives.set('proxy_buffering', onOff(responses === 'on'));
    if (requests !== null) draft.directives.set('proxy_request_buffering', onOff(requests === 'on'));
  },
});
