// FastCGI backends (backend-protocol FCGI): the index file, and parameters from a ConfigMap. Names and values of parameters
// become tokens, each of its own grammar.
import { annotation } from '../feature/contract.ts';
import type { DirectiveSet } from '../feature/draft.ts';
import { accepted, type Parser, refused, textOf } from '../feature/parse.ts';
import { type Template, templateOf } from '../feature/template.ts';
import type { ConfigMap } from '../kube/objects.ts';
import { quoted, word } from '../render/literal.ts';

const fileName: Parser<string> = (text) =>
  /^[A-Za-z0-9._-]{1,255}$/.test(text.trim())
    ? accepted(text.trim())
    : refused('a file name of letters, digits, . _ -');

const configMapName = textOf(/[A-Za-z0-9._~/: -]/, '"name" or "namespace/name"');

const PARAMETER = /^[A-Za-z0-9._-]{1,128}$/;

/** Variables of the FastCGI location itself; Lua has none of them, nginx fills them in. */
const OWN_VARIABLES = new Set([
  'document_root',
  'document_uri',
  'fastcgi_path_info',
  'fastcgi_script_name',
  'realpath_root',
  'request_filename',
]);

/** Made in Lua: nginx does not know them. */
const LUA_VARIABLES = new Set(['escaped_request_uri', 'pass_server_port']);

const value = templateOf(/[A-Za-z0-9._/-]/, 'letters, digits and - . _ /', 'no-captures', OWN_VARIABLES);

export default annotation({
  name: 'fastcgi',
  keys: {
    'fastcgi-index': {
      type: 'string',
      parse: fileName,
      risk: 'Medium',
      invalid: 'reject-ingress',
      doc: 'The file that stands for URIs that end in "/"; with backend-protocol FCGI.',
    },
    'fastcgi-params-configmap': {
      type: 'configmap-ref',
      parse: configMapName,
      risk: 'Medium',
      invalid: 'reject-ingress',
      doc: 'ConfigMap of the Ingress’s namespace whose entries become FastCGI parameters; nginx variables in them are filled in.',
    },
  },
  route(values, draft, { namespace, references, report, settings }) {
    const key = 'fastcgi-params-configmap';
    const reference = values[key];
    if (reference !== null) {
      const close = (why: string): void => {
        report(key, `${why}; its paths answer 503 until it is mended`);
        draft.deny ??= `annotation ${key}: ${why}`;
      };
      const [first = '', name = first, ...more] = reference.split('/');
      if (more.length > 0) return close('it is not written as name, or namespace/name');
      if (name !== first && first !== namespace && !settings.allowCrossNamespaceResources) {
        report(key, `ConfigMap ${reference} is in another namespace; the FastCGI annotations have no effect`);
        return;
      }
      const found = references.configMap(name, 'name-or-full');
      if (found.kind !== 'found') return close(found.why);
      const bad = addParameters(found.object, draft.directives);
      if (bad !== null) return close(bad);
    }
    if (values['fastcgi-index'] !== null) draft.directives.set('fastcgi_index', word(values['fastcgi-index']));
  },
});

/** Why an entry cannot be a parameter, null when all can. */
function addParameters({ data }: ConfigMap, directives: DirectiveSet): string | null {
  for (const [name, text] of data) {
    const parsed = value(text);
    const token = parsed.ok ? tokenOf(parsed.value) : null;
    if (!PARAMETER.test(name)) return `${JSON.stringify(name)} is no name of a FastCGI parameter`;
    if (token === null) return `the value of ${name} is not of letters, digits and - . _ /, with nginx variables`;
    directives.add('fastcgi_param', word(name), quoted(token));
  }
  return null;
}

function tokenOf(template: Template): string | null {
  const parts = template.map((part) => {
    if (typeof part === 'string') return part;
    return 'variable' in part && !LUA_VARIABLES.has(part.variable) ? `\${${part.variable}}` : null;
  });
  return parts.includes(null) ? null : parts.join('');
}
