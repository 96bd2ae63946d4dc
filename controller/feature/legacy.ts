// Annotations that ingress-nginx itself removed, and names that people write by mistake for those of nginx: each is a Problem
// that says what to write instead. Where the meaning is plain and safe, it is done.

export interface LegacyName {
  readonly advice: string;
  /** What the annotation means today, if it can be done: another annotation and its value, for the value "true". */
  readonly means: readonly [key: string, value: string] | null;
}

function advise(advice: string, means: LegacyName['means'] = null): LegacyName {
  return { advice, means };
}

const WAF = advise('lua-resty-waf was removed; there is no replacement');
const INFLUX = advise('InfluxDB was removed; use the Prometheus metrics');
const GLOBAL_LIMIT = advise('global rate limits were removed; limit-rps and limit-rpm count per controller');
const TRACING = advise('OpenTracing was removed; use enable-opentelemetry');

export const LEGACY: ReadonlyMap<string, LegacyName> = new Map([
  ['secure-backends', advise('write backend-protocol: "HTTPS"', ['backend-protocol', 'HTTPS'])],
  ['grpc-backend', advise('write backend-protocol: "GRPC"', ['backend-protocol', 'GRPC'])],
  ['add-base-url', advise('it was removed; the application must know its own base URL')],
  ['base-url-scheme', advise('it was removed; the application must know its own base URL')],
  ['session-cookie-hash', advise('remove it: cookies of affinity need no choice of a hash')],
  ['secure-verify-ca-secret', advise('write proxy-ssl-secret and proxy-ssl-verify: "on"')],
  ['enable-opentracing', TRACING],
  ['opentracing-trust-incoming-span', TRACING],
  ['enable-influxdb', INFLUX],
  ['influxdb-measurement', INFLUX],
  ['influxdb-port', INFLUX],
  ['influxdb-host', INFLUX],
  ['influxdb-server-name', INFLUX],
  ['global-rate-limit', GLOBAL_LIMIT],
  ['global-rate-limit-window', GLOBAL_LIMIT],
  ['global-rate-limit-key', GLOBAL_LIMIT],
  ['global-rate-limit-ignored-cidrs', GLOBAL_LIMIT],
  ['lua-resty-waf', WAF],
  // Names of nginx's directives, or of the ConfigMap, that are no annotations and never were.
  ['client-max-body-size', advise('write proxy-body-size')],
  ['proxy-buffers', advise('write proxy-buffers-number and proxy-buffer-size')],
  ['client-header-buffer-size', advise('it is a key of the controller ConfigMap')],
  ['large-client-header-buffers', advise('it is a key of the controller ConfigMap')],
  ['proxy-set-headers', advise('it is a key of the controller ConfigMap')],
  ['add-headers', advise('it is a key of the controller ConfigMap; for one Ingress use custom-headers')],
]);

/** What is known of a legacy name; lua-resty-waf had a family of them. */
export function legacyOf(key: string): LegacyName | null {
  return LEGACY.get(key) ?? (key.startsWith('lua-resty-waf-') ? WAF : null);
}

/** True when a legacy name is there and is read as another; today's name wins where both are. */
export function isMeant(annotations: ReadonlyMap<string, string>, key: string, prefix: string): boolean {
  const means = LEGACY.get(key)?.means ?? null;
  return (
    means !== null &&
    annotations.get(`${prefix}/${key}`)?.trim() === 'true' &&
    (annotations.get(`${prefix}/${means[0]}`) ?? '') === ''
  );
}

/** The annotations with those added that legacy ones mean; the same map when there are none. */
export function modernised(annotations: ReadonlyMap<string, string>, prefix: string): ReadonlyMap<string, string> {
  let changed: Map<string, string> | null = null;
  for (const [key, { means }] of LEGACY) {
    if (means === null || !isMeant(annotations, key, prefix)) continue;
    changed ??= new Map(annotations);
    changed.set(`${prefix}/${means[0]}`, means[1]);
  }
  return changed ?? annotations;
}
