// Parsers from the exact text a user wrote to a typed value. Total: a value, or what would have been accepted. Grammar
// names (BOOL, INT, SIZE, ENUM) are those of docs/spec/annotations.yaml.

/**
 * What a refused value leads to (docs/spec/annotations.yaml, outcomes). use-default: as if the annotation were absent.
 * drop-group: as if the whole feature were. deny-location: the paths of the Ingress answer 503. deny-server: its hosts answer
 * 403. reject-ingress: the object is not taken over; its last accepted version goes on.
 */
export type Outcome = 'use-default' | 'drop-group' | 'deny-location' | 'deny-server' | 'reject-ingress';

/** `outcome` where it differs from that of the key; `instead` where the refused text still decides, as this value. */
export interface Refusal {
  readonly ok: false;
  readonly accepts: string;
  readonly outcome?: Outcome;
  readonly instead?: boolean;
}

/** `note` is what its owner should know of a value that was taken over in part. */
export interface Acceptance<T> {
  readonly ok: true;
  readonly value: T;
  readonly note?: string;
}

export type Parsed<T> = Acceptance<T> | Refusal;

export type Parser<T> = (text: string) => Parsed<T>;

export function accepted<T>(value: T, note?: string): Parsed<T> {
  return note === undefined ? { ok: true, value } : { ok: true, value, note };
}

export function refused(accepts: string, outcome?: Outcome): Refusal {
  return outcome === undefined ? { ok: false, accepts } : { ok: false, accepts, outcome };
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** BOOL: the words of Go's strconv.ParseBool, nothing else. */
export const bool: Parser<boolean> = (text) => {
  if (TRUE.has(text)) return accepted(true);
  if (FALSE.has(text)) return accepted(false);
  return refused('"true" or "false"');
};

/** INT within bounds, both inclusive. */
export function intBetween(min: number, max: number): Parser<number> {
  return (text) => {
    const value = /^[+-]?[0-9]{1,15}$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
    return value >= min && value <= max ? accepted(value) : refused(`a whole number from ${min} to ${max}`);
  };
}

/** A duration that nginx and Lua timers can hold, in whole seconds. */
export const seconds: Parser<number> = intBetween(1, 2_000_000);

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1024],
  ['m', 1024 ** 2],
  ['g', 1024 ** 3],
]);

/** SIZE in bytes: digits with an optional k, m or g in either case. */
export const size: Parser<number> = (text) => {
  const match = /^([0-9]{1,12})([kmg]?)$/i.exec(text);
  const bytes = Number(match?.[1] ?? Number.NaN) * (UNITS.get((match?.[2] ?? '').toLowerCase()) ?? Number.NaN);
  return bytes <= 2 ** 52 ? accepted(bytes) : refused('digits with an optional k, m or g');
};

/** SIZE of a buffer in bytes: digits with an optional k or m, at most 64m; nginx takes no other suffix for buffers. */
export const bufferSize: Parser<number> = (text) => {
  const bytes = /^[0-9]{1,8}[km]?$/i.test(text.trim()) ? size(text.trim()) : refused('');
  return bytes.ok && bytes.value >= 1024 && bytes.value <= 64 * 1024 ** 2
    ? bytes
    : refused('digits with an optional k or m, from 1k to 64m');
};

const CONDITIONS: ReadonlySet<string> = new Set(
  `error timeout invalid_header http_500 http_502 http_503 http_504 http_403 http_404 http_429 non_idempotent off`.split(
    ' ',
  ),
);

/** Conditions of proxy_next_upstream, with single blanks between them. */
export const nextUpstream: Parser<readonly string[]> = (text) => {
  const words = text.trim().split(' ');
  return words.every((condition) => CONDITIONS.has(condition))
    ? accepted([...new Set(words)])
    : refused(`${[...CONDITIONS].join(', ')}, with single blanks between them`);
};

/** ENUM: one of the words, compared without the space around it. */
export function oneOf<const T extends string>(...words: readonly T[]): Parser<T> {
  return (text) => {
    const found = words.find((candidate) => candidate === text.trim());
    return found === undefined ? refused(words.join(', ')) : accepted(found);
  };
}

/** ENUM in any case; the value is the word as listed. */
export function oneOfAnyCase<const T extends string>(...words: readonly T[]): Parser<T> {
  return (text) => {
    const found = words.find((candidate) => candidate.toLowerCase() === text.trim().toLowerCase());
    return found === undefined ? refused(words.join(', ')) : accepted(found);
  };
}

/** A list of elements between commas, each without the space around it; empty elements are dropped. */
export function listOf<T>(element: Parser<T>): Parser<readonly T[]> {
  return (text) => {
    const values: T[] = [];
    for (const part of text.split(',')) {
      if (part.trim() === '') continue;
      const parsed = element(part.trim());
      if (!parsed.ok) return refused(`a list between commas, each ${parsed.accepts}`);
      values.push(parsed.value);
    }
    return accepted(values);
  };
}

/** Text of these characters only, all of it; surrounding blanks are dropped from the value, not from what is checked. */
export function textOf(characters: RegExp, accepts: string): Parser<string> {
  const whole = new RegExp(`^(?:${characters.source})*$`);
  return (text) => (text.length <= MAX_TEXT && whole.test(text) ? accepted(text.trim()) : refused(accepts));
}

/** Longer values are nobody's honest intention, and cost time in every regular expression. */
const MAX_TEXT = 8192;

/** What stands in Location headers. */
export const locationText: Parser<string> = textOf(
  /[A-Za-z0-9._~/:,?&=-]/,
  'text of letters, digits and - . _ ~ / : , ? & =, or "off"',
);

/** "off", or two texts of these characters with blanks between them. */
function pairOf(characters: RegExp, accepts: string): Parser<readonly [from: string, to: string] | 'off'> {
  const each = new RegExp(`^(?:${characters.source})+$`);
  return (text) => {
    const [from = '', to, ...more] = text.trim().split(/\s+/);
    if (from === 'off' && to === undefined) return accepted('off');
    if (to === undefined || more.length > 0 || !each.test(from) || !each.test(to)) return refused(accepts);
    return accepted([from, to]);
  };
}

export const cookieDomain = pairOf(/[A-Za-z0-9._~/:-]/, '"off", or two names with a blank between them');
export const cookiePath = pairOf(/[A-Za-z0-9._~/:,?&=-]/, '"off", or two paths with a blank between them');

/** A path prefix. */
export const pathPrefix: Parser<string> = (text) =>
  /^\/[^\s]*$/.test(text) ? accepted(text) : refused('a path that starts with "/"');

/** Shows a refused value in a message: quoted, cut, without control characters. */
export function showValue(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
