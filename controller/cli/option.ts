// Options of sub-commands: what they take, how they are read, and what help and completion say of them. Syntax is that of the
// controller's flags: --name=value, --name value, --toggle.
import type { Parsed } from '../feature/parse.ts';

export interface Option<T> {
  readonly initial: T;
  /** Reads one occurrence; `before` is the value so far. */
  read(text: string, before: T): Parsed<T>;
  /** What stands for the value in the help; null for one that takes none. */
  readonly value: string | null;
  /** All values there are, where they are a closed set. */
  readonly choices: readonly string[];
  /** One letter, null for none. */
  readonly short: string | null;
  readonly doc: string;
}

// Options of all types stand in one table: method syntax above makes them assignable.
export type Options = Readonly<Record<string, Option<unknown>>>;

export type ValuesOf<O extends Options> = { readonly [N in keyof O]: O[N] extends Option<infer T> ? T : never };

/** One text. */
export function text(value: string, doc: string): Option<string | null> {
  const read = (given: string): Parsed<string | null> => ({ ok: true, value: given });
  return { initial: null, read, value, choices: [], short: null, doc };
}

/** A text for each occurrence, in order. */
export function texts(value: string, doc: string): Option<readonly string[]> {
  const read = (given: string, before: readonly string[]): Parsed<readonly string[]> => ({
    ok: true,
    value: [...before, given],
  });
  return { initial: [], read, value, choices: [], short: null, doc };
}

export function toggle(doc: string): Option<boolean> {
  const read = (given: string): Parsed<boolean> =>
    given === 'true' || given === 'false' ? { ok: true, value: given === 'true' } : { ok: false, accepts: 'no value' };
  return { initial: false, read, value: null, choices: [], short: null, doc };
}

/** A whole number of at least 0. */
export function count(value: string, doc: string): Option<number | null> {
  const read = (given: string): Parsed<number | null> =>
    /^\d{1,9}$/.test(given) ? { ok: true, value: Number(given) } : { ok: false, accepts: 'a whole number' };
  return { initial: null, read, value, choices: [], short: null, doc };
}

/** One of a closed set; the first one unless told. */
export function oneOf<const C extends string>(
  choices: readonly [C, ...C[]],
  doc: string,
  short: string | null = null,
): Option<C> {
  const read = (given: string): Parsed<C> => {
    const value = choices.find((choice) => choice === given);
    return value === undefined ? { ok: false, accepts: choices.join(', ') } : { ok: true, value };
  };
  return { initial: choices[0], read, value: choices.join('|'), choices, short, doc };
}

/** -o, --output: how rows are printed (cli/output.ts). */
export const OUTPUT = oneOf(
  ['table', 'wide', 'json', 'yaml'],
  'How to print: a table, one with more columns, JSON or YAML.',
  'o',
);
