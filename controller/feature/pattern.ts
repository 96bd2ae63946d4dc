// Regular expressions that users write; nginx reads them, not Node.

/**
 * Why a pattern is hardly a regular expression; null when it may be one. Node's are not nginx's, so this is an opinion: what
 * only PCRE knows (possessive quantifiers, groups that begin with "?", POSIX classes) is not complained of.
 */
export function doubtOf(pattern: string): string | null {
  const common = pattern.replace(/([*+?}])\+/g, '$1');
  try {
    new RegExp(`^${common}`, 'i');
    return null;
  } catch (error) {
    const [, reason = 'it cannot be read'] = /: ([^:]*)$/.exec(error instanceof Error ? error.message : '') ?? [];
    return /\(\?|\[\[:/.test(common) ? null : reason;
  }
}
