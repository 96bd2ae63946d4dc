// Ciphers of a host: directives of a server, so the host gets one of its own (HOST-11).
import { cipherList } from '../feature/ciphers.ts';
import { annotation } from '../feature/contract.ts';
import { bool } from '../feature/parse.ts';
import { onOff, quoted } from '../render/literal.ts';

const CATCH_ALL =
  'rules without a host share their server with all hosts that have none of their own; it has no effect on them';

export default annotation({
  name: 'ssl-ciphers',
  keys: {
    'ssl-ciphers': {
      type: 'string',
      default:
        'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256',
      config: 'ssl-ciphers',
      parse: cipherList('tokens'),
      risk: 'Low',
      scope: 'server',
      invalid: 'reject-ingress',
      doc: 'Ciphers of the host for TLS 1.2 and below. The first Ingress of the host that has it wins.',
    },
    'ssl-prefer-server-ciphers': {
      type: 'bool',
      parse: bool,
      risk: 'Low',
      scope: 'server',
      doc: 'Whether the order of that list beats the client’s. The first Ingress of the host that has it wins.',
    },
  },
  host(values, { server }, { host, report }) {
    for (const [key, token] of [
      ['ssl-ciphers', values['ssl-ciphers'] === null ? null : quoted(values['ssl-ciphers'])],
      [
        'ssl-prefer-server-ciphers',
        values['ssl-prefer-server-ciphers'] === null ? null : onOff(values['ssl-prefer-server-ciphers']),
      ],
    ] as const) {
      if (token === null) continue;
      const directive = key.replaceAll('-', '_');
      if (host === '_') report(key, CATCH_ALL);
      else if (server.get(directive) === null) server.set(directive, token);
    }
  },
});
