// Parsers of ConfigMap values that annotations do not share. What they accept can stand in nginx.conf as one argument or as
// a list of words; values that nginx itself must judge (formats, paths) are free text of one line.
import ipaddr from 'ipaddr.js';
import { accepted, intBetween, oneOf, type Parser, refused } from '../../feature/parse.ts';

export const onOff = oneOf('on', 'off');

export const count: Parser<number> = intBetween(0, 1_000_000);

/** A duration as nginx writes it, to seconds: "240s", "4m", "1h", "1d", or digits alone. */
export const nginxDuration: Parser<number> = (text) => {
  const match = /^([0-9]{1,7})([smhd]?)$/.exec(text.trim());
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] ?? ''] ?? 1;
  return match ? accepted(Number(match[1]) * factor) : refused('a duration such as 240s');
};

export const redirectCode: Parser<301 | 302 | 307 | 308> = (text) => {
  const found = ([301, 302, 307, 308] as const).find((code) => String(code) === text);
  return found === undefined ? refused('301, 302, 307 or 308') : accepted(found);
};

/** A number, or 0 for "auto". */
export const workers: Parser<number> = (text) => (text === 'auto' ? accepted(0) : intBetween(1, 1024)(text));

/** Words with blanks between them, each of these characters. */
export function words(characters: RegExp, accepts: string): Parser<readonly string[]> {
  const each = new RegExp(`^(?:${characters.source})+$`);
  return (text) => {
    const list = text.trim().split(/\s+/).filter(Boolean);
    return list.every((entry) => each.test(entry)) ? accepted(list) : refused(accepts);
  };
}

/** One word of these characters. */
export function oneWord(characters: RegExp, accepts: string): Parser<string> {
  const whole = new RegExp(`^(?:${characters.source})+$`);
  return (text) => (whole.test(text.trim()) ? accepted(text.trim()) : refused(accepts));
}

export const headerName = oneWord(/[A-Za-z0-9_-]/, 'a header name: letters, digits, - and _');

export const address: Parser<string> = (text) =>
  ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text) ? accepted(text) : refused('an IP address');

/** A DNS name or an address. */
export const serverName = oneWord(/[A-Za-z0-9.:_-]/, 'a host name or an IP address');

/** Any text of one line; nginx is the judge of what it means. */
export const line: Parser<string> = (text) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  /[\u0000-\u001f\u007f]/.test(text.trim()) || text.length > 3000
    ? refused('text of one line, at most 3000 characters')
    : accepted(text.trim());

/** Lines of text, which nginx's formats take as blanks. */
export const folded: Parser<string> = (text) => line(text.replace(/[\r\n\t]+/g, ' '));

/** "number size", as in large_client_header_buffers. */
export const buffers: Parser<readonly [number: number, kilobytes: number]> = (text) => {
  const match = /^([0-9]{1,4})\s+([0-9]{1,5})k$/i.exec(text.trim());
  const [number, size] = [Number(match?.[1]), Number(match?.[2])];
  return number >= 1 && size >= 1 ? accepted([number, size]) : refused('a number and a size in k, such as "4 8k"');
};
