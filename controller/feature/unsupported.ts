// Annotations of ingress-nginx that this version does not support. None is dropped in silence, and those that keep somebody out
// are not dropped at all: a path that they guard answers 503 rather than be open to everybody (R19).
import type { ObjectRef } from '../kube/ref.ts';
import type { Problem } from '../model/types.ts';
import type { Risk } from './contract.ts';

export interface NotSupported {
  readonly risk: Risk;
  /** 'closed': it restricts who gets in, or may, so its paths answer 503; 'ignored': the rest is served without it. */
  readonly without: 'closed' | 'ignored';
  readonly why: string;
}

function entry(without: NotSupported['without'], risk: Risk, why = 'not yet'): NotSupported {
  return { without, risk, why };
}

export const NOT_SUPPORTED: ReadonlyMap<string, NotSupported> = new Map([
  ['affinity', entry('ignored', 'Low')],
  ['affinity-canary-behavior', entry('ignored', 'Low')],
  ['affinity-mode', entry('ignored', 'Medium')],
  ['allowlist-source-range', entry('closed', 'Medium')],
  ['auth-always-set-cookie', entry('ignored', 'Low')],
  ['auth-cache-duration', entry('ignored', 'Medium')],
  ['auth-cache-key', entry('ignored', 'Medium')],
  ['auth-keepalive', entry('ignored', 'Low')],
  ['auth-keepalive-requests', entry('ignored', 'Low')],
  ['auth-keepalive-share-vars', entry('ignored', 'Low')],
  ['auth-keepalive-timeout', entry('ignored', 'Low')],
  ['auth-method', entry('ignored', 'Low')],
  ['auth-proxy-set-headers', entry('ignored', 'Medium')],
  ['auth-realm', entry('ignored', 'Medium')],
  ['auth-request-redirect', entry('ignored', 'Medium')],
  ['auth-response-headers', entry('ignored', 'Medium')],
  ['auth-secret', entry('ignored', 'Medium')],
  ['auth-secret-type', entry('ignored', 'Low')],
  ['auth-signin', entry('ignored', 'High')],
  ['auth-signin-redirect-param', entry('ignored', 'Medium')],
  ['auth-snippet', entry('closed', 'Critical')],
  ['auth-tls-error-page', entry('ignored', 'High')],
  ['auth-tls-match-cn', entry('closed', 'High')],
  ['auth-tls-pass-certificate-to-upstream', entry('ignored', 'Low')],
  ['auth-tls-secret', entry('closed', 'Medium')],
  ['auth-tls-verify-client', entry('closed', 'Medium')],
  ['auth-tls-verify-depth', entry('ignored', 'Low')],
  ['auth-type', entry('closed', 'Low')],
  ['auth-url', entry('closed', 'High')],
  ['canary-by-cookie', entry('ignored', 'Medium')],
  ['canary-by-header', entry('ignored', 'Medium')],
  ['canary-by-header-pattern', entry('ignored', 'Medium')],
  ['canary-by-header-value', entry('ignored', 'Medium')],
  ['canary-weight', entry('ignored', 'Low')],
  ['canary-weight-total', entry('ignored', 'Low')],
  ['cors-allow-credentials', entry('ignored', 'Low')],
  ['cors-allow-headers', entry('ignored', 'Medium')],
  ['cors-allow-methods', entry('ignored', 'Medium')],
  ['cors-allow-origin', entry('ignored', 'Medium')],
  ['cors-expose-headers', entry('ignored', 'Medium')],
  ['cors-max-age', entry('ignored', 'Low')],
  ['custom-headers', entry('ignored', 'Medium')],
  ['custom-http-errors', entry('ignored', 'Low')],
  ['default-backend', entry('ignored', 'Low')],
  ['denylist-source-range', entry('closed', 'Medium')],
  ['disable-proxy-intercept-errors', entry('ignored', 'Low')],
  ['enable-access-log', entry('ignored', 'Low')],
  ['enable-cors', entry('ignored', 'Low')],
  ['enable-global-auth', entry('ignored', 'Low')],
  ['enable-modsecurity', entry('ignored', 'Low')],
  ['enable-opentelemetry', entry('ignored', 'Low')],
  ['enable-owasp-core-rules', entry('ignored', 'Low')],
  ['enable-rewrite-log', entry('ignored', 'Low')],
  ['fastcgi-index', entry('ignored', 'Medium')],
  ['fastcgi-params-configmap', entry('ignored', 'Medium')],
  ['from-to-www-redirect', entry('ignored', 'Low')],
  ['http2-push-preload', entry('ignored', 'Low')],
  ['limit-allowlist', entry('ignored', 'Low')],
  ['limit-burst-multiplier', entry('ignored', 'Low')],
  ['limit-connections', entry('ignored', 'Low')],
  ['limit-rate', entry('ignored', 'Low')],
  ['limit-rate-after', entry('ignored', 'Low')],
  ['limit-rpm', entry('ignored', 'Low')],
  ['limit-rps', entry('ignored', 'Low')],
  ['limit-whitelist', entry('ignored', 'Low')],
  ['load-balance', entry('ignored', 'Low')],
  ['mirror-host', entry('ignored', 'High')],
  ['mirror-request-body', entry('ignored', 'Low')],
  ['mirror-target', entry('ignored', 'High')],
  ['modsecurity-snippet', entry('closed', 'Critical')],
  ['modsecurity-transaction-id', entry('ignored', 'High')],
  ['opentelemetry-operation-name', entry('ignored', 'Medium')],
  ['opentelemetry-trust-incoming-span', entry('ignored', 'Low')],
  ['permanent-redirect', entry('ignored', 'Medium')],
  ['permanent-redirect-code', entry('ignored', 'Low')],
  ['proxy-ssl-ciphers', entry('ignored', 'Medium')],
  ['proxy-ssl-name', entry('ignored', 'High')],
  ['proxy-ssl-protocols', entry('ignored', 'Low')],
  ['proxy-ssl-secret', entry('ignored', 'Medium')],
  ['proxy-ssl-server-name', entry('ignored', 'Low')],
  ['proxy-ssl-verify', entry('ignored', 'Low')],
  ['proxy-ssl-verify-depth', entry('ignored', 'Low')],
  ['relative-redirects', entry('ignored', 'Low')],
  ['rewrite-target', entry('ignored', 'Medium')],
  ['satisfy', entry('ignored', 'Low')],
  ['server-alias', entry('ignored', 'High')],
  ['session-cookie-change-on-failure', entry('ignored', 'Low')],
  ['session-cookie-conditional-samesite-none', entry('ignored', 'Low')],
  ['session-cookie-domain', entry('ignored', 'Medium')],
  ['session-cookie-expires', entry('ignored', 'Medium')],
  ['session-cookie-max-age', entry('ignored', 'Medium')],
  ['session-cookie-name', entry('ignored', 'Medium')],
  ['session-cookie-path', entry('ignored', 'Medium')],
  ['session-cookie-samesite', entry('ignored', 'Low')],
  ['session-cookie-secure', entry('ignored', 'Low')],
  ['ssl-passthrough', entry('ignored', 'Low')],
  ['stream-snippet', entry('ignored', 'Critical')],
  ['temporal-redirect', entry('ignored', 'Medium')],
  ['temporal-redirect-code', entry('ignored', 'Low')],
  ['upstream-hash-by', entry('ignored', 'High')],
  ['upstream-hash-by-subset', entry('ignored', 'Low')],
  ['upstream-hash-by-subset-size', entry('ignored', 'Low')],
  ['upstream-vhost', entry('ignored', 'Low')],
  ['use-port-in-redirects', entry('ignored', 'Low')],
  ['use-regex', entry('ignored', 'Low')],
  ['whitelist-source-range', entry('closed', 'Medium')],
  ['x-forwarded-prefix', entry('ignored', 'Medium')],
]);

/** What is said of them, and why the object's paths must not be served, if they must not. */
export function withoutUnsupported(
  annotations: ReadonlyMap<string, string>,
  object: ObjectRef,
  prefix: string,
): { readonly deny: string | null; readonly problems: readonly Problem[] } {
  let deny: string | null = null;
  const problems: Problem[] = [];
  for (const [name, value] of annotations) {
    const key = name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : '';
    const found = NOT_SUPPORTED.get(key);
    if (found === undefined || value === '') continue;
    const closed = found.without === 'closed';
    if (closed) deny = `annotation ${key} is not supported`;
    problems.push({
      object,
      severity: closed ? 'error' : 'warning',
      code: 'annotation-unsupported',
      message: closed
        ? `annotation ${key} is not supported by this version; its paths answer 503 rather than be served without it`
        : `annotation ${key} is not supported by this version and has no effect`,
    });
  }
  return { deny, problems };
}
