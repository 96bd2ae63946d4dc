// The backend: whether it can serve, and how requests are sent there.
import type { Phase } from '../explanation.ts';
import { rewritten, textOf } from '../rewrite.ts';
import { end, note, type Step } from './step.ts';

export const toBackend: Step = ({ route, backend, hasStandIn }) => {
  if (route === null) return [];
  const canServe =
    backend !== null &&
    (backend.endpoints.length > 0 || backend.resolve !== undefined || (backend.elsewhere ?? []).length > 0);
  if (canServe) return [];
  if (hasStandIn)
    return [note('backend', `no endpoints: default-backend ${route.policy.default_backend ?? ''} answers`)];
  // Who may not enter does not get the built-in 404 either.
  if (route.target.kind === 'default') return [];
  return [end('backend', 503, `${route.target.id ?? 'the backend'} has no endpoints`)];
};

export const builtInPage: Step = ({ route, backend, hasStandIn }) =>
  route?.target.kind === 'default' && (backend === null || backend.endpoints.length === 0) && !hasStandIn
    ? [end('backend', 404, 'the built-in page of the default backend answers')]
    : [];

export const sending: Step = ({ route, question, settings }) => {
  if (route === null) return [];
  const { policy } = route;
  const phases: Phase[] = [];
  const rewrite = rewritten(route, question);
  if (rewrite !== null) {
    phases.push(
      rewrite.text === null
        ? note('rewrite', `to ${rewrite.template}`)
        : /^\/(?!.*\/\.\.?(\/|$))/.test(rewrite.text)
          ? note('rewrite', `to ${rewrite.text}`)
          : end('rewrite', 400, `${rewrite.text} is no path, or has dot segments`),
    );
  }
  if (policy.upstream_host !== undefined)
    phases.push(note('Host header', `the backend sees ${textOf(policy.upstream_host)}`));
  if (policy.bandwidth !== undefined) {
    phases.push(
      note(
        'bandwidth',
        `${policy.bandwidth.bytes_per_second ?? 0} bytes a second, after ${policy.bandwidth.after ?? 0}`,
      ),
    );
  }
  if (policy.mirror !== undefined) {
    phases.push(
      note(
        'mirror',
        `a copy goes to ${policy.mirror.scheme ?? ''}://${policy.mirror.host ?? ''}:${policy.mirror.port ?? ''}`,
      ),
    );
  }
  const body = policy.max_body_bytes ?? 0;
  phases.push(note('request body', body === 0 ? 'of any size' : `at most ${body} bytes, else 413`));
  const { connect, send, read } = policy.timeouts ?? {};
  phases.push(note('timeouts', `connect ${connect} s, send ${send} s, read ${read} s`));
  phases.push(note('retries', policy.tries === 0 ? 'tries without limit' : `${policy.tries ?? 1} tries in all`));
  if (policy.error_codes !== undefined)
    phases.push(note('errors', `answers ${policy.error_codes.join(', ')} are replaced`));
  const headers = (policy.custom_headers ?? []).map((header) => String((header as readonly unknown[])[0]));
  if (headers.length > 0) phases.push(note('response', `with headers ${headers.join(', ')}`));
  if (policy.issues_session === true) phases.push(note('response', 'begins a sticky session, with a cookie'));
  if (settings.hsts !== undefined && question.scheme === 'https') {
    phases.push(note('response', `Strict-Transport-Security: ${settings.hsts}`));
  }
  if (policy.access_log === false) phases.push(note('access log', 'not written'));
  return phases;
};
