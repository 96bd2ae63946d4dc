// Names and paths as the router matches them (lua/router), for whoever has no nginx to ask.
import { type Regex, regexOf } from './regex.ts';

/** The name in a Host header: lower case, without port and final dot; null unless it is one (R20). */
export function nameOf(header: string): string | null {
  const [, name, address] = /^(?:([A-Za-z0-9._-]+)|(\[[0-9A-Fa-f:.]+\])):?[0-9]*$/.exec(header) ?? [];
  return (name ?? address)?.toLowerCase().replace(/\.$/, '') ?? null;
}

/** "*" in place of the first label; null for a name of one label. */
export function wildcardOf(name: string): string | null {
  const dot = name.indexOf('.', 1);
  return dot < 0 ? null : `*${name.slice(dot)}`;
}

/** A path as it is matched. */
interface Place {
  readonly match: 'exact' | 'prefix' | 'regex';
  readonly path: string;
  readonly pattern?: string | null;
}

/** Whether a path takes a URI, were it alone. 'unknown': only nginx can tell. */
export function coverage(route: Place, uri: string): 'yes' | 'no' | 'unknown' {
  const { match, path, pattern } = route;
  if (match === 'exact') return path === uri ? 'yes' : 'no';
  if (match === 'prefix') {
    const isBelow = path.endsWith('/') ? uri.startsWith(path) : uri === path || uri.startsWith(`${path}/`);
    return isBelow ? 'yes' : 'no';
  }
  if (!isCheap(pattern ?? '', uri)) return 'unknown';
  const found = matchesRegex(route, uri);
  return found === 'refused' ? 'no' : found;
}

/**
 * A pattern of a tenant could go on for ever here, which nginx bounds (lua_regex_match_limit): only short ones, without parts of
 * unbounded length within each other, and with few beside each other, which take time that grows with a power of the text.
 */
function isCheap(pattern: string, uri: string): boolean {
  const bare = pattern.replace(/\\./g, '');
  const unbounded = bare.match(/[*+]|\{\d*,\d*\}/g)?.length ?? 0;
  return pattern.length <= 200 && uri.length <= 500 && unbounded <= 2 && !/[*+}]\)[*+{]|\)[*+{]/.test(bare);
}

/** 'refused': it would match if it were a regex at all; 'unknown': only nginx can tell. */
export function matchesRegex({ pattern }: Place, uri: string): 'yes' | 'no' | 'refused' | 'unknown' {
  const regex: Regex = regexOf(`^${pattern ?? ''}`);
  if (/[\n\r\u00a0]/.test(uri)) return 'unknown'; // "." and "\s" differ about these
  switch (regex.kind) {
    case 'regex':
      return regex.regex.test(uri) ? 'yes' : 'no';
    case 'foreign':
      return 'unknown';
    case 'none': {
      const start = literalStart(pattern ?? '');
      return start !== null && uri.slice(0, start.length).toLowerCase() === start ? 'refused' : 'no';
    }
  }
}

/** What every text that a pattern matches begins with, in lower case, as lua/router/regex.lua has it. */
function literalStart(pattern: string): string | null {
  if (pattern.includes('|')) return null;
  const [literal = ''] = /^[A-Za-z0-9/_~%-]*/.exec(pattern) ?? [];
  const kept = '?*{'.includes(pattern[literal.length] ?? ' ') ? literal.slice(0, -1) : literal;
  return kept.length > 1 ? kept.toLowerCase() : null;
}
