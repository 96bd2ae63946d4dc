// nginx's configuration syntax, read as nginx reads it (ngx_conf_read_token; the facts are in docs/spec and were measured):
// where tokens end, what quotes and backslashes mean, which braces pair up.

/** A directive, or an entry of a block such as "types". */
export interface Statement {
  readonly name: string;
  /** As nginx sees them: without quotes, escapes decoded. */
  readonly args: readonly string[];
  /** What stands in its braces, null for one that ends with ";". */
  readonly block: readonly Statement[] | null;
  /** Where it begins and ends in the text. */
  readonly span: readonly [start: number, end: number];
}

export type Lexed =
  | { readonly ok: true; readonly statements: readonly Statement[] }
  /** `line` counts from 1. */
  | { readonly ok: false; readonly why: string; readonly line: number };

const BLANKS = new Set([' ', '\t', '\r', '\n']);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
/** nginx reads through a buffer of 4,096 bytes, into which each token and each line of comment must fit. */
const MAX_TOKEN = 4094;
const MAX_DEPTH = 20;

class Unreadable extends Error {}

/** Reads a whole text: every directive ended, every brace paired. */
export function lex(text: string): Lexed {
  const reader = new Reader(text);
  try {
    return { ok: true, statements: reader.block(0) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { ok: false, why: error.message, line: text.slice(0, reader.at).split('\n').length };
  }
}

/** All statements, those in blocks included, outer ones first. */
export function* everyStatement(statements: readonly Statement[]): Generator<Statement> {
  for (const statement of statements) {
    yield statement;
    if (statement.block !== null) yield* everyStatement(statement.block);
  }
}

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Up to the "}" that ends it, or to the end of the text at depth 0. */
  block(depth: number): Statement[] {
    if (depth > MAX_DEPTH) throw new Unreadable(`blocks are nested more than ${MAX_DEPTH} deep`);
    const statements: Statement[] = [];
    for (;;) {
      this.#skipBlanks();
      const next = this.#peek();
      if (next === '') {
        if (depth > 0) throw new Unreadable('a "{" has no "}"');
        return statements;
      }
      if (next === '}') {
        if (depth === 0) throw new Unreadable('a "}" has no "{"');
        this.at += 1;
        return statements;
      }
      statements.push(this.#statement(depth));
    }
  }

  #statement(depth: number): Statement {
    const tokens: string[] = [];
    const start = this.at;
    for (;;) {
      this.#skipBlanks();
      const next = this.#peek();
      if (next === '') throw new Unreadable('the last directive has no ";"');
      if (next === '}') throw new Unreadable('a directive before "}" has no ";"');
      if (next === ';' || next === '{') {
        const [name, ...args] = tokens;
        if (name === undefined) throw new Unreadable(`"${next}" without a directive`);
        this.at += 1;
        if (next === ';') return { name, args, block: null, span: [start, this.at] };
        if (name.endsWith('_by_lua_block')) {
          this.#skipLua();
          return { name, args, block: [], span: [start, this.at] };
        }
        const block = this.block(depth + 1);
        return { name, args, block, span: [start, this.at] };
      }
      tokens.push(next === '"' || next === "'" ? this.#quoted(next) : this.#bare());
    }
  }

  #peek(): string {
    return this.#text.charAt(this.at);
  }

  /** Blanks, and comments: "#" begins one only where a token could begin, and only a line feed ends it. */
  #skipBlanks(): void {
    for (;;) {
      while (BLANKS.has(this.#peek())) this.at += 1;
      if (this.#peek() !== '#') return;
      const end = this.#text.indexOf('\n', this.at);
      const stop = end < 0 ? this.#text.length : end;
      if (Buffer.byteLength(this.#text.slice(this.at, stop)) > MAX_TOKEN) throw new Unreadable('a comment is too long');
      this.at = stop;
    }
  }

  #quoted(quote: string): string {
    const start = this.at + 1;
    for (let at = start; at < this.#text.length; at += 1) {
      const character = this.#text.charAt(at);
      if (character === '\\') at += 1;
      else if (character === quote) {
        this.at = at + 1;
        const after = this.#peek();
        // nginx lets ")" begin the next token.
        if (after !== '' && !BLANKS.has(after) && !';{)'.includes(after)) {
          throw new Unreadable(`${JSON.stringify(after)} right after a closing quote`);
        }
        return decoded(this.#text.slice(start, at));
      }
    }
    throw new Unreadable('a quote is not closed');
  }

  /** Up to a blank, ";" or "{", except that of "${". A backslash keeps the next character from ending it. */
  #bare(): string {
    const start = this.at;
    let dollar = false;
    for (; this.at < this.#text.length; this.at += 1) {
      const character = this.#peek();
      if (character === '\\') {
        this.at += 1;
        dollar = false;
      } else if (character === '$') dollar = true;
      else if (character !== '{' || !dollar) {
        if (BLANKS.has(character) || character === ';' || character === '{') break;
        dollar = false;
      }
    }
    this.at = Math.min(this.at, this.#text.length);
    return decoded(this.#text.slice(start, this.at));
  }

  /** Lua code up to the brace that ends its block. */
  #skipLua(): void {
    const PART =
      /--\[(=*)\[[\s\S]*?\]\1\]|--[^\n]*|\[(=*)\[[\s\S]*?\]\2\]|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|[{}]/g;
    let depth = 1;
    PART.lastIndex = this.at;
    for (let part = PART.exec(this.#text); part !== null; part = PART.exec(this.#text)) {
      depth += part[0] === '{' ? 1 : part[0] === '}' ? -1 : 0;
      this.at = PART.lastIndex;
      if (depth === 0) return;
    }
    throw new Unreadable('a block of Lua code has no "}"');
  }
}

function decoded(raw: string): string {
  if (Buffer.byteLength(raw) > MAX_TOKEN) throw new Unreadable(`an argument is longer than ${MAX_TOKEN} bytes`);
  return raw.replace(/\\([\s\S])/g, (both, character: string) => ESCAPES.get(character) ?? both);
}
