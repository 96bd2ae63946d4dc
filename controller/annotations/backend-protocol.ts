// The protocol towards the backend.
import { annotation } from '../feature/contract.ts';
import { oneOfAnyCase } from '../feature/parse.ts';

const protocolName = oneOfAnyCase('HTTP', 'HTTPS', 'GRPC', 'GRPCS');
const PROTOCOLS = { HTTP: 'http', HTTPS: 'https', GRPC: 'grpc', GRPCS: 'grpcs' } as const;

export default annotation({
  name: 'backend-protocol',
  keys: {
    'backend-protocol': {
      type: 'enum[HTTP,HTTPS,AUTO_HTTP,GRPC,GRPCS,FCGI]',
      default: 'HTTP',
      parse: protocolName,
      risk: 'Low',
      doc: 'Protocol towards the backend; HTTPS and GRPCS use TLS without verification.',
    },
  },
  route({ 'backend-protocol': protocol }, draft) {
    if (protocol !== null) draft.protocol = PROTOCOLS[protocol];
  },
});
