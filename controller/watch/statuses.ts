// The status of every Ingress that is followed, beside the object store: it changes whenever it is written, which must not make
// the model stale.

import type { ObjectKey } from '../kube/ref.ts';
import type { IngressStatus } from '../kube/status.ts';

/** "listed": it was there when the first list came. */
export type Seen = 'listed' | 'new' | 'changed' | 'gone';

export class IngressStatuses {
  readonly #known = new Map<ObjectKey, IngressStatus>();
  readonly #listeners = new Set<(key: ObjectKey, seen: Seen) => void>();
  #isListed = false;

  get(key: ObjectKey): IngressStatus | null {
    return this.#known.get(key) ?? null;
  }

  /** Tells of changes from now on, until the signal. */
  listen(listener: (key: ObjectKey, seen: Seen) => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
  }

  replace(all: readonly IngressStatus[]): void {
    const keys = new Set(all.map(({ key }) => key));
    for (const key of [...this.#known.keys()]) if (!keys.has(key)) this.remove(key);
    for (const status of all) this.put(status);
    this.#isListed = true;
  }

  put(status: IngressStatus): void {
    const before = this.#known.get(status.key);
    if (before?.version === status.version && before.uid === status.uid) return;
    this.#known.set(status.key, status);
    this.#tell(status.key, before?.uid === status.uid ? 'changed' : this.#isListed ? 'new' : 'listed');
  }

  remove(key: ObjectKey): void {
    if (this.#known.delete(key)) this.#tell(key, 'gone');
  }

  #tell(key: ObjectKey, seen: Seen): void {
    for (const listener of this.#listeners) listener(key, seen);
  }
}
