// The only maker of text that reaches nginx.conf. Each function takes a typed value and returns a Token that is one nginx
// argument; what cannot be one safely throws, because a parser before it should have refused it (a bug, not user input).

import type { Snippet } from '../feature/snippet.ts';
import type { AdministratorText } from '../model/config/snippets.ts';

/** nginx refuses quoted arguments of 4,095 bytes and more ("too long parameter"). */
const MAX_BYTES = 4000;
const BARE = /^[A-Za-z0-9_.:/@*~^+=$-]+$/;

/** Text that is safe as one nginx argument. The template engine prints nothing else. */
class TokenText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

export type Token = TokenText;

export function isToken(value: unknown): value is Token {
  return value instanceof TokenText;
}

/** A word of our own source: "on", "@p_1a2b", "$host". Never for user text. */
export function word(text: string): Token {
  if (!BARE.test(text)) throw new Error(`not a bare nginx word: ${JSON.stringify(text)}`);
  return new TokenText(text);
}

/** The name of a header, which users choose: letters, digits, "-" and "_" (longer ones do not fit nginx's hash tables). */
export function headerName(text: string): Token {
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(text)) throw new Error(`not the name of a header: ${JSON.stringify(text)}`);
  return new TokenText(text);
}

/** A decimal integer with an optional unit. */
export function integer(value: number, unit: '' | 's' | 'ms' | 'k' | 'm' | 'g' = ''): Token {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not an nginx integer: ${value}`);
  return new TokenText(`${value}${unit}`);
}

export function onOff(value: boolean): Token {
  return new TokenText(value ? 'on' : 'off');
}

/**
 * A quoted argument for positions where nginx does not interpolate variables (file names of this installation), or where
 * interpolation is meant (constants of our own source). nginx decodes \\ and \" inside quotes and keeps everything else.
 */
export function quoted(text: string): Token {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new Error(`control character in ${JSON.stringify(text)}`);
  if (!text.isWellFormed()) throw new Error(`malformed Unicode in ${JSON.stringify(text)}`);
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  if (Buffer.byteLength(escaped) > MAX_BYTES) throw new Error(`argument of over ${MAX_BYTES} bytes`);
  return new TokenText(`"${escaped}"`);
}

/**
 * Configuration as somebody wrote it: the only raw text. `accepted` is a snippet that feature/snippet.ts let through, or a text
 * of the controller ConfigMap, whose author may say anything.
 */
export function rawConfiguration(accepted: Snippet | AdministratorText): Token {
  return new TokenText(accepted.text);
}

/** The path of a location: nginx takes every byte of it as it is, but for the marks that a "/" at its start rules out. */
export function locationPath(path: string): Token {
  if (!path.startsWith('/')) throw new Error(`not an absolute path: ${JSON.stringify(path)}`);
  return quoted(path);
}

/** Whether locationPath can hold it. */
export function isLocationPath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  return path.startsWith('/') && path.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(path) && path.length < 1000;
}

const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^(?=.{1,253}$)(\\*\\.)?${LABEL}(\\.${LABEL})*$`);

/** Whether a host can have a server of its own: a DNS name in lower case, or "*." and one. */
export function isServerName(text: string): boolean {
  return HOST_NAME.test(text);
}

/** A name for server_name. Wildcards stand for one label more, which nginx's own "*.x" does not mean (HOST-04). */
export function serverName(host: string): Token {
  if (!isServerName(host)) throw new Error(`not a host name: ${JSON.stringify(host)}`);
  if (!host.startsWith('*')) return new TokenText(host);
  return quoted(`~^[a-z0-9_-]+${host.slice(1).replaceAll('.', '[.]')}$`);
}
