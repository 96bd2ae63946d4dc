// Regex mode: which paths of a host are matched as regular expressions, and by what (PATH-07 to PATH-09, PATH-12).
import type { Ingress } from '../kube/objects.ts';
import type { Selection } from './settings.ts';
import type { Route } from './types.ts';

export interface Candidate {
  readonly route: Route;
  /** Its own annotations make it a regular expression. */
  readonly isRegex: boolean;
  readonly owner: Ingress | null;
}

/**
 * Turns the paths that regex mode covers into regular expressions: all paths of the host as soon as one asks for it, or, with
 * --isolate-regex, all paths of the Ingresses that ask for it.
 */
export function inRegexMode<T extends Candidate>(all: readonly T[], scope: Selection['regexScope']): T[] {
  const asking = new Set(all.filter(({ isRegex }) => isRegex).map(({ owner }) => owner));
  const covered = (owner: Ingress | null): boolean => (scope === 'host' ? asking.size > 0 : asking.has(owner));
  const exact = new Set(
    all.flatMap(({ route, owner }) => (route.match === 'exact' && covered(owner) ? [route.path] : [])),
  );
  return all.map((candidate): T => {
    if (!covered(candidate.owner)) return candidate;
    const { route, isRegex } = candidate;
    const pattern = isRegex ? route.path : patternOf(route, exact);
    return { ...candidate, route: { ...route, match: 'regex', pattern } };
  });
}

/**
 * A Prefix path "/p" stands for "^/p/" and then "^/p", which is "^/p" alone, unless an Exact rule has that one (PATH-04,
 * PATH-09). An Exact path loses its exactness (PATH-08).
 */
function patternOf({ match, path }: Route, exact: ReadonlySet<string>): string {
  return match === 'prefix' && !path.endsWith('/') && exact.has(path) ? `${path}/` : path;
}
