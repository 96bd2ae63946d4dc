// The request that is asked about, as nginx would see it.
import { isIP } from 'node:net';
import { normalUri } from '../../explain/uri.ts';
import { UsageError } from '../../flags.ts';

export interface Question {
  readonly scheme: 'http' | 'https';
  /** As the client writes it in the Host header, port included. */
  readonly host: string;
  /** As nginx normalises it; null for one that it answers with 400. */
  readonly uri: string | null;
  /** As the client writes it, query included. */
  readonly target: string;
  readonly query: string | null;
  readonly method: string;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly cookies: ReadonlyMap<string, string>;
  readonly clientIp: string | null;
}

export interface Asked {
  readonly method: string | null;
  readonly header: readonly string[];
  readonly cookie: readonly string[];
  readonly 'client-ip': string | null;
}

/** Throws UsageError. Not by the URL class: that one would remove what nginx is to see ("/a/../b", "//"). */
export function questionOf(url: string, asked: Asked): Question {
  const parts = /^(?:(https?):\/\/)?([^/?#\s]+)(\/[^?#\s]*)?(?:\?([^#\s]*))?(?:#\S*)?$/i.exec(url);
  if (parts === null)
    throw new UsageError(`${JSON.stringify(url)} is no URL: write http://host/path or https://host/path`);
  const [, scheme = 'http', host = '', path = '/', query] = parts;
  const address = asked['client-ip'];
  if (address !== null && isIP(address) === 0) {
    throw new UsageError(`--client-ip: ${JSON.stringify(address)} is no IP address`);
  }
  const headers = new Map(asked.header.map((text) => pairOf(text, ':', 'header', '"Name: value"')));
  const cookies = new Map(asked.cookie.map((text) => pairOf(text, '=', 'cookie', 'name=value')));
  return {
    scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http',
    host,
    uri: normalUri(path),
    target: query === undefined ? path : `${path}?${query}`,
    query: query ?? null,
    method: (asked.method ?? 'GET').toUpperCase(),
    headers: new Map([...headers].map(([name, value]) => [name.toLowerCase(), value])),
    cookies,
    clientIp: address,
  };
}

function pairOf(text: string, sign: string, option: string, form: string): [string, string] {
  const at = text.indexOf(sign);
  if (at < 1) throw new UsageError(`--${option}: ${JSON.stringify(text)} is not accepted (${form})`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** What Lua reads as $http_… and $cookie_…: header names with "_" in place of "-". */
export function variableOf({ headers, cookies }: Question, name: string): string | null {
  if (name.startsWith('cookie_')) return cookies.get(name.slice('cookie_'.length)) ?? null;
  const wanted = name.slice('http_'.length);
  for (const [header, value] of headers) if (header.replaceAll('-', '_') === wanted) return value;
  return null;
}
