// The ConfigMaps that the settings name for headers. They are read through the View, so that a change of them is noticed.
import { refusedHeader } from '../feature/header.ts';
import { showValue } from '../feature/parse.ts';
import { type Template, templateOf } from '../feature/template.ts';
import { type ObjectKey, parseKey } from '../kube/ref.ts';
import type { Problem } from './types.ts';
import type { View } from './view.ts';

/** Name and value, sorted by name; an empty value removes the header. */
export type Headers = readonly (readonly [name: string, value: Template])[];

/** Beside those of Ingresses, what only the administrator may show to clients. */
const MORE_VARIABLES = new Set(
  'bytes_sent connection_requests hostname nginx_version proxy_add_x_forwarded_for realip_remote_addr status upstream_addr upstream_cache_status upstream_response_time upstream_status'.split(
    ' ',
  ),
);

const value = templateOf(/[ -~\u0080-\uffff]/, 'text without control characters', 'no-captures', MORE_VARIABLES);

/** Entries that are no headers, or are `reserved` (lower case), are left out with a Problem. */
export function headersOf(
  view: View,
  key: ObjectKey | null,
  settingName: string,
  reserved: readonly string[] = [],
): { readonly headers: Headers; readonly problems: readonly Problem[] } {
  if (key === null) return { headers: [], problems: [] };
  const object = { kind: 'ConfigMap', ...(parseKey(key) ?? { namespace: '', name: key }) };
  const problem = (message: string): Problem => ({ object, severity: 'warning', code: 'setting-invalid', message });
  const configMap = view.get('ConfigMap', key);
  if (configMap === null) return { headers: [], problems: [problem(`${settingName} names it, but it does not exist`)] };

  const headers: [string, Template][] = [];
  const problems: Problem[] = [];
  for (const [name, text] of [...configMap.data].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const why = refusedHeader(name) ?? (reserved.includes(name.toLowerCase()) ? 'cannot be set here' : null);
    const parsed = value(text);
    if (why !== null) problems.push(problem(`${settingName}: ${showValue(name)} ${why}`));
    else if (parsed.ok) headers.push([name, parsed.value]);
    else problems.push(problem(`${settingName}: ${name}: ${showValue(text)} is not accepted (${parsed.accepts})`));
  }
  return { headers, problems };
}
