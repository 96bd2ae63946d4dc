// The location that asks a service who somebody is (templates/auth-question.hbs), and the headers that the service gets.
import type { Settings } from '../model/settings.ts';
import type { AuthLocation, Directive } from '../model/types.ts';
import { CLIENT_CERTIFICATE_HEADERS } from './client-certificate.ts';
import { headerName, quoted, rawConfiguration, type Token, word } from './literal.ts';
import { headersSetIn, withoutThoseOf } from './snippet.ts';

/** Headers of the question beside all those of the client; an empty value removes one. */
function baseHeaders(settings: Settings): [name: string, value: string][] {
  return [
    ['Host', '$sluice_auth_host'],
    ['Connection', ''],
    ['Content-Length', ''],
    ['X-Original-URL', '$scheme://$best_http_host$request_uri'],
    ['X-Original-Method', '$request_method'],
    ['X-Original-URI', '$sluice_auth_original_uri'],
    ['X-Scheme', '$sluice_auth_scheme'],
    ['X-Sent-From', 'nginx-ingress-controller'],
    ['X-Real-IP', '$remote_addr'],
    ['X-Forwarded-For', '$full_x_forwarded_for'],
    ['X-Forwarded-Proto', ''],
    ['X-Auth-Request-Redirect', '$sluice_auth_redirect'],
    ['X-Request-ID', '$req_id'],
    ...CLIENT_CERTIFICATE_HEADERS.map(([name, value]): [string, string] => [name, value]),
    // Services believe these about the request that they are asked about, so clients may not make them up (R19).
    ...(settings.useForwardedHeaders ? [] : CLIENT_CLAIMS.map((name): [string, string] => [name, ''])),
  ];
}

const CLIENT_CLAIMS = [
  'Forwarded',
  'X-Forwarded-Host',
  'X-Forwarded-Method',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Scheme',
  'X-Forwarded-Server',
  'X-Forwarded-Uri',
];

const UPSTREAMS = {
  http: 'http://upstream_auth_http$sluice_auth_uri',
  https: 'https://upstream_auth_https$sluice_auth_uri',
} as const;

/** What a question is beside its headers; a snippet may say it otherwise. */
const DIRECTIVES: readonly Directive[] = [
  ['proxy_method', '$sluice_auth_method'],
  ['proxy_pass_request_body', 'off'],
  ['proxy_http_version', '1.1'],
  ['proxy_next_upstream', 'error', 'timeout'],
  ['proxy_ssl_server_name', 'on'],
  ['proxy_ssl_name', '$sluice_auth_host'],
  ['proxy_ssl_session_reuse', 'off'],
].map(([name = '', ...args]) => ({ name, args: args.map(word) }));

/** `name` is the last part of the URI of the location. */
export function authView(auth: AuthLocation, name: string, settings: Settings) {
  const values = auth.headers.map((_, index) => word(`$sluice_auth_value_${index + 1}`));
  const texts = [auth.snippet, auth.askedBy === 'settings' ? settings.globalAuthSnippet : null].filter(
    (text) => text !== null,
  );
  const chosen = new Set(auth.headers.map((header) => header.toLowerCase()));
  const set = headersSetIn(texts, 'proxy_set_header');
  const headers = [
    ...baseHeaders(settings)
      .filter(([header]) => !chosen.has(header.toLowerCase()))
      .map(([header, value]): [Token, Token] => [word(header), quoted(value)]),
    ...auth.headers.map((header, index): [Token, Token] => [headerName(header), values[index] ?? quoted('')]),
  ].filter(([header]) => !set?.has(header.text.toLowerCase()));
  const directives = texts.reduce<readonly Directive[]>(
    (rest, text) => withoutThoseOf(text, rest),
    [...auth.directives, ...DIRECTIVES],
  );
  return {
    uri: word(`//sluice/auth/${name}`),
    signin: auth.signin,
    upstream: word(UPSTREAMS[auth.scheme]),
    values,
    snippets: texts.map(rawConfiguration),
    directives: directives.map((directive) => ({ name: word(directive.name), args: directive.args })),
    headers: headers.map(([header, value]) => ({ name: header, value })),
  };
}
