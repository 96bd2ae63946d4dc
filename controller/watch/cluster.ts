// The object store: the last known state of every object, with the indexes that the model reads. Each change answers with
// the reads that it makes stale.
import { isDeepStrictEqual } from 'node:util';
import type { Ingress, KubeObject, ObjectOf } from '../kube/objects.ts';
import { KINDS, type Kind, keyOf, type ObjectKey } from '../kube/ref.ts';
import { type IndexName, type IndexOf, type ReadKey, readOfIndex, readOfObject, type View } from '../model/view.ts';

type Indexer = (object: KubeObject) => readonly string[];

const INDEXERS: { readonly [I in IndexName]: Indexer } = {
  'ingress-by-host': (object) =>
    object.kind === 'Ingress' ? [...new Set(object.rules.map((rule) => (rule.host === '' ? '_' : rule.host)))] : [],
  'ingress-catch-all': (object) =>
    object.kind === 'Ingress' && object.defaultBackend !== null && object.rules.length === 0 ? [''] : [],
  'ingress-by-backend': (object) => (object.kind === 'Ingress' ? backendsOf(object) : []),
  'slice-by-service': (object) =>
    object.kind === 'EndpointSlice' && object.service !== null ? [`${object.meta.namespace}/${object.service}`] : [],
};

function backendsOf({ meta, rules, defaultBackend }: Ingress): string[] {
  const targets = [...rules.flatMap(({ paths }) => paths.map(({ target }) => target)), defaultBackend];
  const ids = targets.flatMap((target) =>
    target?.kind === 'service' ? [`${meta.namespace}/${target.name}/${target.port}`] : [],
  );
  return [...new Set(ids)];
}

const INDEX_NAMES = Object.keys(INDEXERS) as IndexName[];

export class Cluster implements View {
  readonly #objects = new Map<Kind, Map<ObjectKey, KubeObject>>(KINDS.map((kind) => [kind, new Map()]));
  readonly #indexes = new Map<IndexName, Map<string, Map<ObjectKey, KubeObject>>>(
    INDEX_NAMES.map((name) => [name, new Map()]),
  );

  /** Stores an object and returns the reads it makes stale; none when nothing in it changed. */
  put(object: KubeObject): ReadonlySet<ReadKey> {
    const key = keyOf(object.meta);
    const before = this.#kind(object.kind).get(key) ?? null;
    if (before !== null && isDeepStrictEqual(before, object)) return new Set();
    return this.#replace(object.kind, key, before, object);
  }

  /** Removes an object and returns the reads that makes stale. */
  remove(kind: Kind, key: ObjectKey): ReadonlySet<ReadKey> {
    const before = this.#kind(kind).get(key) ?? null;
    return before === null ? new Set() : this.#replace(kind, key, before, null);
  }

  get<K extends Kind>(kind: K, key: ObjectKey): ObjectOf[K] | null {
    return (this.#kind(kind).get(key) as ObjectOf[K] | undefined) ?? null;
  }

  list<I extends IndexName>(index: I, key: string): readonly ObjectOf[IndexOf[I]][] {
    const entries = [...(this.#indexes.get(index)?.get(key) ?? [])];
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map(([, object]) => object as ObjectOf[IndexOf[I]]);
  }

  /** All keys of an index, sorted. */
  keys(index: IndexName): string[] {
    return [...(this.#indexes.get(index)?.keys() ?? [])].sort();
  }

  /** How many objects of each kind are stored. */
  counts(): Record<Kind, number> {
    return Object.fromEntries(KINDS.map((kind) => [kind, this.#kind(kind).size])) as Record<Kind, number>;
  }

  /** Every stored object. */
  *objects(): IterableIterator<KubeObject> {
    for (const objects of this.#objects.values()) yield* objects.values();
  }

  #kind(kind: Kind): Map<ObjectKey, KubeObject> {
    const objects = this.#objects.get(kind);
    if (objects === undefined) throw new Error(`unknown kind ${kind}`);
    return objects;
  }

  #replace(kind: Kind, key: ObjectKey, before: KubeObject | null, after: KubeObject | null): Set<ReadKey> {
    const stale = new Set<ReadKey>([readOfObject(kind, key)]);
    if (after === null) this.#kind(kind).delete(key);
    else this.#kind(kind).set(key, after);
    for (const name of INDEX_NAMES) {
      const index = this.#indexes.get(name);
      if (index === undefined) continue;
      for (const indexKey of before === null ? [] : INDEXERS[name](before)) {
        stale.add(readOfIndex(name, indexKey));
        const members = index.get(indexKey);
        members?.delete(key);
        if (members?.size === 0) index.delete(indexKey);
      }
      for (const indexKey of after === null ? [] : INDEXERS[name](after)) {
        stale.add(readOfIndex(name, indexKey));
        const members = index.get(indexKey) ?? new Map<ObjectKey, KubeObject>();
        index.set(indexKey, members.set(key, after as KubeObject));
      }
    }
    return stale;
  }
}
