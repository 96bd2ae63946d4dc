// Settings: what holds for the whole controller. Selection comes from the command line, the rest from the controller
// ConfigMap over the old defaults (docs/spec/configmap.yaml). Another ConfigMap key is one more line in KEYS.
import { closest } from 'fastest-levenshtein';
import {
  bool,
  intBetween,
  listOf,
  oneOf,
  type Parsed,
  type Parser,
  pathPrefix,
  seconds,
  showValue,
  size,
} from '../feature/parse.ts';
import { type ObjectKey, type ObjectRef, parseKey } from '../kube/ref.ts';
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

/** The values that ConfigMap keys set; field names are the keys in camel case. */
export interface Config {
  readonly sslRedirect: boolean;
  readonly forceSslRedirect: boolean;
  readonly preserveTrailingSlash: boolean;
  readonly httpRedirectCode: 301 | 302 | 307 | 308;
  readonly usePortInRedirects: boolean;
  readonly noTlsRedirectLocations: readonly string[];
  readonly hsts: boolean;
  readonly hstsMaxAge: number;
  readonly hstsIncludeSubdomains: boolean;
  readonly hstsPreload: boolean;
  readonly sslRejectHandshake: boolean;
  readonly enableAccessLogForDefaultBackend: boolean;
  readonly proxyBodySize: number;
  readonly proxyConnectTimeout: number;
  readonly proxySendTimeout: number;
  readonly proxyReadTimeout: number;
  readonly proxyBuffering: 'on' | 'off';
  readonly proxyRequestBuffering: 'on' | 'off';
  readonly useForwardedHeaders: boolean;
  readonly computeFullForwardedFor: boolean;
  readonly generateRequestId: boolean;
  readonly proxyAddOriginalUriHeader: boolean;
  readonly enableUnderscoresInHeaders: boolean;
  readonly ignoreInvalidHeaders: boolean;
  readonly useHttp2: boolean;
  readonly disableAccessLog: boolean;
  readonly disableIpv6: boolean;
  readonly errorLogLevel: 'debug' | 'info' | 'notice' | 'warn' | 'error' | 'crit' | 'alert' | 'emerg';
  /** 0 stands for one a core. */
  readonly workerProcesses: number;
  readonly maxWorkerConnections: number;
  readonly workerShutdownTimeout: number;
  readonly keepAlive: number;
  readonly keepAliveRequests: number;
  readonly upstreamKeepaliveConnections: number;
  readonly upstreamKeepaliveTimeout: number;
  readonly upstreamKeepaliveRequests: number;
}

export interface Settings extends Config {
  readonly selection: Selection;
}

const DEFAULTS: Config = {
  sslRedirect: true,
  forceSslRedirect: false,
  preserveTrailingSlash: false,
  httpRedirectCode: 308,
  usePortInRedirects: false,
  noTlsRedirectLocations: ['/.well-known/acme-challenge'],
  hsts: true,
  hstsMaxAge: 31_536_000,
  hstsIncludeSubdomains: true,
  hstsPreload: false,
  sslRejectHandshake: false,
  enableAccessLogForDefaultBackend: false,
  proxyBodySize: 1024 ** 2,
  proxyConnectTimeout: 5,
  proxySendTimeout: 60,
  proxyReadTimeout: 60,
  proxyBuffering: 'off',
  proxyRequestBuffering: 'on',
  useForwardedHeaders: false,
  computeFullForwardedFor: false,
  generateRequestId: true,
  proxyAddOriginalUriHeader: false,
  enableUnderscoresInHeaders: false,
  ignoreInvalidHeaders: true,
  useHttp2: true,
  disableAccessLog: false,
  disableIpv6: false,
  errorLogLevel: 'notice',
  workerProcesses: 0,
  maxWorkerConnections: 16384,
  workerShutdownTimeout: 240,
  keepAlive: 75,
  keepAliveRequests: 1000,
  upstreamKeepaliveConnections: 320,
  upstreamKeepaliveTimeout: 60,
  upstreamKeepaliveRequests: 10000,
};

const onOff = oneOf('on', 'off');
const count = intBetween(0, 1_000_000);

