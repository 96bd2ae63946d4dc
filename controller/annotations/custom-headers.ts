// Response headers from a ConfigMap, as far as the administrator allows their names.
import { annotation } from '../feature/contract.ts';
import type { RouteContext } from '../feature/draft.ts';
import { refusedHeader } from '../feature/header.ts';
import { textOf } from '../feature/parse.ts';

export default annotation({
  name: 'custom-headers',
  keys: {
    'custom-headers': {
      type: 'configmap-ref',
      parse: textOf(/[A-Za-z0-9._~/: -]/, 'namespace/name of a ConfigMap'),
      risk: 'Medium',
      doc: 'ConfigMap whose entries are set as headers on every response; global-allowed-response-headers must list their names.',
    },
  },
  route({ 'custom-headers': reference }, draft, context) {
    if (reference === null) return;
    const headers = headersOf(reference, context);
    if (typeof headers !== 'string') draft.policy.customHeaders = headers;
    else {
      draft.deny ??= 'annotation custom-headers is not accepted';
      context.report('custom-headers', `${headers}; its paths answer 503 until it is mended`);
    }
  },
});

/** The headers, or why there are none. */
function headersOf(
  reference: string,
  { references, settings }: RouteContext,
): readonly (readonly [string, string])[] | string {
  const found = references.configMap(reference, 'full');
  if (found.kind !== 'found') return found.why;
  const headers = [...found.object.data].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of headers) {
    const why = refusedHeader(name);
    if (why !== null) return `${JSON.stringify(name)} ${why}`;
    if (!settings.globalAllowedResponseHeaders.includes(name)) {
      return `global-allowed-response-headers of the controller ConfigMap does not list ${name}`;
    }
    if (!/^[ -~]+$/.test(value)) return `the value of ${name} is empty or not plain ASCII`;
  }
  return headers;
}
