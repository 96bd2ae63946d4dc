// Before a path is chosen: TLS, blocked clients, and what holds for the whole host.

import { regexOf } from '../../../explain/regex.ts';
import type { Phase } from '../explanation.ts';
import { textOf } from '../rewrite.ts';
import { portOf, schemeSeen, withoutSlash } from '../urls.ts';
import { end, note, type Step } from './step.ts';

export const connection: Step = ({ question, settings, lookup }) => {
  if (question.scheme === 'http') return [];
  if (lookup.hasCertificate) return [note('TLS', 'a certificate of this name is shown')];
  const isRefused = settings.reject_handshake === true;
  return [
    note(
      'TLS',
      isRefused
        ? 'no certificate: the handshake is refused (ssl-reject-handshake)'
        : 'the default certificate is shown',
    ),
  ];
};

export const blocked: Step = ({ question, settings }) => {
  const lists = [
    ['user-agent', 'block-user-agents', settings.blocked?.user_agents ?? []],
    ['referer', 'block-referers', settings.blocked?.referers ?? []],
  ] as const;
  return lists.flatMap(([header, key, patterns]) => {
    const value = question.headers.get(header);
    if (value === undefined || patterns.length === 0) return [];
    const isBlocked = patterns.some((pattern) => {
      if ('text' in pattern) return pattern.text === value;
      const regex = regexOf(pattern.regex);
      return (
        regex.kind === 'regex' && new RegExp(regex.regex.source, pattern.options.includes('i') ? 'i' : '').test(value)
      );
    });
    return isBlocked ? [end('blocked', 403, `${header} ${JSON.stringify(value)} (${key})`)] : [];
  });
};

export const ofHost: Step = ({ host, question, settings, lookup }) => {
  const { policy } = host;
  const phases: Phase[] = [];
  if (host.name === '_' && question.uri === settings.health_check_path) {
    return [end('own page', 200, 'the health check of the controller answers')];
  }
  if (policy.client_certificates !== undefined) {
    const page = policy.client_certificates.error_page;
    const without = page === undefined ? '400' : `a redirect to ${page}`;
    phases.push(note('client certificate', `asked for by its server; who has none, or a bad one, gets ${without}`));
    if (question.scheme === 'http') phases.push(note('client certificate', 'over plain HTTP there is none to show'));
  }
  if (host.denied === true) return [...phases, end('host', 403, 'every path of the host is refused')];
  if (policy.leads_to !== undefined) {
    const { host: other = '', code = 308 } = policy.leads_to;
    const location = `${schemeSeen(question, settings)}://${other}${portOf(question, 'always')}${withoutSlash(question.target)}`;
    return [...phases, end('host', code, `all requests lead to ${other} (from-to-www-redirect)`, location)];
  }
  if (policy.app_root !== undefined && question.uri === '/') {
    const location = `${schemeSeen(question, settings)}://${question.host}${textOf(policy.app_root)}`;
    return [...phases, end('app-root', 302, `"/" leads to ${textOf(policy.app_root)}`, location)];
  }
  if (host.native === true)
    phases.push(
      note('host', "native mode: its paths are nginx's own locations, and its snippets may change everything"),
    );
  if (lookup.isAlias) phases.push(note('host', 'found by a server-alias that is a pattern'));
  return phases;
};
