// What hosts need of the configuration, and whether what is loaded has it.
import type { Host, HostName } from '../model/types.ts';
import {
  type Need,
  type Needs,
  nameNeed,
  namesOf,
  profileNeed,
  type ServerOf,
  serverOf,
  wildcardOf,
} from '../render/layout.ts';
import { canBeNamed, isNative } from '../render/profile.ts';

export type Hosts = ReadonlyMap<HostName, Host>;

/** The configurations that workers which serve may have: one, and during a reload the one before and the one to come. */
export type Loaded = readonly Needs[];

/** By host object: the parts of a model that did not change are the same objects. */
const known = new WeakMap<Host, Needs>();

/** A denied host answers 403 from any server, and a denied route jumps nowhere. */
export function needsOf(host: Host): Needs {
  const before = known.get(host);
  if (before !== undefined) return before;
  const needs = new Set<Need>();
  if (host.denied === null) {
    if (host.server !== null) needs.add(host.server).add(nameNeed(host.server, host.name));
    if (!isNative(host.server)) for (const need of profileNeeds(host, host.server)) needs.add(need);
  }
  known.set(host, needs);
  return needs;
}

/** The profiles of a host's routes in a server where they are named locations. */
function profileNeeds({ routes }: Host, server: ServerOf): Need[] {
  return routes.flatMap(({ target, profile }) =>
    target.kind === 'deny' || !canBeNamed(profile) ? [] : [profileNeed(server, profile)],
  );
}

/** What a host lacks; empty when nginx takes its requests to the right server, with every profile that they may jump to. */
export function missingOf(loaded: Loaded, host: Host): readonly Need[] {
  if (host.denied !== null) return [];
  const needs = needsOf(host);
  const missing = loaded.flatMap((one) => {
    if (!needs.isSubsetOf(one)) return [...needs.difference(one)];
    return serverOf(one, host.name) === host.server ? [] : [nameNeed(host.server, host.name)];
  });
  return [...new Set(missing)];
}

/**
 * Names of hosts that are gone, while a server still lists them that is not the one of the host that answers in their place
 * (a wildcard, or the catch-all).
 */
export function staleNames(loaded: Loaded, hosts: Hosts): HostName[] {
  const stale = new Set<HostName>();
  for (const one of loaded) {
    for (const [name, server] of namesOf(one)) {
      if (!hosts.has(name) && server !== heirOf(hosts, name)) stale.add(name);
    }
  }
  return [...stale];
}

/** The server of the host that answers for a name. */
function heirOf(hosts: Hosts, name: HostName): ServerOf {
  const host = hosts.get(name) ?? hosts.get(wildcardOf(name) ?? '');
  return host === undefined || host.denied !== null ? null : host.server;
}

/** The needs of the wanted hosts; and of the running ones, which the new workers serve until their new values arrive. */
export function allNeeds(wanted: Hosts, running: Hosts): Needs {
  const needs = new Set<Need>();
  const hasServers = [...wanted.values()].some(({ server }) => server !== null);
  for (const [name, host] of wanted) {
    for (const need of needsOf(host)) needs.add(need);
    // nginx prefers an exact name to the wildcard of another server.
    if (hasServers && host.server === null && heirOf(wanted, wildcardOf(name) ?? '') !== null) {
      needs.add(nameNeed(null, name));
    }
  }
  for (const [name, host] of running) {
    const server = heirOf(wanted, name);
    if (host.denied !== null || (isNative(host.server) && isNative(server))) continue;
    for (const need of profileNeeds(host, server)) needs.add(need);
  }
  return needs;
}
