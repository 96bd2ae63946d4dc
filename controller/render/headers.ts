// The headers that every backend gets, and where they must be said again.
import type { Settings } from '../model/settings.ts';
import type { Protocol, ServerProfile } from '../model/types.ts';
import { CLIENT_CERTIFICATE_HEADERS } from './client-certificate.ts';
import { variableOf } from './http.ts';
import { quoted, type Token, word } from './literal.ts';
import { headersSetIn, type RawText } from './snippet.ts';

/** HDR-01 to HDR-05. An empty value removes the header. */
function requestHeaders(settings: Settings): [name: string, value: string][] {
  const headers: [string, string][] = [
    ['Host', '$sluice_host'],
    ['X-Request-ID', '$req_id'],
    ['X-Real-IP', '$remote_addr'],
    ['X-Forwarded-For', '$full_x_forwarded_for'],
    ['X-Forwarded-Host', '$best_http_host'],
    ['X-Forwarded-Port', '$pass_port'],
    ['X-Forwarded-Proto', '$pass_access_scheme'],
    ['X-Forwarded-Scheme', '$pass_access_scheme'],
    ['X-Scheme', '$pass_access_scheme'],
    ['X-Original-Forwarded-For', variableOf(settings.forwardedForHeader)],
    ['X-Original-Forwarded-Host', variableOf(settings.forwardedHostHeader)],
    ['Proxy', ''],
    ...CLIENT_CERTIFICATE_HEADERS.map(([name, value]): [string, string] => [name, value]),
  ];
  return settings.proxyAddOriginalUriHeader ? [...headers, ['X-Original-URI', '$request_uri']] : headers;
}

/** Ours without those that proxy-set-headers replaces: Lua sets them, and a directive would override it. */
export function headersInForce(settings: Settings): { kept: [string, string][]; replaced: string[] } {
  const names = new Set(settings.backendHeaders.map(([name]) => name.toLowerCase()));
  const all = requestHeaders(settings);
  const isReplaced = ([name]: [string, string]): boolean => names.has(name.toLowerCase());
  return { kept: all.filter((header) => !isReplaced(header)), replaced: all.filter(isReplaced).map(([name]) => name) };
}

export const HTTP_ONLY_HEADERS: [string, string][] = [
  ['Upgrade', '$http_upgrade'],
  ['Connection', '$connection_header'],
];

export function headerView(headers: readonly [string, string][]): { name: Token; value: Token }[] {
  return headers.map(([name, value]) => ({ name: word(name), value: quoted(value) }));
}

/**
 * One proxy_set_header on a level cancels those of the levels above. So where a snippet has one, the location says all of ours
 * again, but for those that its own snippets (`inside`) set: of two with one name nginx would send both.
 */
export function headersAgain(
  protocol: Protocol,
  inside: readonly RawText[],
  server: ServerProfile | null,
  settings: Settings,
): { directive: Token; name: Token; value: Token }[] {
  if (protocol === 'fcgi') return [];
  const isGrpc = protocol === 'grpc' || protocol === 'grpcs';
  const directive = isGrpc ? 'grpc_set_header' : 'proxy_set_header';
  const around = [server?.snippet ?? null, settings.serverSnippet, settings.httpSnippet];
  const set = headersSetIn(inside, directive);
  if (
    set === null &&
    headersSetIn(
      around.filter((text) => text !== null),
      directive,
    ) === null
  )
    return [];
  const all = [...headersInForce(settings).kept, ...(isGrpc ? [] : HTTP_ONLY_HEADERS)];
  return headerView(all.filter(([name]) => !set?.has(name.toLowerCase()))).map((header) => ({
    directive: word(directive),
    ...header,
  }));
}
