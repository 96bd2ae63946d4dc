// Annotations of ingress-nginx that this version does not support. None is dropped in silence, and those that keep somebody out
// are not dropped at all: a path that they guard answers 503 rather than be open to everybody (R19).
import type { Risk } from './contract.ts';

export interface NotSupported {
  readonly risk: Risk;
  /** 'closed': it restricts who gets in, or may, so its paths answer 503; 'ignored': the rest is served without it. */
  readonly without: 'closed' | 'ignored';
  readonly why: string;
}

const MODSECURITY = 'needs the module ModSecurity, which the OpenResty image lacks';
const OPENTELEMETRY = 'OpenTelemetry is not there yet';

function entry(without: NotSupported['without'], risk: Risk, why = 'not yet'): NotSupported {
  return { without, risk, why };
}

export const NOT_SUPPORTED: ReadonlyMap<string, NotSupported> = new Map([
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
  ['configuration-snippet', entry('closed', 'Critical')],
  ['denylist-source-range', entry('closed', 'Medium')],
  ['enable-global-auth', entry('ignored', 'Low')],
  ['enable-modsecurity', entry('ignored', 'Low', MODSECURITY)],
  ['enable-opentelemetry', entry('ignored', 'Low', OPENTELEMETRY)],
  ['enable-owasp-core-rules', entry('ignored', 'Low', MODSECURITY)],
  ['fastcgi-index', entry('ignored', 'Medium')],
  ['fastcgi-params-configmap', entry('ignored', 'Medium')],
  ['modsecurity-snippet', entry('closed', 'Critical', MODSECURITY)],
  ['modsecurity-transaction-id', entry('ignored', 'High', MODSECURITY)],
  ['opentelemetry-operation-name', entry('ignored', 'Medium', OPENTELEMETRY)],
  ['opentelemetry-trust-incoming-span', entry('ignored', 'Low', OPENTELEMETRY)],
  ['proxy-ssl-ciphers', entry('ignored', 'Medium')],
  ['proxy-ssl-name', entry('ignored', 'High')],
  ['proxy-ssl-protocols', entry('ignored', 'Low')],
  ['proxy-ssl-secret', entry('ignored', 'Medium')],
  ['proxy-ssl-server-name', entry('ignored', 'Low')],
  ['proxy-ssl-verify', entry('ignored', 'Low')],
  ['proxy-ssl-verify-depth', entry('ignored', 'Low')],
  ['satisfy', entry('ignored', 'Low')],
  ['server-snippet', entry('closed', 'Critical')],
  ['ssl-passthrough', entry('ignored', 'Low', 'TLS passthrough is not there yet')],
  ['stream-snippet', entry('closed', 'Critical', 'TCP and UDP services are not there yet')],
  ['whitelist-source-range', entry('closed', 'Medium')],
]);
