// Annotations of ingress-nginx that this version does not support. None is dropped in silence, and those that keep somebody out
// are not dropped at all: a path that they guard answers 503 rather than be open to everybody (R19).

/** They restrict who gets in, or may. */
export const GUARDS: ReadonlySet<string> = new Set(
  `allowlist-source-range auth-snippet auth-tls-match-cn auth-tls-secret auth-tls-verify-client auth-type auth-url configuration-snippet denylist-source-range modsecurity-snippet server-snippet stream-snippet whitelist-source-range`.split(
    /\s+/,
  ),
);

/** They have no effect here. */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  `affinity affinity-canary-behavior affinity-mode app-root auth-always-set-cookie auth-cache-duration
  auth-cache-key auth-keepalive auth-keepalive-requests auth-keepalive-share-vars auth-keepalive-timeout
  auth-method auth-proxy-set-headers auth-realm auth-request-redirect auth-response-headers auth-secret
  auth-secret-type auth-signin auth-signin-redirect-param auth-tls-error-page
  auth-tls-pass-certificate-to-upstream auth-tls-verify-depth canary-by-cookie canary-by-header
  canary-by-header-pattern canary-by-header-value canary-weight canary-weight-total client-body-buffer-size
  connection-proxy-header cors-allow-credentials cors-allow-headers cors-allow-methods cors-allow-origin
  cors-expose-headers cors-max-age custom-headers custom-http-errors default-backend
  disable-proxy-intercept-errors enable-access-log enable-cors enable-global-auth enable-modsecurity
  enable-opentelemetry enable-owasp-core-rules enable-rewrite-log fastcgi-index fastcgi-params-configmap
  from-to-www-redirect http2-push-preload limit-allowlist limit-burst-multiplier limit-connections limit-rate
  limit-rate-after limit-rpm limit-rps limit-whitelist load-balance mirror-host mirror-request-body mirror-target
  modsecurity-transaction-id opentelemetry-operation-name opentelemetry-trust-incoming-span permanent-redirect
  permanent-redirect-code proxy-buffer-size proxy-buffers-number proxy-busy-buffers-size proxy-cookie-domain
  proxy-cookie-path proxy-http-version proxy-max-temp-file-size proxy-next-upstream proxy-next-upstream-timeout
  proxy-next-upstream-tries proxy-redirect-from proxy-redirect-to proxy-ssl-ciphers proxy-ssl-name
  proxy-ssl-protocols proxy-ssl-secret proxy-ssl-server-name proxy-ssl-verify proxy-ssl-verify-depth
  relative-redirects rewrite-target satisfy server-alias service-upstream session-cookie-change-on-failure
  session-cookie-conditional-samesite-none session-cookie-domain session-cookie-expires session-cookie-max-age
  session-cookie-name session-cookie-path session-cookie-samesite session-cookie-secure ssl-ciphers
  ssl-passthrough ssl-prefer-server-ciphers temporal-redirect temporal-redirect-code upstream-hash-by
  upstream-hash-by-subset upstream-hash-by-subset-size upstream-vhost use-port-in-redirects use-regex
  x-forwarded-prefix`.split(/\s+/),
);
