// The locations of a server as views: those of profiles, those of native mode, and those that answer errors.
import type { Settings } from '../model/settings.ts';
import type { Directive, Profile, ServerProfile } from '../model/types.ts';
import { authView } from './auth.ts';
import { withStockParameters } from './fastcgi.ts';
import { headersAgain } from './headers.ts';
import { integer, quoted, rawConfiguration, word } from './literal.ts';
import { locationViews } from './native.ts';
import { withoutThoseOf } from './snippet.ts';
import { passOf } from './upstream.ts';

export function directiveView(directives: readonly Directive[]) {
  return directives.map(({ name, args }) => ({ name: word(name), args }));
}

/** What is inside the location of a profile. `server` is where it stands, `question` names the location that it asks. */
function bodyView(profile: Profile, server: ServerProfile | null, question: string, settings: Settings) {
  const own = profile.asks === 'after' ? settings.locationSnippet : null;
  const stock = profile.protocol === 'fcgi' ? withStockParameters(profile.directives) : profile.directives;
  return {
    snippet: profile.snippet === null ? null : rawConfiguration(profile.snippet),
    locationSnippet: own === null ? null : rawConfiguration(own),
    auth: profile.auth === null ? null : authView(profile.auth, question, settings),
    headers: repeatedHeaders(profile, server, settings),
    directives: directiveView(own === null ? stock : withoutThoseOf(own, stock)),
    pass: passOf(profile),
  };
}

function repeatedHeaders(profile: Profile, server: ServerProfile | null, settings: Settings) {
  const inside = [profile.snippet, settings.locationSnippet].filter((text) => text !== null);
  return headersAgain(profile.protocol, inside, server, settings);
}

/** A location @error_<code> for each code that a profile intercepts (annotations/custom-errors.ts). */
export function errorView(profiles: readonly Profile[], server: ServerProfile | null, settings: Settings) {
  const names = profiles.flatMap(({ directives }) =>
    directives.filter(({ name }) => name === 'error_page').map(({ args }) => String(args.at(-1))),
  );
  const codes = names.flatMap((name) => /^@error_([0-9]{3})$/.exec(name)?.[1] ?? []);
  const upstream = word('http://upstream_balancer');
  const headers = headersAgain('http', [], server, settings);
  return [...new Set(codes)].sort().map((code) => ({
    code: integer(Number(code)),
    name: word(`@error_${code}`),
    headers,
    upstream,
  }));
}

export function profileView(profile: Profile, server: ServerProfile | null, settings: Settings) {
  return {
    id: word(profile.id),
    name: word(`@${profile.id}`),
    /** What Lua is told of the server, where it is asked after the jump. */
    asks: profile.asks === 'after' ? quoted(server?.id ?? '') : null,
    ...bodyView(profile, server, profile.id, settings),
  };
}

export function nativeProfiles(server: ServerProfile | null): Profile[] {
  const all = (server?.locations ?? []).map(({ profile }) => profile);
  return [...new Map(all.map((profile) => [profile.id, profile])).values()];
}

/** The locations of a server in native mode; those of equal profiles ask the same question. */
export function nativeView(server: ServerProfile | null, settings: Settings) {
  const questionOf = (profile: Profile): string => `${server?.id}/${profile.id}`;
  return {
    locations: locationViews(server?.locations ?? []).map(({ profile, ...location }) => ({
      ...location,
      ...bodyView(profile, server, questionOf(profile), settings),
    })),
    questions: nativeProfiles(server).flatMap((profile) =>
      profile.auth === null ? [] : [authView(profile.auth, questionOf(profile), settings)],
    ),
  };
}
