// Hosts and routes that need what nginx refuses: they keep their last good version, else they are closed; the rest goes on.
import type { Host, HostName, Model, Problem, Route } from '../model/types.ts';
import { type Need, nameNeed, parseNeed, profileNeed } from '../render/layout.ts';
import { isNative } from '../render/profile.ts';
import type { Hosts, Loaded } from './needs.ts';
import type { Refused } from './quarantine.ts';

/** The model that can be served. `lastGood` are the hosts as they run; `loaded` is what their workers have. */
export function withoutRefused(model: Model, refused: Refused, lastGood: Hosts, loaded: Loaded): Model {
  if (refused.size === 0) return model;
  const hosts = new Map<HostName, Host>();
  for (const [name, host] of model.hosts) {
    const running = lastGood.get(name) ?? null;
    hosts.set(name, withoutRoutes(withoutServer(host, refused, running, loaded), refused, running, loaded));
  }
  return { ...model, hosts };
}

/** The server of a host guards it: without, nobody may enter. A running policy is kept, but never the lack of one. */
function withoutServer(host: Host, refused: Refused, running: Host | null, loaded: Loaded): Host {
  const reason = serverRefused(host, refused);
  if (reason === null) return host;
  if (running !== null && running.server !== null && running.denied === null) {
    const server = nameNeed(running.server, running.name);
    if (!refused.has(running.server) && loaded.every((one) => one.has(server))) return running;
  }
  // A refused snippet keeps nobody out who would not be kept out by 503 as well.
  return isNative(host.server) ? closed(host, reason) : { ...host, server: null, denied: reason };
}

function closed(host: Host, reason: string): Host {
  const routes = host.routes.map((route): Route => ({ ...route, target: { kind: 'deny', status: 503, reason } }));
  return { ...host, server: null, routes };
}

function serverRefused({ server, name }: Host, refused: Refused): string | null {
  if (server === null) return null;
  return refused.get(server) ?? refused.get(nameNeed(server, name)) ?? null;
}

function withoutRoutes(host: Host, refused: Refused, running: Host | null, loaded: Loaded): Host {
  const needOf = ({ profile }: Route): Need => profileNeed(host.server, profile);
  if (host === running || !host.routes.some((route) => refused.has(needOf(route)))) return host;
  const routes = host.routes.map((route): Route => {
    const reason = refused.get(needOf(route));
    if (reason === undefined) return route;
    const before = running?.routes.find(
      ({ path, pattern, match }) => path === route.path && pattern === route.pattern && match === route.match,
    );
    if (before !== undefined && loaded.every((one) => one.has(needOf(before))) && !refused.has(needOf(before))) {
      return before;
    }
    return { ...route, target: { kind: 'deny', status: 503, reason } };
  });
  return { ...host, routes };
}

/** Whether a model still asks for what was refused. */
export function isWanted({ profiles, servers }: Model, need: Need): boolean {
  const { server, profile } = parseNeed(need);
  return (server === null || servers.has(server)) && (profile === null || profiles.has(profile));
}

/** One Problem for each Ingress and profile, or server, that nginx refuses. */
export function refusedProblems(model: Model, refused: Refused): Problem[] {
  if (refused.size === 0) return [];
  const problems: Problem[] = [];
  for (const host of model.hosts.values()) {
    const closed = serverRefused(host, refused);
    for (const { profile, source, path } of host.routes) {
      const reason = closed ?? refused.get(profileNeed(host.server, profile));
      if (reason === undefined || source === null) continue;
      const native = isNative(host.server);
      const policy = native ? 'server with the snippets' : 'TLS policy';
      const what =
        closed === null ? `host ${host.name}, path ${JSON.stringify(path)}` : `the ${policy} of host ${host.name}`;
      const instead = closed === null || native ? '503' : '403';
      const message = `nginx refuses the directives of ${what}: ${reason}; its last good version is served, or ${instead}`;
      problems.push({ object: source, severity: 'error', code: 'directives-refused', message });
    }
  }
  return problems;
}
