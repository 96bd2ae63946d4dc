// Parsers of ConfigMap values that annotations do not share.
import { intBetween, oneOf, type Parser } from '../../feature/parse.ts';

export const onOff = oneOf('on', 'off');

export const count: Parser<number> = intBetween(0, 1_000_000);

/** A duration as nginx writes it, to seconds: "240s", "4m", "1h", or digits alone. */
export const nginxDuration: Parser<number> = (text) => {
  const match = /^([0-9]{1,7})([smh]?)$/.exec(text);
  const factor = match?.[2] === 'h' ? 3600 : match?.[2] === 'm' ? 60 : 1;
  return match ? { ok: true, value: Number(match[1]) * factor } : { ok: false, accepts: 'a duration such as 240s' };
};

export const redirectCode: Parser<301 | 302 | 307 | 308> = (text) => {
  const found = ([301, 302, 307, 308] as const).find((code) => String(code) === text);
  return found === undefined ? { ok: false, accepts: '301, 302, 307 or 308' } : { ok: true, value: found };
};

/** A number, or 0 for "auto". */
export const workers: Parser<number> = (text) => (text === 'auto' ? { ok: true, value: 0 } : intBetween(1, 1024)(text));
