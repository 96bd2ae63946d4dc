// Which server a host has: the shared one, one for its TLS policy, or one in native mode. Native mode is for what a named
// location cannot hold: a server-snippet, and snippets with locations of their own, "alias", or a path in proxy_pass. There
// the paths are nginx's own locations, so that those of snippets compete with them as they always did.
import type { DirectiveSet } from '../feature/draft.ts';
import type { Snippet } from '../feature/snippet.ts';
import { isLocationPath, isServerName } from '../render/literal.ts';
import { canBeNamed, internNativeServer, internServer } from '../render/profile.ts';
import type { HostName, Problem, Profile, Route, ServerProfile } from './types.ts';

interface BuiltRoute {
  readonly route: Route;
  readonly profile: Profile;
}

/** What the Ingresses say of the server; null when it needs none, because it answers 403 anyway. */
interface Wishes {
  readonly directives: DirectiveSet;
  readonly snippet: Snippet | null;
}

export function serverFor(
  host: HostName,
  wishes: Wishes | null,
  built: readonly BuiltRoute[],
  problems: Problem[],
): { readonly server: ServerProfile | null; readonly routes: readonly Route[] } {
  const routes = built.map(({ route }) => route);
  if (wishes === null) return { server: null, routes };
  const { directives, snippet } = wishes;
  const isServed = ({ route }: BuiltRoute): boolean => route.target.kind !== 'deny';
  const needing = built.filter((one) => isServed(one) && !canBeNamed(one.profile.id));
  if (snippet === null && needing.length === 0) {
    return { server: internServer(directives.list(), directives.files()), routes };
  }
  if (host === '_' || !isServerName(host)) {
    const closed = new Set((snippet === null ? needing : built.filter(isServed)).map(({ route }) => route));
    const why = `${snippet === null ? 'its snippet needs' : 'a server-snippet needs'} a server of its own, which ${host === '_' ? 'rules without a host do' : 'a host with this name does'} not have`;
    return { server: null, routes: routes.map((route) => (closed.has(route) ? deny(route, why, problems) : route)) };
  }
  const unfit = built.filter((one) => isServed(one) && !fits(one.route)).map(({ route }) => route);
  const locations = built
    .filter(({ route }) => fits(route))
    .map(({ route: { match, path, pattern }, profile }) => ({ match, path, pattern, profile }));
  return {
    server: internNativeServer(directives.list(), directives.files(), snippet, locations),
    routes: routes.map((route) =>
      unfit.includes(route) ? deny(route, 'nginx has no location for this path', problems) : route,
    ),
  };
}

/** Named groups of a regular expression would be variables of nginx. */
function fits({ path, pattern }: Route): boolean {
  if (pattern === null) return isLocationPath(path);
  return isLocationPath(path) && isLocationPath(`/${pattern}`) && !/\(\?(P?<[^=!]|')|\(\*/.test(pattern);
}

function deny(route: Route, reason: string, problems: Problem[]): Route {
  if (route.source !== null) {
    const message = `path ${JSON.stringify(route.path)}: ${reason}; it answers 503`;
    problems.push({ object: route.source, severity: 'error', code: 'directives-refused', message });
  }
  return { ...route, target: { kind: 'deny', status: 503, reason } };
}
