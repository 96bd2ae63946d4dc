// Settings: what holds for the whole controller. Selection comes from the command line, the rest from the controller
// ConfigMap over the old defaults (docs/spec/configmap.yaml). Another ConfigMap key is one more line in config/.
import { closest } from 'fastest-levenshtein';
import { showValue } from '../feature/parse.ts';
import { type ObjectKey, type ObjectRef, parseKey } from '../kube/ref.ts';
import { ACCESS_KEYS } from './config/access.ts';
import { CLIENT_KEYS } from './config/client.ts';
import { ERROR_KEYS } from './config/errors.ts';
import { type FreeText, freeTexts } from './config/free-text.ts';
import { HEADER_KEYS } from './config/headers.ts';
import { type ConfigOf, fieldOf, type Keys } from './config/key.ts';
import { LIMIT_KEYS } from './config/limits.ts';
import { LOG_KEYS } from './config/log.ts';
import { OTHER_KEYS, REMOVED_KEYS } from './config/other.ts';
import { OWN_KEYS } from './config/own.ts';
import { PROXY_KEYS } from './config/proxy.ts';
import { RESPONSE_KEYS } from './config/response.ts';
import { SECURITY_KEYS } from './config/security.ts';
import { SNIPPET_KEYS } from './config/snippets.ts';
import { TLS_KEYS } from './config/tls.ts';
import { WORKER_KEYS } from './config/worker.ts';
import { type Headers, headersOf } from './headers.ts';
import type { LabelSelector } from './selector.ts';
import type { Problem } from './types.ts';
import type { View } from './view.ts';

/** What the flags say about which objects count; constant while the program runs. */
export interface Selection {
  readonly ingressClass: string;
  readonly controllerClass: string;
  readonly ingressClassByName: boolean;
  readonly watchIngressWithoutClass: boolean;
  /** 'unavailable' when IngressClasses cannot be listed (CLASS-05). */
  readonly ingressClasses: 'listed' | 'unavailable';
  readonly watchNamespace: string | null;
  readonly watchNamespaceSelector: LabelSelector | null;
  readonly disableCatchAll: boolean;
  readonly annotationsPrefix: string;
  /** What a path that is a regular expression makes of the others: the whole host (PATH-07), or only those of its Ingress. */
  readonly regexScope: 'host' | 'ingress';
  readonly externalNames: 'resolved' | 'refused';
  /** Pods on loopback addresses: fine in a folder of manifests, an attack in a cluster (R17). */
  readonly loopbackEndpoints: 'allowed' | 'refused';
  /** The zone of this instance, whose endpoints are preferred where a Service wants that; null for no preference. */
  readonly zone: string | null;
  readonly configMap: ObjectKey | null;
  readonly defaultBackendService: ObjectKey | null;
  readonly defaultSslCertificate: ObjectKey | null;
}

const KEYS = {
  ...ACCESS_KEYS,
  ...CLIENT_KEYS,
  ...ERROR_KEYS,
  ...HEADER_KEYS,
  ...LIMIT_KEYS,
  ...LOG_KEYS,
  ...PROXY_KEYS,
  ...RESPONSE_KEYS,
  ...SECURITY_KEYS,
  ...SNIPPET_KEYS,
  ...TLS_KEYS,
  ...WORKER_KEYS,
} as const;

/** The values that ConfigMap keys set; field names are the keys in camel case. */
export type Config = ConfigOf<typeof KEYS & typeof OWN_KEYS>;

export interface Settings extends Config {
  readonly selection: Selection;
  /** Set on every response: the entries of add-headers. */
  readonly responseHeaders: Headers;
  /** Set on every request to a backend: the entries of proxy-set-headers. */
  readonly backendHeaders: Headers;
}

const DEFAULTS = Object.fromEntries(
  Object.entries({ ...KEYS, ...OWN_KEYS }).map(([name, { initial }]) => [fieldOf(name), initial]),
) as Config;

/** Values that only nginx can judge. */
export const FREE_TEXTS: readonly FreeText[] = freeTexts(DEFAULTS);

/** The keys of ingress-nginx that have an effect, with their parsers, defaults and documentation. */
export const CONFIG_KEYS: Keys = KEYS;

const ALL_KEYS: Keys = { ...KEYS, ...OWN_KEYS };

/** Keys of ingress-nginx that have an effect. */
export function supportedKeys(): string[] {
  return Object.keys(KEYS);
}

export interface SettingsResult {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
}

/** Reads the controller ConfigMap; a value that is refused leaves its default and is a Problem. */
export function readSettings(view: View, selection: Selection): SettingsResult {
  const configMap = selection.configMap === null ? null : view.get('ConfigMap', selection.configMap);
  const object: ObjectRef = {
    kind: 'ConfigMap',
    ...(parseKey(selection.configMap ?? '') ?? { namespace: '', name: '' }),
  };
  const problems: Problem[] = [];
  const changes: Record<string, unknown> = {};
  const warn = (code: Problem['code'], message: string): void => {
    problems.push({ object, severity: 'warning', code, message });
  };
  for (const [rawName, text] of [...(configMap?.data ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = rawName.toLowerCase(); // plain keys were matched in any case
    const key = Object.hasOwn(ALL_KEYS, name) ? ALL_KEYS[name] : undefined;
    if (key === undefined) {
      const why = withoutEffect(name);
      if (why !== null) warn('setting-unknown', `key ${showValue(rawName)} has no effect: ${why}`);
      continue;
    }
    if (text === '') {
      // An empty text was false, zero or nothing; for all but switches that is what an absent key means.
      if (typeof key.initial === 'boolean') changes[fieldOf(name)] = false;
      continue;
    }
    const parsed = key.parse(text);
    changes[fieldOf(name)] = parsed.ok ? parsed.value : key.refused;
    const outcome = key.refused === key.initial ? 'the default stays in force' : 'paths that it would guard answer 503';
    const said = parsed.ok
      ? (parsed.note ?? null)
      : `${showValue(text)} is not accepted (${parsed.accepts}); ${outcome}`;
    if (said !== null) warn('setting-invalid', `${name}: ${said}`);
  }
  const settings: Settings = { ...DEFAULTS, ...changes, selection, responseHeaders: [], backendHeaders: [] };
  const responses = headersOf(view, settings.addHeaders, 'add-headers');
  const backends = headersOf(view, settings.proxySetHeaders, 'proxy-set-headers', ['host']);
  problems.push(...responses.problems, ...backends.problems);
  return { settings: { ...settings, responseHeaders: responses.headers, backendHeaders: backends.headers }, problems };
}

/** What to tell about a key that does nothing here; null when nothing is missing without it. */
function withoutEffect(name: string): string | null {
  const other = OTHER_KEYS.get(name);
  if (other !== undefined) return other.kind === 'needless' ? null : other.why;
  const replacement = REMOVED_KEYS.get(name);
  if (replacement !== undefined) return `ingress-nginx removed it (${replacement})`;
  const near = closest(name, [...Object.keys(ALL_KEYS), ...OTHER_KEYS.keys()]);
  return `Sluice does not know it, and neither did ingress-nginx; the nearest known key is "${near}"`;
}
