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
  ['enable-modsecurity', entry('ignored', 'Low', MODSECURITY)],
  ['enable-opentelemetry', entry('ignored', 'Low', OPENTELEMETRY)],
  ['enable-owasp-core-rules', entry('ignored', 'Low', MODSECURITY)],
  ['modsecurity-snippet', entry('closed', 'Critical', MODSECURITY)],
  ['modsecurity-transaction-id', entry('ignored', 'High', MODSECURITY)],
  ['opentelemetry-operation-name', entry('ignored', 'Medium', OPENTELEMETRY)],
  ['opentelemetry-trust-incoming-span', entry('ignored', 'Low', OPENTELEMETRY)],
  ['ssl-passthrough', entry('ignored', 'Low', 'TLS passthrough is not there yet')],
  ['stream-snippet', entry('ignored', 'Critical', 'TCP and UDP services are not there yet')],
]);