/** A duration as nginx writes it, to seconds: "240s", "4m", "1h", or digits alone. */
const nginxDuration: Parser<number> = (text) => {
  const match = /^([0-9]{1,7})([smh]?)$/.exec(text);
  const factor = match?.[2] === 'h' ? 3600 : match?.[2] === 'm' ? 60 : 1;
  return match ? { ok: true, value: Number(match[1]) * factor } : { ok: false, accepts: 'a duration such as 240s' };
};

const redirectCode: Parser<301 | 302 | 307 | 308> = (text) => {
  const found = ([301, 302, 307, 308] as const).find((code) => String(code) === text);
  return found === undefined ? { ok: false, accepts: '301, 302, 307 or 308' } : { ok: true, value: found };
};

const workers: Parser<number> = (text) => (text === 'auto' ? { ok: true, value: 0 } : intBetween(1, 1024)(text));

/** ConfigMap key → the field it sets and its parser. */
const KEYS: { readonly [key: string]: { readonly [F in keyof Config]: [F, Parser<Config[F]>] }[keyof Config] } = {
  'ssl-redirect': ['sslRedirect', bool],
  'force-ssl-redirect': ['forceSslRedirect', bool],
  'preserve-trailing-slash': ['preserveTrailingSlash', bool],
  'http-redirect-code': ['httpRedirectCode', redirectCode],
  'use-port-in-redirects': ['usePortInRedirects', bool],
  'no-tls-redirect-locations': ['noTlsRedirectLocations', listOf(pathPrefix)],
  hsts: ['hsts', bool],
  'hsts-max-age': ['hstsMaxAge', intBetween(0, 10 ** 10)],
  'hsts-include-subdomains': ['hstsIncludeSubdomains', bool],
  'hsts-preload': ['hstsPreload', bool],
  'ssl-reject-handshake': ['sslRejectHandshake', bool],
  'enable-access-log-for-default-backend': ['enableAccessLogForDefaultBackend', bool],
  'proxy-body-size': ['proxyBodySize', size],
  'proxy-connect-timeout': ['proxyConnectTimeout', seconds],
  'proxy-send-timeout': ['proxySendTimeout', seconds],
  'proxy-read-timeout': ['proxyReadTimeout', seconds],
  'proxy-buffering': ['proxyBuffering', onOff],
  'proxy-request-buffering': ['proxyRequestBuffering', onOff],
  'use-forwarded-headers': ['useForwardedHeaders', bool],
  'compute-full-forwarded-for': ['computeFullForwardedFor', bool],
  'generate-request-id': ['generateRequestId', bool],
  'proxy-add-original-uri-header': ['proxyAddOriginalUriHeader', bool],
  'enable-underscores-in-headers': ['enableUnderscoresInHeaders', bool],
  'ignore-invalid-headers': ['ignoreInvalidHeaders', bool],
  'use-http2': ['useHttp2', bool],
  'disable-access-log': ['disableAccessLog', bool],
  'disable-ipv6': ['disableIpv6', bool],
  'error-log-level': ['errorLogLevel', oneOf('debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg')],
  'worker-processes': ['workerProcesses', workers],
  'max-worker-connections': ['maxWorkerConnections', intBetween(16, 1_000_000)],
  'worker-shutdown-timeout': ['workerShutdownTimeout', nginxDuration],
  'keep-alive': ['keepAlive', count],
  'keep-alive-requests': ['keepAliveRequests', intBetween(1, 1_000_000)],
  'upstream-keepalive-connections': ['upstreamKeepaliveConnections', intBetween(1, 100_000)],
  'upstream-keepalive-timeout': ['upstreamKeepaliveTimeout', seconds],
  'upstream-keepalive-requests': ['upstreamKeepaliveRequests', intBetween(1, 1_000_000)],
};

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
    const entry = KEYS[key];
    if (entry === undefined) continue;
    const [field, parse] = entry;
    const parsed: Parsed<Config[keyof Config]> = parse(value);
    if (parsed.ok) settings = { ...settings, [field]: parsed.value };
    else {
      problems.push({
        object,
        severity: 'warning',
        code: 'setting-invalid',
        message: `${key}: ${showValue(value)} is not accepted (${parsed.accepts}); the default stays in force`,
      });
    }
  }
  return { settings, problems };
}
