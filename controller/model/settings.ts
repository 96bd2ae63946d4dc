// Settings: what holds for the whole controller. Selection comes from the command line, the rest from the controller
// ConfigMap over the old defaults (docs/spec/configmap.yaml). Another ConfigMap key is one more line in config/.
import { closest } from 'fastest-levenshtein';
import { showValue } from '../feature/parse.ts';
import { type ObjectKey, type ObjectRef, parseKey } from '../kube/ref.ts';
import { ACCESS_KEYS } from './config/access.ts';
import { CLIENT_KEYS } from './config/client.ts';
import { type ConfigOf, fieldOf, type Keys } from './config/key.ts';
import { PROXY_KEYS } from './config/proxy.ts';
import { SECURITY_KEYS } from './config/security.ts';
import { TLS_KEYS } from './config/tls.ts';
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

const KEYS = { ...ACCESS_KEYS, ...CLIENT_KEYS, ...PROXY_KEYS, ...SECURITY_KEYS, ...TLS_KEYS } as const;

/** The values that ConfigMap keys set; field names are the keys in camel case. */
export type Config = ConfigOf<typeof KEYS>;

export interface Settings extends Config {
  readonly selection: Selection;
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
  let settings: Settings = { ...DEFAULTS, selection };
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
    const spec = CONFIG_KEYS[key];
    const parsed = spec?.parse(value);
    if (spec === undefined || parsed === undefined) continue;
    if (parsed.ok) settings = { ...settings, [fieldOf(key)]: parsed.value };
    else {
      settings = { ...settings, [fieldOf(key)]: spec.refused };
      const isGuard = spec.refused !== spec.initial;
      problems.push({
        object,
        severity: isGuard ? 'error' : 'warning',
        code: 'setting-invalid',
        message: `${key}: ${showValue(value)} is not accepted (${parsed.accepts}); ${isGuard ? 'paths that it would guard answer 503' : 'the default stays in force'}`,
      });
    }
  }
  return { settings, problems };
}
