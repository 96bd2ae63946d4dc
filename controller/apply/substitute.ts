// Routes whose profile nginx refuses: they keep their last good version, else they answer 503; the rest of the host goes on.
import type { Host, HostName, Model, Problem, ProfileId, Route } from '../model/types.ts';
import type { Refused } from './quarantine.ts';

/** The model that can be served. `lastGood` are the hosts as they run; `loaded` the profiles that their workers have. */
export function withoutRefused(
  model: Model,
  refused: Refused,
  lastGood: ReadonlyMap<HostName, Host>,
  loaded: ReadonlySet<ProfileId>,
): Model {
  if (refused.size === 0) return model;
  const hosts = new Map<HostName, Host>();
  for (const [name, host] of model.hosts) {
    const touched = host.routes.some((route) => refused.has(route.profile));
    hosts.set(name, touched ? substituted(host, refused, lastGood.get(name) ?? null, loaded) : host);
  }
  return { ...model, hosts };
}

function substituted(host: Host, refused: Refused, running: Host | null, loaded: ReadonlySet<ProfileId>): Host {
  const routes = host.routes.map((route): Route => {
    const reason = refused.get(route.profile);
    if (reason === undefined) return route;
    const before = running?.routes.find(
      ({ path, pattern, match }) => path === route.path && pattern === route.pattern && match === route.match,
    );
    if (before !== undefined && loaded.has(before.profile) && !refused.has(before.profile)) return before;
    return { ...route, target: { kind: 'deny', status: 503, reason } };
  });
  return { ...host, routes };
}

/** One Problem for each Ingress and profile that nginx refuses. */
export function refusedProblems(model: Model, refused: Refused): Problem[] {
  const problems: Problem[] = [];
  for (const { name, routes } of model.hosts.values()) {
    for (const { profile, source, path } of routes) {
      const reason = refused.get(profile);
      if (reason === undefined || source === null) continue;
      problems.push({
        object: source,
        severity: 'error',
        code: 'directives-refused',
        message: `nginx refuses the directives of host ${name}, path ${JSON.stringify(path)}: ${reason}; its last good version is served, or 503`,
      });
    }
  }
  return problems;
}
