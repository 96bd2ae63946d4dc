// What a configuration has, as a set of needs that hosts have of it. A named location belongs to one server, so each need is
// about a pair. Needs are texts, so that sets of them can be compared, joined and halved:
//   "p_1"         profile p_1 in the shared server, which always exists
//   "s_1"         the server of server profile s_1
//   "s_1/p_1"     profile p_1 in it; servers in native mode are called "n_1"
//   "s_1@a.test"  the host name a.test in it; "@a.test" in the shared server, where a wildcard of another would take it
import type { HostName, Profile, ProfileId, ServerProfile, ServerProfileId } from '../model/types.ts';

export type Need = string;
export type Needs = ReadonlySet<Need>;

/** null is the shared server. */
export type ServerOf = ServerProfileId | null;

export function profileNeed(server: ServerOf, profile: ProfileId): Need {
  return server === null ? profile : `${server}/${profile}`;
}

export function nameNeed(server: ServerOf, name: HostName): Need {
  return `${server ?? ''}@${name}`;
}

export interface ParsedNeed {
  readonly server: ServerOf;
  readonly profile: ProfileId | null;
  readonly name: HostName | null;
}

export function parseNeed(need: Need): ParsedNeed {
  const at = need.indexOf('@');
  if (at >= 0) return { server: need.slice(0, at) || null, profile: null, name: need.slice(at + 1) };
  const slash = need.indexOf('/');
  if (slash >= 0) return { server: need.slice(0, slash), profile: need.slice(slash + 1), name: null };
  return /^[sn]_/.test(need)
    ? { server: need, profile: null, name: null }
    : { server: null, profile: need, name: null };
}

/** Without what belongs to a server that is not among them. */
export function withServers(needs: Needs): Needs {
  const kept = [...needs].filter((need) => {
    const { server } = parseNeed(need);
    return server === null || needs.has(server);
  });
  return kept.length === needs.size ? needs : new Set(kept);
}

/** Host names by the server that lists them. */
const names = new WeakMap<Needs, ReadonlyMap<HostName, ServerOf>>();

export function namesOf(needs: Needs): ReadonlyMap<HostName, ServerOf> {
  const known = names.get(needs);
  if (known !== undefined) return known;
  const found = new Map<HostName, ServerOf>();
  for (const need of needs) {
    const { server, name } = parseNeed(need);
    if (name !== null) found.set(name, server);
  }
  names.set(needs, found);
  return found;
}

/** The wildcard that covers a name: "*.x.test" for "a.x.test" (HOST-04); null where there can be none. */
export function wildcardOf(name: HostName): HostName | null {
  const dot = name.indexOf('.');
  return dot <= 0 || name.startsWith('*') ? null : `*${name.slice(dot)}`;
}

/** The server to which nginx takes requests for a host, as these needs say. */
export function serverOf(needs: Needs, name: HostName): ServerOf {
  const listed = namesOf(needs);
  if (listed.size === 0) return null;
  const own = listed.get(name);
  if (own !== undefined) return own;
  const wildcard = wildcardOf(name);
  return wildcard === null ? null : (listed.get(wildcard) ?? null);
}

/** One `server` block. */
export interface ServerLayout {
  /** null for the shared one. */
  readonly server: ServerProfile | null;
  readonly names: readonly HostName[];
  readonly profiles: readonly Profile[];
}

/**
 * The servers of a configuration, in an order that depends on nothing but the needs. The shared one is the last: nginx takes
 * the first pattern that matches, and its own matches everything.
 */
export function serversOf(
  needs: Needs,
  profiles: ReadonlyMap<ProfileId, Profile>,
  servers: ReadonlyMap<ServerProfileId, ServerProfile>,
): ServerLayout[] {
  const parsed = [...withServers(needs)].sort().map(parseNeed);
  const byServer = Map.groupBy(parsed, ({ server }) => server);
  const layoutOf = (server: ServerProfile | null): ServerLayout => {
    const own = byServer.get(server?.id ?? null) ?? [];
    return {
      server,
      names: own.flatMap(({ name }) => name ?? []),
      profiles: own.flatMap(({ profile }) => (profile === null ? [] : (profiles.get(profile) ?? []))),
    };
  };
  const used = [...byServer.keys()].flatMap((id) => (id === null ? [] : (servers.get(id) ?? [])));
  return [...used.map(layoutOf), layoutOf(null)];
}
