// Settings: what holds for the whole controller. Selection comes from the command line, the rest from the controller
// ConfigMap over the old defaults (docs/spec/configmap.yaml). Another ConfigMap key is one more line in config/.
import { closest } from 'fastest-levenshtein';
import { showValue } from '../feature/parse.ts';
import { type ObjectKey, type ObjectRef, parseKey } from '../kube/ref.ts';
import { CLIENT_KEYS } from './config/client.ts';
import { ERROR_KEYS } from './config/errors.ts';
import { HEADER_KEYS } from './config/headers.ts';
import { type ConfigOf, fieldOf, type Keys } from './config/key.ts';
import { LIMIT_KEYS } from './config/limits.ts';
import { PROXY_KEYS } from './config/proxy.ts';
import { SECURITY_KEYS } from './config/security.ts';
import { TLS_KEYS } from './config/tls.ts';
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
  readonly externalNames: 'resolved' | 'refused';
  /** Pods on loopback addresses: fine in a folder of manifests, an attack in a cluster (R17). */
  readonly loopbackEndpoints: 'allowed' | 'refused';
  readonly configMap: ObjectKey | null;
  readonly defaultBackendService: ObjectKey | null;
  readonly defaultSslCertificate: ObjectKey | null;
}

const KEYS = {
  ...CLIENT_KEYS,
  ...ERROR_KEYS,
  ...HEADER_KEYS,
  ...LIMIT_KEYS,
  ...PROXY_KEYS,
  ...SECURITY_KEYS,
  ...TLS_KEYS,
} as const;

/** The values that ConfigMap keys set; field names are the keys in camel case. */
export type Config = ConfigOf<typeof KEYS>;

export interface Settings extends Config {
  readonly selection: Selection;
  /** Set on every response: the entries of add-headers. */
  readonly responseHeaders: Headers;
  /** Set on every request to a backend: the entries of proxy-set-headers. */
  readonly backendHeaders: Headers;
}

const DEFAULTS = Object.fromEntries(
  Object.entries(KEYS).map(([name, { initial }]) => [fieldOf(name), initial]),
) as Config;

/** All keys with their parsers, defaults and documentation. */
export const CONFIG_KEYS: Keys = KEYS;

/** Keys of the controller ConfigMap that have an effect. */
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
  const problems: Problem[] = [];
  let settings: Settings = { ...DEFAULTS, selection, responseHeaders: [], backendHeaders: [] };
  for (const [rawKey, value] of [...(configMap?.data ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = rawKey.toLowerCase();
    const object: ObjectRef = {
      kind: 'ConfigMap',
      ...(parseKey(selection.configMap ?? '') ?? { namespace: '', name: '' }),
    };
    if (!Object.hasOwn(KEYS, key)) {
      const near = closest(key, Object.keys(KEYS));
      problems.push({
        object,
        severity: 'warning',
        code: 'setting-unknown',
        message: `key ${showValue(rawKey)} has no effect: Sluice does not know it, or not yet; the nearest known key is "${near}"`,
      });
      continue;
    }
    const parsed = CONFIG_KEYS[key]?.parse(value);
    if (parsed === undefined) continue;
    if (parsed.ok) settings = { ...settings, [fieldOf(key)]: parsed.value };
    const said = parsed.ok
      ? (parsed.note ?? null)
      : `${showValue(value)} is not accepted (${parsed.accepts}); the default stays in force`;
    if (said !== null) {
      problems.push({ object, severity: 'warning', code: 'setting-invalid', message: `${key}: ${said}` });
    }
  }
  const responses = headersOf(view, settings.addHeaders, 'add-headers');
  const backends = headersOf(view, settings.proxySetHeaders, 'proxy-set-headers', ['host']);
  problems.push(...responses.problems, ...backends.problems);
  settings = { ...settings, responseHeaders: responses.headers, backendHeaders: backends.headers };
  return { settings, problems };
}
