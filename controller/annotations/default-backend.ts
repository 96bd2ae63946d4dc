// Who answers in place of a backend without endpoints, and the errors of the path (SVC-02, DEF-06).
import { annotation } from '../feature/contract.ts';
import { accepted, type Parser, refused } from '../feature/parse.ts';

const serviceName: Parser<string> = (text) =>
  /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text) ? accepted(text) : refused('the name of a Service in its namespace');

export default annotation({
  name: 'default-backend',
  keys: {
    'default-backend': {
      type: 'service-ref',
      parse: serviceName,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Service whose first port serves the path while its own backend has no endpoints, and its custom-http-errors.',
    },
  },
  route({ 'default-backend': name }, draft, { namespace, references, report }) {
    if (name === null) return;
    const port = references.service(name)?.ports[0]?.port;
    if (port === undefined) report('default-backend', `Service ${namespace}/${name} does not exist or has no port`);
    else draft.policy.defaultBackend = `${namespace}/${name}/${port}`;
  },
});
