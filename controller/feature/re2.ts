// Regular expressions of the kind that the old controller took (RE2's, https://github.com/google/re2/wiki/Syntax), matched here
// by PCRE with a limit: what PCRE has beyond RE2 is refused, so that both mean the same.
import { accepted, type Parser, refused } from './parse.ts';

const MAX_LENGTH = 1024;

/** Lookaround, back references, recursion, verbs, conditions, atomic groups, possessive quantifiers. */
const BEYOND_RE2 = /\(\?(?:[=!>(&R0-9+|'#C-]|<[=!]|P[>=])|\(\*|\\[1-9kgKCGRXZ]|[*+?}]\+/;

export const re2: Parser<string> = (text) => {
  const accepts = `a regular expression of at most ${MAX_LENGTH} characters, as RE2 knows them`;
  if (text.length > MAX_LENGTH || !/^[\x20-\x7e]*$/.test(text)) return refused(accepts);
  // What is escaped, and what stands in brackets, is no operator.
  const bare = text.replace(/\\[^1-9kgKCGRXZ]/g, 'a').replace(/\[\^?\]?(?:\[:\^?[a-z]+:\]|[^\]])*\]/g, 'a');
  if (BEYOND_RE2.test(bare) || !compiles(text)) return refused(accepts);
  return accepted(text);
};

/** Brackets, groups and quantifiers in order: JavaScript says so, once what only RE2 writes so is put in its words. */
function compiles(text: string): boolean {
  const own = text
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?[imsU]+(?:-[imsU]+)?([:)])/g, (_, end: string) => (end === ')' ? '(?:)' : '(?:'))
    .replace(/\[:\^?[a-z]+:\]/g, 'a-z')
    .replace(/\\[AzQEa]/g, '');
  try {
    new RegExp(own);
    return true;
  } catch {
    return false;
  }
}
