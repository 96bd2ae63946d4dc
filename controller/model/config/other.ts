// Keys of the old ConfigMap that have no effect here: those that nothing is missing without, and those that this version does
// not support, with the reason.

export interface OtherKey {
  /** 'needless': nothing changes without it, and nothing is said; 'unsupported': a Problem. */
  readonly kind: 'needless' | 'unsupported';
  readonly why: string;
}

function all(kind: OtherKey['kind'], why: string, names: string): [string, OtherKey][] {
  return names.split(/\s+/).map((name) => [name, { kind, why }]);
}

export const OTHER_KEYS: ReadonlyMap<string, OtherKey> = new Map([
  ...all(
    'needless',
    'never had an effect',
    'app-root upstream-hash-by upstream-hash-by-subset upstream-hash-by-subset-size',
  ),
  ...all('needless', 'is computed', 'bind-address-ipv4 bind-address-ipv6 resolver global-external-auth'),
  ...all('needless', 'dictionaries grow by themselves', 'lua-shared-dicts'),
  ...all('needless', 'reloads always wait for one another', 'enable-serial-reloads'),
  ...all(
    'needless',
    'obsolete since nginx 1.19.7: large-client-header-buffers and keep-alive-requests hold for HTTP/2, too',
    'http2-max-field-size http2-max-header-size http2-max-requests',
  ),
  ...all('needless', 'subrequests for external authentication are never logged', 'enable-auth-access-log'),
  ...all('needless', 'only temporary files are written', 'enable-aio-write'),
  ...all(
    'unsupported',
    'needs the module ngx_brotli, which neither Debian nor OpenResty ships; use-gzip works',
    'enable-brotli brotli-level brotli-min-length brotli-types',
  ),
  ...all(
    'unsupported',
    'needs the module ModSecurity, which the OpenResty image lacks',
    'enable-modsecurity enable-owasp-modsecurity-crs modsecurity-snippet',
  ),
  ...all(
    'unsupported',
    'needs the module geoip2, which the OpenResty image lacks',
    'use-geoip2 geoip2-autoreload-in-minutes',
  ),
  ...all(
    'unsupported',
    'OpenTelemetry is not there yet',
    `enable-opentelemetry opentelemetry-config opentelemetry-operation-name opentelemetry-trust-incoming-span
    otlp-collector-host otlp-collector-port otel-service-name otel-sampler otel-sampler-ratio otel-sampler-parent-based
    otel-max-queuesize otel-schedule-delay-millis otel-max-export-batch-size`,
  ),
  ...all(
    'unsupported',
    'TCP and UDP services are not there yet',
    `proxy-stream-timeout proxy-stream-next-upstream proxy-stream-next-upstream-timeout proxy-stream-next-upstream-tries
    proxy-stream-responses stream-snippet log-format-stream stream-access-log-path disable-stream-access-log`,
  ),
  ...all('unsupported', 'TLS passthrough is not there yet', 'proxy-protocol-header-timeout'),
  ...all('unsupported', 'OCSP stapling is not there yet', 'enable-ocsp'),
  ...all(
    'unsupported',
    'with use-proxy-protocol the address is always that of the PROXY header',
    'forwarded-for-proxy-protocol-header',
  ),
  ...all('unsupported', 'not yet', 'ssl-dh-param ssl-session-ticket-key'),
]);

/** Keys that ingress-nginx itself removed, and what took their place (docs/spec/configmap.yaml, removed_keys). */
export const REMOVED_KEYS: ReadonlyMap<string, string> = new Map([
  ['jaeger-collector-host', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-collector-port', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-endpoint', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-service-name', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-propagation-format', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-sampler-type', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-sampler-param', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-sampler-host', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-sampler-port', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-trace-context-header-name', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-debug-header', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-baggage-header', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-trace-baggage-header-prefix', 'otlp-collector-host and the otel-* keys'],
  ['jaeger-tracer-baggage-header-prefix', 'otlp-collector-host and the otel-* keys'],
  ['enable-opentracing', 'enable-opentelemetry, opentelemetry-*'],
  ['opentracing-operation-name', 'enable-opentelemetry, opentelemetry-*'],
  ['opentracing-location-operation-name', 'enable-opentelemetry, opentelemetry-*'],
  ['opentracing-trust-incoming-span', 'enable-opentelemetry, opentelemetry-*'],
  ['zipkin-collector-host', 'OpenTelemetry'],
  ['zipkin-collector-port', 'OpenTelemetry'],
  ['zipkin-service-name', 'OpenTelemetry'],
  ['zipkin-sample-rate', 'OpenTelemetry'],
  ['datadog-collector-host', 'OpenTelemetry'],
  ['datadog-collector-port', 'OpenTelemetry'],
  ['datadog-environment', 'OpenTelemetry'],
  ['datadog-operation-name-override', 'OpenTelemetry'],
  ['datadog-priority-sampling', 'OpenTelemetry'],
  ['datadog-sample-rate', 'OpenTelemetry'],
  ['datadog-service-name', 'OpenTelemetry'],
  ['use-geoip', 'use-geoip2'],
  ['global-rate-limit-memcached-host', 'none (own rate-limit service)'],
  ['global-rate-limit-memcached-port', 'none (own rate-limit service)'],
  ['global-rate-limit-memcached-connect-timeout', 'none (own rate-limit service)'],
  ['global-rate-limit-memcached-max-idle-timeout', 'none (own rate-limit service)'],
  ['global-rate-limit-memcached-pool-size', 'none (own rate-limit service)'],
  ['global-rate-limit-status-code', 'none (own rate-limit service)'],
  ['plugins', 'none (user Lua plugins)'],
  ['enable-influxdb', 'none'],
  ['enable-snippet-directives', 'allow-snippet-annotations'],
  ['enable-pathtype-validation', 'strict-validate-path-type'],
  ['disable-pathtype-validation', 'strict-validate-path-type'],
  ['path-additional-allowed-chars', 'strict-validate-path-type'],
  ['disable-lua-resty-waf', 'enable-modsecurity'],
  ['enable-dynamic-tls-records', 'none'],
  ['enable-vts-status', 'Prometheus metrics'],
  ['vts-default-filter-key', 'Prometheus metrics'],
  ['vts-status-zone-size', 'Prometheus metrics'],
  ['vts-sum-key', 'Prometheus metrics'],
  ['upstream-max-fails', 'none: there is no passive health check any more'],
  ['upstream-fail-timeout', 'none: there is no passive health check any more'],
  ['proxy-pass-params', 'none'],
  ['proxy-buffer-number', 'proxy-buffers-number'],
  ['use-brotli', 'enable-brotli'],
  ['real-client-from', 'use-forwarded-headers, enable-real-ip'],
  ['enable-sticky-sessions', 'affinity annotation'],
  ['enable-spdy', 'use-http2'],
  ['body-size', 'proxy-body-size'],
]);
