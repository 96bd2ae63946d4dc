// What etcd is to an API server: every object at its revision, a bounded history of changes, and who listens to them.
// One counter covers all kinds (https://kubernetes.io/docs/reference/using-api/api-concepts/, "Resource versions").
import type { RawObject } from './raw.ts';
import type { Resource } from './resources.ts';
import { expired, tooLarge } from './status.ts';

/** One version of an object; never changed once it is stored. */
export class Stored {
  readonly resource: Resource;
  readonly key: string;
  readonly revision: number;
  readonly object: RawObject;
  #item: string | null = null;

  constructor(resource: Resource, key: string, revision: number, object: RawObject) {
    this.resource = resource;
    this.key = key;
    this.revision = revision;
    this.object = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
  }

  /** JSON as in the items of a list: built-in kinds stand there without their kind and apiVersion. */
  get item(): string {
    if (this.#item === null) {
      const { apiVersion: _version, kind: _kind, ...rest } = this.object;
      this.#item = JSON.stringify(rest);
    }
    return this.#item;
  }

  /** JSON as anywhere else. */
  get json(): string {
    const { kind, apiVersion } = this.object;
    return `{"kind":"${kind}","apiVersion":"${apiVersion}",${this.item.slice(1)}`;
  }
}

export interface Change {
  readonly revision: number;
  readonly resource: Resource;
  readonly before: Stored | null;
  readonly after: Stored | null;
}

/** "namespace/name"; the namespace is empty for cluster-scoped kinds. The order of keys is the order of lists. */
export function storeKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

const FIRST_REVISION = 1000;

export class Store {
  /** Of the last change. */
  revision = FIRST_REVISION;
  /** Changes up to this one are forgotten. */
  compacted = FIRST_REVISION;
  readonly #objects = new Map<Resource, Map<string, Stored>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #limit: number;
  #history: Change[] = [];

  /** `limit`: how many changes are remembered. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(resource: Resource, key: string): Stored | null {
    return this.#of(resource).get(key) ?? null;
  }

  count(resource: Resource): number {
    return this.#of(resource).size;
  }

  /** Stores an object, or removes it when it is null, and tells the listeners. */
  write(resource: Resource, key: string, object: RawObject | null): Change {
    const objects = this.#of(resource);
    this.revision += 1;
    const after = object === null ? null : new Stored(resource, key, this.revision, object);
    const change = { revision: this.revision, resource, before: objects.get(key) ?? null, after };
    if (after === null) objects.delete(key);
    else objects.set(key, after);
    this.#history.push(change);
    if (this.#history.length > this.#limit) this.compacted = this.#history.shift()?.revision ?? this.compacted;
    for (const listener of this.#listeners) listener(change);
    return change;
  }

  /** All objects of a resource as they were at a revision, in the order of their keys. Throws 410 or 504 out of range. */
  at(resource: Resource, revision: number): Stored[] {
    const objects = new Map(this.#of(resource));
    for (const { before, after } of this.changesAfter(resource, revision).reverse()) {
      if (before !== null) objects.set(before.key, before);
      else if (after !== null) objects.delete(after.key);
    }
    return [...objects.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Throws 410 when some of them are forgotten, 504 for a revision that is still to come. */
  changesAfter(resource: Resource, revision: number): Change[] {
    if (revision < this.compacted) throw expired(`too old resource version: ${revision} (${this.compacted})`);
    if (revision > this.revision) throw tooLarge(revision, this.revision);
    const first = this.#history.findLastIndex((change) => change.revision <= revision) + 1;
    return this.#history.slice(first).filter((change) => change.resource === resource);
  }

  /** Forgets the history. */
  compact(): void {
    this.compacted = this.revision;
    this.#history = [];
  }

  /** Becomes another etcd restored from a backup: the same objects, another history, revisions from the beginning. */
  startOver(): void {
    this.revision = FIRST_REVISION;
    for (const [resource, objects] of this.#objects) {
      for (const { key, object } of [...objects.values()]) {
        this.revision += 1;
        objects.set(key, new Stored(resource, key, this.revision, object));
      }
    }
    this.compact();
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #of(resource: Resource): Map<string, Stored> {
    const objects = this.#objects.get(resource) ?? new Map<string, Stored>();
    this.#objects.set(resource, objects);
    return objects;
  }
}
