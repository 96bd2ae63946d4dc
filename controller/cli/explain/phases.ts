// What each phase does with a request, in the order of lua/router/router.lua (PHASE-01), as far as it can be told beforehand.
import ipaddr from 'ipaddr.js';
import type { TemplatePart } from '../../feature/template.ts';
import type { Phase } from './explanation.ts';
import { type Lookup, nameOf } from './lookup.ts';
import { type Question, variableOf } from './question.ts';
import { regexOf } from './regex.ts';
import type { BackendValue, HostValue, RouteValue, SettingsValue } from './values.ts';

export interface Situation {
  readonly question: Question;
  readonly settings: SettingsValue;
  readonly lookup: Extract<Lookup, { kind: 'host' }>;
  readonly host: HostValue;
  readonly route: RouteValue | null;
  /** Of the route; null where it has none. */
  readonly backend: BackendValue | null;
  /** Whether the route's default-backend can answer. */
  readonly hasStandIn: boolean;
}

type Step = (situation: Situation) => readonly Phase[];

/** Up to the one that ends the request. */
export function phasesOf(situation: Situation): Phase[] {
  const phases: Phase[] = [];
  for (const step of STEPS) {
    for (const phase of step(situation)) {
      phases.push(phase);
      if (phase.ends !== null) return phases;
    }
  }
  return phases;
}

function note(phase: string, text: string): Phase {
  return { phase, text, ends: null };
}

function end(phase: string, status: number, text: string, location: string | null = null): Phase {
  return { phase, text, ends: { status, location } };
}

