// The locations of a server in native mode, as nginx wants them (PATH-01 to PATH-05).
import type { NativeLocation, Profile } from '../model/types.ts';
import { locationPath, quoted, type Token, word } from './literal.ts';
import { nativeId } from './profile.ts';
import { withoutLocations } from './snippet.ts';

export interface LocationView {
  /** "=" for an exact one, "~*" for a regular expression, null for a prefix. */
  readonly modifier: Token | null;
  readonly path: Token;
  /** What Lua finds the route by. */
  readonly route: Token;
  readonly profile: Profile;
}

/** "/p" is itself and all below "/p/"; where somebody says one of the two himself, that is his. */
export function locationViews(locations: readonly NativeLocation[]): LocationView[] {
  const exact = new Set(locations.flatMap(({ match, path }) => (match === 'exact' ? [path] : [])));
  const prefixes = new Set(locations.flatMap(({ match, path }) => (match === 'prefix' ? [path] : [])));
  const views: LocationView[] = [];
  for (const { match, path, pattern, profile } of locations) {
    const route = quoted(nativeId({ match, path }));
    if (pattern !== null) {
      views.push({ modifier: word('~*'), path: quoted(`^${pattern}`), route, profile });
      continue;
    }
    const add = (modifier: Token | null, text: string): void => {
      views.push({
        modifier,
        path: locationPath(text),
        route,
        profile: modifier === null ? profile : forExact(profile),
      });
    };
    if (match === 'exact') add(word('='), path);
    else if (path.endsWith('/')) add(null, path);
    else {
      if (!exact.has(path)) add(word('='), path);
      if (!prefixes.has(`${path}/`)) add(null, `${path}/`);
    }
  }
  return views;
}

function forExact(profile: Profile): Profile {
  return profile.snippet === null ? profile : { ...profile, snippet: withoutLocations(profile.snippet) };
}
