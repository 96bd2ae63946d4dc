// What the views look up in a model. Each part is made when a page first needs it, and what belongs to a host or a set of names
// that did not change is kept from model to model: a busy cluster makes a new one many times a second.
import { keyOf } from '../kube/ref.ts';
import type { BackendId, Host, HostName, Model, Problem, ProfileId, Route } from '../model/types.ts';

export interface RouteOfHost {
  readonly host: Host;
  readonly route: Route;
}

export interface ModelIndex {
  /** Names in order: by their labels from the right, so that a domain stays together; "_" last. */
  readonly hosts: readonly HostName[];
  readonly backends: readonly BackendId[];
  readonly routes: readonly RouteOfHost[];
  /** By every backend that requests may be sent to. */
  readonly routesOf: ReadonlyMap<BackendId, readonly RouteOfHost[]>;
  readonly usersOf: ReadonlyMap<ProfileId, readonly RouteOfHost[]>;
}

class LazyIndex implements ModelIndex {
  readonly #model: Model;
  #routes: readonly RouteOfHost[] | null = null;
  #routesOf: ReadonlyMap<BackendId, readonly RouteOfHost[]> | null = null;
  #usersOf: ReadonlyMap<ProfileId, readonly RouteOfHost[]> | null = null;

  constructor(model: Model) {
    this.#model = model;
  }

  get hosts(): readonly HostName[] {
    return hostOrder.of(this.#model.hosts);
  }

  get backends(): readonly BackendId[] {
    return backendOrder.of(this.#model.backends);
  }

  get routes(): readonly RouteOfHost[] {
    this.#routes ??= this.hosts.flatMap((name) => {
      const host = this.#model.hosts.get(name);
      return host === undefined ? [] : routesOfHost(host);
    });
    return this.#routes;
  }

  get routesOf(): ReadonlyMap<BackendId, readonly RouteOfHost[]> {
    this.#routesOf ??= grouped(this.routes, ({ route }) => route.backends);
    return this.#routesOf;
  }

  get usersOf(): ReadonlyMap<ProfileId, readonly RouteOfHost[]> {
    this.#usersOf ??= grouped(this.routes, ({ route }) => [route.profile]);
    return this.#usersOf;
  }
}

/** The sorted keys of a map, sorted again only when they are other ones. */
class KeyOrder {
  readonly #orderOf: (key: string) => string;
  #sorted: readonly string[] = [];

  constructor(orderOf: (key: string) => string) {
    this.#orderOf = orderOf;
  }

  of(map: ReadonlyMap<string, unknown>): readonly string[] {
    if (map.size !== this.#sorted.length || !this.#sorted.every((key) => map.has(key))) {
      this.#sorted = [...map.keys()]
        .map((key) => ({ key, order: this.#orderOf(key) }))
        .sort((a, b) => (a.order < b.order ? -1 : 1))
        .map(({ key }) => key);
    }
    return this.#sorted;
  }
}

const hostOrder = new KeyOrder((name) => (name === '_' ? '\u{10ffff}' : name.split('.').reverse().join('.')));
const backendOrder = new KeyOrder((id) => id);
const entries = new WeakMap<Host, readonly RouteOfHost[]>();
const indexes = new WeakMap<Model, ModelIndex>();

export function indexOf(model: Model): ModelIndex {
  const known = indexes.get(model);
  if (known !== undefined) return known;
  const index = new LazyIndex(model);
  indexes.set(model, index);
  return index;
}

function routesOfHost(host: Host): readonly RouteOfHost[] {
  const known = entries.get(host);
  if (known !== undefined) return known;
  const made = host.routes.map((route) => ({ host, route }));
  entries.set(host, made);
  return made;
}

function grouped<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const list = found.get(key);
      if (list === undefined) found.set(key, [item]);
      else list.push(item);
    }
  }
  return found;
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