const connection: Step = ({ question, settings, lookup }) => {
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

const blocked: Step = ({ question, settings }) => {
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

const ofHost: Step = ({ host, question, settings, lookup }) => {
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

function withoutSlash(target: string): string {
  return target.replace(/\/$/, '');
}

/** ":port" as the URL has it; 'unusual': only where clients do not take it for granted. */
function portOf({ host, scheme }: Question, written: 'always' | 'unusual'): string {
  const usual = scheme === 'https' ? '443' : '80';
  const port = /:(\d+)$/.exec(host)?.[1] ?? usual;
  return written === 'unusual' && port === usual ? '' : `:${port}`;
}

/** A path of the host that was asked for, as redirects write it (lua/lib/redirect.lua). */
function toPath({ policy }: RouteValue, question: Question, settings: SettingsValue, path: string): string {
  if (policy.relative_redirects === true) return path;
  const port = policy.port_in_redirects === true ? portOf(question, 'unusual') : '';
  return `${schemeSeen(question, settings)}://${nameOf(question.host) ?? ''}${port}${path}`;
}

const ofPath: Step = ({ route, lookup, question, settings }) => {
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

const cors: Step = ({ route, question }) => {
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

const redirects: Step = ({ route, question, settings, lookup }) => {
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

function schemeSeen(question: Question, settings: SettingsValue): string {
  const forwarded = settings.use_forwarded_headers ? question.headers.get('x-forwarded-proto') : undefined;
  return forwarded ?? question.scheme;
}

const toBackend: Step = ({ route, backend, hasStandIn }) => {
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

const limits: Step = ({ route, question }) => {
  const policy = route?.policy.limits;
  if (policy === undefined) return [];
  const parts = [
    ...(policy.connections === undefined ? [] : [`${policy.connections} requests at once`]),
    ...(policy.per_second === undefined ? [] : [`${policy.per_second} a second`]),
    ...(policy.per_minute === undefined ? [] : [`${policy.per_minute} a minute`]),
  ];
  if (policy.exempt !== undefined && question.clientIp !== null && inside(question.clientIp, policy.exempt)) {
    return [note('limits', `${question.clientIp} is not counted`)];
  }
  return [note('limits', `each client ${parts.join(', ')}`)];
};

const access: Step = ({ route, question }) => {
  if (route === null) return [];
  const { allow_from: allow, deny_from: deny, basic_auth: basic, external_auth: external, satisfy } = route.policy;
  const phases: Phase[] = [];
  const listed = listsSay(allow, deny, question.clientIp);
  if (allow !== undefined || deny !== undefined) {
    const lists = [
      ...(allow === undefined ? [] : [`let in: ${allow.join(', ')}`]),
      ...(deny === undefined ? [] : [`kept out: ${deny.join(', ')}`]),
    ].join('; ');
    const isDecided = listed === false && (satisfy !== 'any' || (basic === undefined && external === undefined));
    if (isDecided) return [end('access list', 403, `${question.clientIp ?? ''} may not enter (${lists})`)];
    phases.push(
      listed === true
        ? note('access', `${question.clientIp ?? ''} may enter (${lists})`)
        : note('access list', question.clientIp === null ? `${lists}; --client-ip says who asks` : lists),
    );
  }
  if (satisfy === 'any' && listed === true) return [...phases, note('access', 'the list is enough (satisfy: any)')];
  if (basic !== undefined) {
    const hasPassword = /^basic /i.test(question.headers.get('authorization') ?? '');
    if (!hasPassword && !(satisfy === 'any' && external !== undefined)) {
      return [
        ...phases,
        end('basic authentication', 401, `asks for a password (realm ${JSON.stringify(basic.realm ?? '')})`),
      ];
    }
    if (hasPassword) phases.push(note('basic authentication', 'checks the password, which is not done here'));
  }
  if (external !== undefined) {
    const where = `${textOf(external.host ?? [])}:${external.port ?? ''}${textOf(external.uri ?? [])}`;
    const signin = external.signin === undefined ? '401' : `a redirect to ${textOf(external.signin)}`;
    phases.push(note('external authentication', `asks ${where}; who is refused gets ${signin} or 403`));
  }
  return phases;
};

function listsSay(
  allow: readonly string[] | undefined,
  deny: readonly string[] | undefined,
  client: string | null,
): boolean | null {
  if (client === null) return null;
  if (deny !== undefined && inside(client, deny)) return false;
  return allow === undefined ? null : inside(client, allow);
}

function inside(client: string, networks: readonly string[]): boolean {
  const address = ipaddr.process(client);
  return networks.some((text) => {
    const [network, bits] = ipaddr.parseCIDR(text);
    return network.kind() === address.kind() && address.match(network, bits);
  });
}

const builtInPage: Step = ({ route, backend, hasStandIn }) =>
  route?.target.kind === 'default' && (backend === null || backend.endpoints.length === 0) && !hasStandIn
    ? [end('backend', 404, 'the built-in page of the default backend answers')]
    : [];

const sending: Step = ({ route, question, settings }) => {
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

const STEPS: readonly Step[] = [
  connection,
  blocked,
  ofHost,
  ofPath,
  cors,
  redirects,
  toBackend,
  limits,
  access,
  builtInPage,
  sending,
];

/** null without rewrite-target, or where the path does not match; `text` null where only the request can fill it in. */
function rewritten(
  route: RouteValue,
  { uri, ...question }: Question,
): { template: string; text: string | null } | null {
  const target = route.policy.rewrite?.target as readonly TemplatePart[] | undefined;
  if (target === undefined || uri === null) return null;
  const regex = regexOf(route.path);
  if (regex.kind !== 'regex') return { template: textOf(target), text: null };
  const match = regex.regex.exec(uri);
  if (match === null) return null;
  const parts = target.map((part): string | null => {
    if (typeof part === 'string') return part;
    if ('capture' in part) return match[part.capture] ?? '';
    return /^(http|cookie)_/.test(part.variable) ? (variableOf({ uri, ...question }, part.variable) ?? '') : null;
  });
  return { template: textOf(target), text: parts.includes(null) ? null : parts.join('') };
}

/** A path as nginx writes it: a character stands for a byte. */
function escaped(uri: string): string {
  return uri.replace(
    /[^A-Za-z0-9/!$&'()*+,\-.:;=@_~]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** A template as its owner wrote it. */
export function textOf(template: unknown): string {
  if (!Array.isArray(template)) return String(template);
  return (template as readonly TemplatePart[])
    .map((part) => (typeof part === 'string' ? part : 'capture' in part ? `$${part.capture}` : `$${part.variable}`))
    .join('');
}
