// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of nginx
// Ingresses as an attacker would write them: any text in annotations, hosts, paths, names of Services and Secrets.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { SPECS } from '../../controller/feature/registry.ts';
import { NOT_SUPPORTED } from '../../controller/feature/unsupported.ts';
import { ingress } from './objects.ts';

/** Characters that no token of nginx.conf may hold unquoted; it stands in every hostile text. */
export const MARK = 'e;{v}"i\'l';

const FRAGMENTS = [
  MARK,
  ';',
  '{',
  '}',
  '"',
  "'",
  '\\',
  '$',
  '${',
  '$host',
  '$\u007bhost}',
  '$sluice_route',
  '$1',
  '\n',
  '\r\n',
  '\t',
  '\u0000',
  '\u010a',
  '#',
  '~',
  '~*',
  '@',
  '=',
  '^~',
  'off',
  'on',
  'default',
  'include /etc/passwd;',
  'load_module x;',
  'content_by_lua_block { ngx.say(1) }',
  'http://unix:/x:/',
  'http://127.0.0.1:10246/',
  'https://$host/a?b=$arg_c',
  'http://a.test/',
  '../',
  '%2e%2e/',
  '(a+)+$',
  '(?<host>.*)',
  '(*LIMIT_MATCH=1)',
  '[',
  'data:x',
  'engine:x:y',
  'X-Header',
  'a,b',
  '10.0.0.0/8',
  '::1',
  '0',
  '-1',
  '007',
  '1e9',
  '99999999999999999999',
  '1m',
  '1K',
  '5s',
  'true',
  'false',
  'GRPC',
  'FCGI',
  'HTTPS',
  'basic',
  'cookie',
  'any',
  'hostile/secret',
  'constructor',
  '__proto__',
  ' ',
];

const text = fc.oneof(
  fc.constantFrom(...FRAGMENTS),
  fc.array(fc.constantFrom(...FRAGMENTS), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  fc.integer().map(String),
);

const PREFIX = 'nginx.ingress.kubernetes.io/';

/** What the golden fixtures write in annotations: values that have an effect. */
function valuesInUse(): ReadonlyMap<string, readonly string[]> {
  const folder = resolve(import.meta.dirname, '../golden/annotations');
  const found = new Map<string, string[]>();
  for (const file of readdirSync(folder).sort()) {
    for (const document of parseAllDocuments(readFileSync(join(folder, file), 'utf8'))) {
      const object = document.toJS() as { metadata?: { annotations?: Record<string, string> } } | null;
      for (const [name, value] of Object.entries(object?.metadata?.annotations ?? {})) {
        if (!name.startsWith(PREFIX)) continue;
        const key = name.slice(PREFIX.length);
        found.set(key, [...(found.get(key) ?? []), String(value)]);
      }
    }
  }
  return found;
}

const inUse = valuesInUse();
const keys = [...SPECS.keys(), ...NOT_SUPPORTED.keys()].sort();

/** An annotation with a value of use, with a hostile one, or with both in one text. */
const annotation = fc.constantFrom(...keys).chain((key) => {
  const good = inUse.get(key) ?? [];
  if (good.length === 0) return fc.tuple(fc.constant(key), text);
  const value = fc.constantFrom(...good);
  return fc.tuple(
    fc.constant(key),
    fc.oneof(
      { weight: 4, arbitrary: value },
      { weight: 2, arbitrary: text },
      fc.tuple(value, text).map((parts) => parts.join('')),
    ),
  );
});

const path = fc.oneof(
  { weight: 8, arbitrary: text.map((tail) => `/${tail}`) },
  { weight: 1, arbitrary: text },
  { weight: 3, arbitrary: fc.constant('/') },
);

/** One hostile Ingress, in a namespace and on hosts of its own; `number` tells it from others. */
export function hostileIngress(number: number): fc.Arbitrary<object> {
  return fc
    .record({
      annotations: fc.array(annotation, { minLength: 1, maxLength: 12 }),
      paths: fc.array(
        fc.record({
          path,
          pathType: fc.constantFrom('Exact', 'Prefix', 'ImplementationSpecific'),
          service: fc.oneof({ weight: 19, arbitrary: fc.constant('web') }, { weight: 1, arbitrary: text }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      host: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('', 'a.', '*.') }, { weight: 1, arbitrary: text }),
      secretName: fc.option(text, { nil: undefined }),
    })
    .map(({ annotations, paths, host, secretName }) =>
      ingress({
        name: `hostile-${number}`,
        namespace: 'hostile',
        host: `${host}h${number}.hostile.test`,
        annotations: Object.fromEntries(annotations),
        paths: paths as { path: string; pathType: 'Exact' | 'Prefix'; service: string }[],
        ...(secretName === undefined ? {} : { tls: [{ secretName }] }),
      }),
    );
}
