// What the views look up in a model: made once for each model, because a page shows fifty of its rows.
import { keyOf } from '../kube/ref.ts';
import type { BackendId, Host, HostName, Model, Problem, ProfileId, Route, ServerProfileId } from '../model/types.ts';

export interface RouteOfHost {
  readonly host: Host;
  readonly route: Route;
}

export interface ModelIndex {
  /** Names in order: by their labels from the right, so that a domain stays together; "_" last. */
  readonly hosts: readonly HostName[];
  readonly routes: readonly RouteOfHost[];
  /** By every backend that requests may be sent to. */
  readonly routesOf: ReadonlyMap<BackendId, readonly RouteOfHost[]>;
  readonly usersOf: ReadonlyMap<ProfileId, readonly RouteOfHost[]>;
  readonly hostsOn: ReadonlyMap<ServerProfileId, readonly HostName[]>;
  readonly backends: readonly BackendId[];
}

const indexes = new WeakMap<Model, ModelIndex>();

export function indexOf(model: Model): ModelIndex {
  const known = indexes.get(model);
  if (known !== undefined) return known;
  const index = build(model);
  indexes.set(model, index);
  return index;
}

function build(model: Model): ModelIndex {
  const hosts = [...model.hosts.keys()]
    .map((name) => ({ name, order: name === '_' ? '\u{10ffff}' : name.split('.').reverse().join('.') }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ name }) => name);
  const routes: RouteOfHost[] = [];
  const routesOf = new Map<BackendId, RouteOfHost[]>();
  const usersOf = new Map<ProfileId, RouteOfHost[]>();
  const hostsOn = new Map<ServerProfileId, HostName[]>();
  for (const name of hosts) {
    const host = model.hosts.get(name);
    if (host === undefined) continue;
    if (host.server !== null) add(hostsOn, host.server, name);
    for (const route of host.routes) {
      const entry = { host, route };
      routes.push(entry);
      add(usersOf, route.profile, entry);
      for (const id of route.backends) add(routesOf, id, entry);
    }
  }
  return { hosts, routes, routesOf, usersOf, hostsOn, backends: [...model.backends.keys()].sort() };
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

const byObject = new WeakMap<readonly Problem[], ReadonlyMap<string, readonly Problem[]>>();

/** Problems by "Kind namespace/name". */
export function problemsByObject(problems: readonly Problem[]): ReadonlyMap<string, readonly Problem[]> {
  const known = byObject.get(problems);
  if (known !== undefined) return known;
  const found = Map.groupBy(problems, ({ object }) => `${object.kind} ${keyOf(object)}`);
  byObject.set(problems, found);
  return found;
}
