// Values of external authentication, shared by the auth-* annotations and the global-auth-* keys of the ConfigMap.
import type { AuthCache, ExternalAuth } from '../model/policy.ts';
import type { AuthLocation } from '../model/types.ts';
import type { RouteDraft } from './draft.ts';
import { accepted, type Parsed, type Parser, refused } from './parse.ts';
import { constantOf, type Template, type TemplatePart, templateOf } from './template.ts';

/** Where the service is: the parts of its URL. */
export interface AuthUrl {
  readonly scheme: 'http' | 'https';
  readonly host: Template;
  readonly port: number;
  readonly uri: Template;
}

const URL_CHARACTERS = /[A-Za-z0-9._~/:,?&= -]/;
const URLVAR = /^[A-Za-z0-9._~/:,?&=$ -]*$/;
const URL_ACCEPTS = 'a URL of letters, digits and - . _ ~ / : , ? & =, with nginx variables';

/** URLVAR: variables without braces. */
function urlTemplate(text: string): Parsed<Template> {
  return URLVAR.test(text) ? templateOf(URL_CHARACTERS, URL_ACCEPTS)(text) : refused(URL_ACCEPTS);
}

/**
 * Scheme and port are literal; host, path and query may have variables. A host that is the Host header is the one that the
 * request was routed by, without its port: the header alone may name another (RFC 9112, 3.2.2).
 */
export const authUrl: Parser<AuthUrl> = (text) => {
  const whole = urlTemplate(text);
  if (!whole.ok) return whole;
  const [, scheme, authority = '', rest = ''] = /^(https?):\/\/([^/?]*)(.*)$/.exec(text.trim()) ?? [];
  if (scheme !== 'http' && scheme !== 'https') return refused('a URL that begins with http:// or https://', CLOSED);
  const [, name = '', port] = /^([A-Za-z0-9._$-]+)(?::([0-9]{1,5}))?$/.exec(authority) ?? [];
  if (name === '' || name.includes('..')) return refused('a URL with a host and an optional port', CLOSED);
  const number = port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port);
  if (number < 1 || number > 65535) return refused('a port from 1 to 65535', CLOSED);
  const host = urlTemplate(name.replaceAll(/\$(best_)?http_host\b/g, '$host'));
  const uri = urlTemplate(rest.startsWith('/') ? rest : `/${rest}`);
  if (!host.ok) return host;
  return uri.ok ? accepted({ scheme, host: host.value, port: number, uri: uri.value }) : uri;
};

const CLOSED = 'deny-location';

/** A URL to send somebody to; a path of the same host is one too. */
export const signinUrl: Parser<Template> = urlTemplate;

/** URL_S. */
export const redirectParameter: Parser<string> = (text) =>
  /^[A-Za-z0-9._~/:,?&= -]+$/.test(text) ? accepted(text.trim()) : refused('letters, digits and - . _ ~ / : , ? & =');

/** The sign-in URL with the request's own in its query, unless its author put that in. */
export function withRedirect(url: Template, parameter: string): Template {
  const text = url.map((part) => (typeof part === 'string' ? part : '$')).join('');
  const query = text.includes('?') ? text.slice(text.indexOf('?') + 1) : null;
  if (query?.split('&').some((pair) => pair === parameter || pair.startsWith(`${parameter}=`))) return url;
  const own: readonly TemplatePart[] = [
    `${query === null ? '?' : '&'}${parameter}=`,
    { variable: 'pass_access_scheme' },
    '://',
    { variable: 'best_http_host' },
    { variable: 'escaped_request_uri' },
  ];
  return [...url, ...own];
}

/** Value of X-Auth-Request-Redirect. "$" is accepted, unlike before. */
export const requestRedirect: Parser<Template> = urlTemplate;

/** NGXVAR_S. */
export const cacheKey: Parser<Template> = (text) =>
  templateOf(/[A-Za-z0-9_ -]/, 'letters, digits, - and _, with nginx variables')(text);

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE'];

export const authMethod: Parser<string> = (text) =>
  METHODS.includes(text.trim()) ? accepted(text.trim()) : refused(METHODS.join(', '));

