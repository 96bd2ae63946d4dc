// The location that asks a service who somebody is (templates/auth-question.hbs), and the headers that the service gets.
import type { Settings } from '../model/settings.ts';
import type { AuthLocation } from '../model/types.ts';
import { CLIENT_CERTIFICATE_HEADERS } from './client-certificate.ts';
import { headerName, quoted, type Token, word } from './literal.ts';

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

/** `name` is the last part of the URI of the location. */
export function authView(auth: AuthLocation, name: string, settings: Settings) {
  const values = auth.headers.map((_, index) => word(`$sluice_auth_value_${index + 1}`));
  const chosen = new Set(auth.headers.map((name) => name.toLowerCase()));
  const base = baseHeaders(settings).filter(([name]) => !chosen.has(name.toLowerCase()));
  return {
    uri: word(`//sluice/auth/${name}`),
    signin: auth.signin,
    upstream: word(UPSTREAMS[auth.scheme]),
    directives: auth.directives.map(({ name, args }) => ({ name: word(name), args })),
    values,
    headers: [
      ...base.map(([name, value]): { name: Token; value: Token } => ({ name: word(name), value: quoted(value) })),
      ...auth.headers.map((name, index) => ({ name: headerName(name), value: values[index] ?? quoted('') })),
    ],
  };
}
