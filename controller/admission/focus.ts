// The cluster as it would be with one Ingress in another version, looked at from there: of hosts that thousands of Ingresses
// share, only those are listed that matter to it. Reading through it notes nothing and changes nothing.
import type { Ingress, ObjectOf } from '../kube/objects.ts';
import { type Kind, keyOf, type ObjectKey } from '../kube/ref.ts';
import { hasHost } from '../model/claim.ts';
import type { HostName } from '../model/types.ts';
import type { IndexName, IndexOf, View } from '../model/view.ts';

/** A host and the Ingresses that are listed for it, the one in question left out. */
export interface Neighbourhood {
  readonly host: HostName;
  readonly neighbours: readonly Ingress[];
}

export class Focus implements View {
  readonly #view: View;
  readonly #key: ObjectKey;
  readonly #ingress: Ingress | null;
  readonly #host: HostName | null;
  readonly #ofHost: readonly Ingress[];

  /** `ingress` stands under `key`, whatever is stored there; null for nothing. */
  constructor(view: View, key: ObjectKey, ingress: Ingress | null, around: Neighbourhood | null) {
    this.#view = view;
    this.#key = key;
    this.#ingress = ingress;
    this.#host = around?.host ?? null;
    this.#ofHost = this.#with(around?.neighbours ?? [], (own) => hasHost(own, around?.host ?? ''));
  }

  get<K extends Kind>(kind: K, key: ObjectKey): ObjectOf[K] | null {
    if (kind === 'Ingress' && key === this.#key) return this.#ingress as ObjectOf[K] | null;
    return this.#view.get(kind, key);
  }

  list<I extends IndexName>(index: I, key: string): readonly ObjectOf[IndexOf[I]][] {
    return this.#ingresses(index, key) as readonly ObjectOf[IndexOf[I]][];
  }

  #ingresses(index: IndexName, key: string): readonly unknown[] {
    switch (index) {
      case 'ingress-by-host':
        if (key === this.#host) return this.#ofHost;
        return this.#with(this.#view.list(index, key), (own) => hasHost(own, key));
      case 'ingress-catch-all':
        return this.#with(
          this.#view.list(index, key),
          ({ rules, defaultBackend }) => rules.length === 0 && defaultBackend !== null,
        );
      case 'ingress-by-backend': // what others say of a backend makes no Problem of this one
        return this.#with([], () => true);
      case 'slice-by-service':
        return this.#view.list(index, key);
    }
  }

  /** Sorted by key, as every View lists. */
  #with(listed: readonly Ingress[], belongs: (ingress: Ingress) => boolean): readonly Ingress[] {
    const others = listed.filter(({ meta }) => keyOf(meta) !== this.#key);
    if (this.#ingress === null || !belongs(this.#ingress)) return others;
    return [...others, this.#ingress].sort((a, b) => (keyOf(a.meta) < keyOf(b.meta) ? -1 : 1));
  }
}
