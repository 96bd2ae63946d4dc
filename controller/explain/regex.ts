// Regular expressions of Ingresses read by Node's engine, where that certainly means the same as nginx's PCRE.

export type Regex =
  | { readonly kind: 'regex'; readonly regex: RegExp }
  /** One that only PCRE knows, or that the two read differently. */
  | { readonly kind: 'foreign' }
  /** None at all. */
  | { readonly kind: 'none' };

/** "(?:", "(?=", "(?!" and named groups mean the same; everything else that begins with "(?" or "(*" is PCRE's own. */
const FOREIGN_GROUP = /\((?:\?(?!:|=|!|<[A-Za-z])|\*)/;
/** Escapes of the same meaning in both: classes, boundaries, control characters and signs. */
const FOREIGN_ESCAPE = /\\(?![dDwWsSbBnrtf]|[^A-Za-z0-9])/;

/** Case is ignored, as nginx does; a character stands for a byte, as in `uri.ts`. */
export function regexOf(pattern: string): Regex {
  const bytes = Buffer.from(pattern, 'utf8').toString('latin1');
  // Possessive quantifiers give nothing back: the same texts match only where nothing would have to be given back.
  const isForeign =
    FOREIGN_GROUP.test(bytes) ||
    FOREIGN_ESCAPE.test(bytes) ||
    /[*+?}]\+|\[\[[:.=]|\[\]|\[\^\]|[\u0080-\u00ff]/.test(bytes);
  if (isForeign) return { kind: 'foreign' };
  try {
    return { kind: 'regex', regex: new RegExp(bytes, 'i') };
  } catch {
    // What is a mistake for one is nearly always one for the other, but "nearly" is no answer where braces and classes are.
    return /[{}]/.test(bytes) ? { kind: 'foreign' } : { kind: 'none' };
  }
}
