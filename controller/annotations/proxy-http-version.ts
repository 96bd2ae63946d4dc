// HTTP version towards the backend.
import { annotation } from '../feature/contract.ts';
import { oneOf } from '../feature/parse.ts';
import { word } from '../render/literal.ts';

const version = oneOf('1.0', '1.1');

export default annotation({
  name: 'proxy-http-version',
  keys: {
    'proxy-http-version': {
      type: 'enum[1.0,1.1]',
      default: '1.1',
      config: 'proxy-http-version',
      parse: version,
      risk: 'Low',
      doc: 'HTTP version towards the backend; 1.0 has no keepalive, no WebSockets and no chunked requests.',
    },
  },
  route({ 'proxy-http-version': value }, draft) {
    if (value !== null) draft.directives.set('proxy_http_version', word(value));
  },
});
