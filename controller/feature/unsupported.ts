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
  ['affinity', entry('ignored', 'Low')],
  ['affinity-canary-behavior', entry('ignored', 'Low')],
  ['affinity-mode', entry('ignored', 'Medium')],
  ['auth-snippet', entry('closed', 'Critical')],
  ['canary-by-cookie', entry('ignored', 'Medium')],
  ['canary-by-header', entry('ignored', 'Medium')],
  ['canary-by-header-pattern', entry('ignored', 'Medium')],
  ['canary-by-header-value', entry('ignored', 'Medium')],
  ['canary-weight', entry('ignored', 'Low')],
  ['canary-weight-total', entry('ignored', 'Low')],
  ['enable-modsecurity', entry('ignored', 'Low', MODSECURITY)],
  ['enable-opentelemetry', entry('ignored', 'Low', OPENTELEMETRY)],
  ['enable-owasp-core-rules', entry('ignored', 'Low', MODSECURITY)],
  ['load-balance', entry('ignored', 'Low')],
  ['modsecurity-snippet', entry('closed', 'Critical', MODSECURITY)],
  ['modsecurity-transaction-id', entry('ignored', 'High', MODSECURITY)],
  ['opentelemetry-operation-name', entry('ignored', 'Medium', OPENTELEMETRY)],
  ['opentelemetry-trust-incoming-span', entry('ignored', 'Low', OPENTELEMETRY)],
  ['session-cookie-change-on-failure', entry('ignored', 'Low')],
  ['session-cookie-conditional-samesite-none', entry('ignored', 'Low')],
  ['session-cookie-domain', entry('ignored', 'Medium')],
  ['session-cookie-expires', entry('ignored', 'Medium')],
  ['session-cookie-max-age', entry('ignored', 'Medium')],
  ['session-cookie-name', entry('ignored', 'Medium')],
  ['session-cookie-path', entry('ignored', 'Medium')],
  ['session-cookie-samesite', entry('ignored', 'Low')],
  ['session-cookie-secure', entry('ignored', 'Low')],
  ['ssl-passthrough', entry('ignored', 'Low', 'TLS passthrough is not there yet')],
  ['stream-snippet', entry('ignored', 'Critical', 'TCP and UDP services are not there yet')],
  ['upstream-hash-by', entry('ignored', 'High')],
  ['upstream-hash-by-subset', entry('ignored', 'Low')],
  ['upstream-hash-by-subset-size', entry('ignored', 'Low')],
]);
