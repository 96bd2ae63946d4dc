// The path, CORS and redirects.

import { nameOf } from '../../../explain/match.ts';
import type { Phase } from '../explanation.ts';
import { rewritten } from '../rewrite.ts';
import { escaped, schemeSeen, toPath, withoutSlash } from '../urls.ts';
import { end, note, type Step } from './step.ts';

export const ofPath: Step = ({ route, lookup, question, settings }) => {
  if (route === null) return [end('path', 404, 'no path of the host matches')];
  if (lookup.leadsToSlash) {
    const query = question.query === null || question.query === '' ? '' : `?${question.query}`;
    const location = toPath(route, question, settings, `${escaped(question.uri ?? '')}/${query}`);
    return [end('path', 301, `the path is ${route.path}, with the final slash (PATH-05)`, location)];
  }
  if (lookup.status !== null) {
    return [end('path', lookup.status, `the path ${route.path} matches, and its regular expression cannot be used`)];
  }
  if (route.target.kind === 'deny') return [end('path', route.target.status ?? 503, 'the path is closed')];
  return [];
};

export const cors: Step = ({ route, question }) => {
  const policy = route?.policy.cors;
  if (policy === undefined) return [];
  const origin = question.headers.get('origin') ?? null;
  const isAllowed = originAllowed(policy.origins ?? [], origin);
  if (question.method === 'OPTIONS' && isAllowed) return [end('CORS', 204, 'preflights are answered here')];
  if (origin === null) return [note('CORS', `answers to ${(policy.origins ?? []).join(', ')} get its headers`)];
  return [
    note(
      'CORS',
      isAllowed ? `answers get its headers, for origin ${origin}` : `origin ${origin} is not allowed: no headers`,
    ),
  ];
};

function originAllowed(origins: readonly string[], origin: string | null): boolean {
  if (origins.includes('*')) return true;
  if (origin === null) return false;
  const name = origin.toLowerCase();
  const [, scheme, rest] = /^([a-z]+:\/\/)[A-Za-z0-9-]+\.([^*]+)$/.exec(name) ?? [];
  return origins.includes(name) || (scheme !== undefined && origins.includes(`${scheme}*.${rest ?? ''}`));
}

export const redirects: Step = ({ route, question, settings, lookup }) => {
  if (route === null) return [];
  const { policy } = route;
  const phases: Phase[] = [];
  if (policy.jumps_first === true)
    phases.push(note('snippet', 'its snippets come first, and may answer or change everything'));
  if (policy.redirect_to !== undefined) {
    const { url = '', code = 302 } = policy.redirect_to;
    return [
      ...phases,
      end(
        'redirect',
        code,
        `all requests lead to ${url}`,
        url.startsWith('/') ? toPath(route, question, settings, url) : url,
      ),
    ];
  }
  const rewrite = rewritten(route, question);
  if (rewrite?.text !== null && rewrite !== null && /^https?:\/\//.test(rewrite.text)) {
    return [...phases, end('redirect', 302, 'rewrite-target is a URL', rewrite.text)];
  }
  if (policy.redirect_to_tls !== true || schemeSeen(question, settings) !== 'http') return phases;
  if (lookup.isAlias && policy.force_tls !== true && !lookup.hasCertificate) return phases;
  const name = nameOf(question.host) ?? '';
  const path = policy.preserve_trailing_slash === true ? question.target : withoutSlash(question.target);
  const port = policy.port_in_redirects === true ? `:${settings.https_port}` : '';
  const location = `https://${name}${port}${path}`;
  return [...phases, end('to HTTPS', settings.redirect_code, 'plain HTTP leads to HTTPS', location)];
};
