// The objects as a test reaches them in the same process: past authentication, validation, conflicts and faults.
import { admitNew, admitUpdate } from './admission.ts';
import type { RawObject, RawRef } from './raw.ts';
import { type Resource, resourceOfKind } from './resources.ts';
import { type Store, storeKey } from './store.ts';

const MANAGER = 'test';

export class Objects {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Creates or replaces an object and returns it as stored. A status that it does not say stays, as with `kubectl apply`;
   * a namespaced object without a namespace goes to "default". Namespaces need not exist.
   */
  put(given: object): RawObject {
    const object = structuredClone(given) as RawObject;
    const resource = resourceOfKind(object.kind);
    const { name } = object.metadata;
    if (name === undefined) throw new Error(`put: ${object.kind} without metadata.name`);
    const namespace = namespaceOf(resource, object.metadata.namespace);
    if (namespace !== '') object.metadata.namespace = namespace;
    const key = storeKey(namespace, name);
    const before = this.#store.get(resource, key)?.object;
    if (before !== undefined && object['status'] === undefined && before['status'] !== undefined) {
      object['status'] = before['status'];
    }
    const admitted =
      before === undefined ? admitNew(resource, object, MANAGER) : admitUpdate(resource, before, object, MANAGER);
    if (admitted !== null) this.#store.write(resource, key, admitted);
    return this.#stored(resource, key) as RawObject;
  }

  /** Puts many; 10,000 take well under a second. */
  fill(objects: Iterable<object>): void {
    for (const object of objects) this.put(object);
  }

  /** Whether it was there. */
  remove(ref: RawRef): boolean {
    const resource = resourceOfKind(ref.kind);
    const key = keyFor(resource, ref);
    if (this.#store.get(resource, key) === null) return false;
    this.#store.write(resource, key, null);
    return true;
  }

  get(ref: RawRef): RawObject | null {
    const resource = resourceOfKind(ref.kind);
    return this.#stored(resource, keyFor(resource, ref));
  }

  list(kind: string): RawObject[] {
    const objects = this.#store.at(resourceOfKind(kind), this.#store.revision);
    return objects.map(({ object }) => structuredClone(object));
  }

  count(kind: string): number {
    return this.#store.count(resourceOfKind(kind));
  }

  #stored(resource: Resource, key: string): RawObject | null {
    return structuredClone(this.#store.get(resource, key)?.object ?? null);
  }
}

function namespaceOf(resource: Resource, namespace: string | undefined): string {
  return resource.scope === 'cluster' ? '' : namespace || 'default';
}

function keyFor(resource: Resource, { namespace, name }: RawRef): string {
  return storeKey(namespaceOf(resource, namespace), name);
}