/** Headers that say where a message ends or whose connection it is: an answer that set them would split the backend's request. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export function isHeaderName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,100}$/.test(text) && !FRAMING.has(text.toLowerCase().replaceAll('_', '-'));
}

/** HEADERLIST: names in their order, each once. */
export const headerNames: Parser<readonly string[]> = (text) => {
  const names = new Map<string, string>();
  for (const part of text.split(',')) {
    const name = part.trim();
    if (name === '') continue;
    if (!isHeaderName(name)) return refused('names of headers between commas, none that frames a message');
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return accepted([...names.values()]);
};

const UNITS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
};

/** "200 202 10m, 401 1m": statuses, then a time. As nginx's proxy_cache_valid: no status stands for 200, "any" for all. */
export const cacheDurations: Parser<AuthCache['durations']> = (text) => {
  const accepts = 'items such as "200 202 10m, 401 1m", each with a time at its end';
  if (!/^[A-Za-z0-9._~/:, -]*$/.test(text)) return refused(accepts);
  const durations: [number, number][] = [];
  for (const item of text.split(',')) {
    const words = item.split(' ').filter((word) => word !== '');
    if (words.length === 0) continue;
    const times = words.flatMap((word) => secondsOf(word) ?? []);
    const last = times.at(-1);
    const firstTime = words.findIndex((word) => secondsOf(word) !== null);
    if (last === undefined || words.slice(firstTime).some((word) => /^[0-9]{3}$/.test(word))) return refused(accepts);
    const statuses = words.flatMap((word) => (/^[0-9]{3}$/.test(word) ? [Number(word)] : word === 'any' ? [0] : []));
    for (const status of statuses.length === 0 ? [200] : statuses) durations.push([status, last]);
  }
  return durations.length === 0 ? refused(accepts) : accepted(durations);
};

function secondsOf(word: string): number | null {
  const [, digits, unit] = /^([0-9]{1,9})(ms|s|m|h|d|w|M|y)$/.exec(word) ?? [];
  const factor = UNITS[unit ?? ''];
  return factor === undefined ? null : Math.min(Number(digits) * factor, 315_360_000);
}

export const DEFAULT_DURATIONS: AuthCache['durations'] = [
  [200, 300],
  [202, 300],
  [401, 300],
];

/** What every way to say it comes to. */
export interface AuthChoices {
  readonly url: AuthUrl;
  readonly method: string | null;
  readonly signin: Template | null;
  readonly signinParameter: string | null;
  readonly responseHeaders: readonly string[];
  readonly headerValues: readonly Template[];
  readonly redirect: Template | null;
  readonly cacheKey: Template | null;
  readonly durations: AuthCache['durations'] | null;
  readonly alwaysSetCookie: boolean;
}

/** Lets the route ask before it serves; `headers` are those that are added to the question. */
export function ask(
  draft: RouteDraft,
  headers: readonly (readonly [name: string, value: Template])[],
  choices: AuthChoices,
  asked: Pick<AuthLocation, 'snippet' | 'askedBy'>,
): void {
  draft.policy.externalAuth = externalAuth(choices);
  draft.auth = {
    scheme: choices.url.scheme,
    headers: headers.map(([name]) => name),
    signin: choices.signin !== null,
    ...asked,
  };
}

function externalAuth(choices: AuthChoices): ExternalAuth {
  const { url, method, signin, responseHeaders, headerValues, redirect, alwaysSetCookie } = choices;
  return {
    host: url.host,
    port: url.port,
    uri: url.uri,
    method,
    signin: signin === null ? null : withRedirect(signin, choices.signinParameter ?? 'rd'),
    responseHeaders,
    headerValues,
    redirect,
    cache:
      choices.cacheKey === null ? null : { key: choices.cacheKey, durations: choices.durations ?? DEFAULT_DURATIONS },
    alwaysSetCookie,
  };
}

/** Variables that are the same whatever a client says. */
const FIXED: ReadonlySet<string> = new Set(
  'ingress_name location_path namespace server_addr server_name server_port service_name service_port'.split(' '),
);

/** Whether clients choose the service: only "$host" of a rule with a host is what the rule says. */
export function isClientChosen(host: Template, routeHost: string): boolean {
  return host.some(
    (part) =>
      typeof part !== 'string' &&
      !('variable' in part && (FIXED.has(part.variable) || (part.variable === 'host' && routeHost !== '_'))),
  );
}

/** A key that says nothing of who asks gives everybody the same answer. */
export function isSharedKey(key: Template): boolean {
  return constantOf(key) !== null;
}
