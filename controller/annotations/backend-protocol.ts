// The protocol towards the backend.
import { annotation } from '../feature/contract.ts';
import { oneOfAnyCase } from '../feature/parse.ts';

const protocolName = oneOfAnyCase('HTTP', 'HTTPS', 'AUTO_HTTP', 'GRPC', 'GRPCS', 'FCGI');
const PROTOCOLS = {
  HTTP: 'http',
  HTTPS: 'https',
  AUTO_HTTP: 'auto',
  GRPC: 'grpc',
  GRPCS: 'grpcs',
  FCGI: 'fcgi',
} as const;

export default annotation({
  name: 'backend-protocol',
  keys: {
    'backend-protocol': {
      type: 'enum[HTTP,HTTPS,AUTO_HTTP,GRPC,GRPCS,FCGI]',
      default: 'HTTP',
      parse: protocolName,
      risk: 'Low',
      doc: 'Protocol towards the backend; AUTO_HTTP is that of the client. HTTPS does not verify and sends no SNI unless proxy-ssl-* says so; GRPCS never does.',
    },
  },
  route({ 'backend-protocol': protocol }, draft) {
    if (protocol !== null) draft.protocol = PROTOCOLS[protocol];
  },
});
