// The Host header towards the backend.
import { annotation } from '../feature/contract.ts';
import { type Parser, refused } from '../feature/parse.ts';
import { type Template, templateOf } from '../feature/template.ts';

const template = templateOf(/[A-Za-z0-9._~:[\]-]/, 'a host name, an address or variables');

const hostTemplate: Parser<Template> = (text) => {
  const parsed = template(text);
  if (!parsed.ok || parsed.value.length > 0) return parsed;
  return refused('a host name, an address or variables');
};

export default annotation({
  name: 'upstream-vhost',
  keys: {
    'upstream-vhost': {
      type: 'string',
      parse: (text) => (/[\r\n]/.test(text) ? refused('one line') : hostTemplate(text)),
      risk: 'Low',
      invalid: 'reject-ingress',
      doc: "Host header for the backend, in place of the client's; may have variables such as $service_name.",
    },
  },
  route({ 'upstream-vhost': host }, draft) {
    draft.policy.upstreamHost = host;
  },
});
