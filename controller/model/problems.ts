// Lists of Problems: without repeats, in an order that does not depend on events; and those that depend on the time of day.
import { keyOf, showRef } from '../kube/ref.ts';
import type { Model, Problem } from './types.ts';

function idOf({ object, severity, code, message }: Problem): string {
  return [object.kind, keyOf(object), code, severity, message].join('\0');
}

/** Drops repeats and sorts by object, code and message. */
export function tidy(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [idOf(problem), problem]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem);
}

/** Certificates in use that are past their date at `now` (milliseconds since 1970). They are served all the same (TLS-03). */
export function expiredCertificates(model: Model, now: number): Problem[] {
  const problems: Problem[] = [];
  for (const { secret, notAfter } of model.certificates.values()) {
    if (secret === null || notAfter > now) continue;
    const [namespace = '', name = ''] = secret.split('/');
    problems.push({
      object: { kind: 'Secret', namespace, name },
      severity: 'warning',
      code: 'certificate-expired',
      message: `its certificate expired on ${new Date(notAfter).toISOString()}; it is served all the same`,
    });
  }
  return tidy(problems);
}

/** One line for logs and `sluice render`. */
export function showProblem({ object, severity, code, message }: Problem): string {
  return `${severity} ${code}: ${showRef(object)}: ${message}`;
}
