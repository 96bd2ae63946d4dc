// The objects of one kind as the API server has them, kept in the Cluster. One that cannot be read is a Problem and keeps
// its last good version, as in a folder of manifests.
import type { Normalised } from '../kube/normalise.ts';
import { type Kind, keyOf, type ObjectKey, type ObjectRef } from '../kube/ref.ts';
import type { Problem } from '../model/types.ts';
import type { ReadKey } from '../model/view.ts';
import type { Store } from './intake.ts';
import type { Change } from './reflector.ts';

export class Mirror {
  readonly #kind: Kind;
  readonly #store: Store;
  #keys = new Set<ObjectKey>();
  #problems: ReadonlyMap<ObjectKey, Problem> = new Map();

  constructor(kind: Kind, store: Store) {
    this.#kind = kind;
    this.#store = store;
  }

  /** Objects that cannot be read; another map whenever they change. */
  get problems(): ReadonlyMap<ObjectKey, Problem> {
    return this.#problems;
  }

  /** Makes the kind exactly these objects; the reads that go stale are of those that differ, came or went. */
  replace(objects: readonly Normalised[]): ReadonlySet<ReadKey> {
    const listed = new Set(objects.map((entry) => keyOf(refOf(entry))));
    const stale = new Set<ReadKey>();
    for (const key of this.#problems.keys()) if (!listed.has(key)) this.#solved(key);
    for (const key of this.#keys) if (!listed.has(key)) addAll(stale, this.#remove(key));
    for (const entry of objects) addAll(stale, this.#put(entry));
    return stale;
  }

  change(changes: readonly Change<Normalised>[]): ReadonlySet<ReadKey> {
    const stale = new Set<ReadKey>();
    for (const { kind, object } of changes) {
      addAll(stale, kind === 'put' ? this.#put(object) : this.#remove(keyOf(refOf(object))));
    }
    return stale;
  }

  #put(entry: Normalised): ReadonlySet<ReadKey> {
    const ref = refOf(entry);
    const key = keyOf(ref);
    switch (entry.kind) {
      case 'object':
        this.#solved(key);
        this.#keys.add(key);
        return this.#store.put(entry.object);
      case 'ignored':
      case 'refused': {
        const rest = this.#keys.has(key) ? '; its last good version is served' : '; it is not served';
        const message = `${entry.reason}${rest}`;
        const problem: Problem = { object: ref, severity: 'error', code: 'object-refused', message };
        this.#problems = new Map([...this.#problems, [key, problem]]);
        return new Set();
      }
    }
  }

  #solved(key: ObjectKey): void {
    if (this.#problems.has(key)) this.#problems = new Map([...this.#problems].filter(([other]) => other !== key));
  }

  #remove(key: ObjectKey): ReadonlySet<ReadKey> {
    this.#solved(key);
    this.#keys.delete(key);
    return this.#store.remove(this.#kind, key);
  }
}

function refOf(entry: Normalised): ObjectRef {
  if (entry.kind !== 'object') return entry.ref;
  const { kind, meta } = entry.object;
  return { kind, namespace: meta.namespace, name: meta.name };
}

function addAll(all: Set<ReadKey>, more: ReadonlySet<ReadKey>): void {
  for (const read of more) all.add(read);
}
