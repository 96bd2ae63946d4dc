// What a unit may read of the cluster, and the recorder that remembers every read, found or not. Remembering the misses is
// what makes the incremental model equal to one built from scratch: an object that appears re-runs whoever looked for it.
import type { ObjectOf } from '../kube/objects.ts';
import type { Kind, ObjectKey } from '../kube/ref.ts';

/** What each index lists, and by which key. */
export interface IndexOf {
  /** Ingresses that have a rule for a host; '_' stands for rules without one. */
  readonly 'ingress-by-host': 'Ingress';
  /** Ingresses with spec.defaultBackend and no rules, all under the key ''. */
  readonly 'ingress-catch-all': 'Ingress';
  /** Ingresses that lead to a Service port, by BackendId. */
  readonly 'ingress-by-backend': 'Ingress';
  /** EndpointSlices of a Service, by its "namespace/name". */
  readonly 'slice-by-service': 'EndpointSlice';
}

export type IndexName = keyof IndexOf;

/** Read access to the cluster. Lists are sorted by object key, so that no output depends on the order of events. */
export interface View {
  get<K extends Kind>(kind: K, key: ObjectKey): ObjectOf[K] | null;
  list<I extends IndexName>(index: I, key: string): readonly ObjectOf[IndexOf[I]][];
}

/** One thing that was read: "get:Service:demo/web" or "list:slice-by-service:demo/web". */
export type ReadKey = string;

export function readOfObject(kind: Kind, key: ObjectKey): ReadKey {
  return `get:${kind}:${key}`;
}

export function readOfIndex(index: IndexName, key: string): ReadKey {
  return `list:${index}:${key}`;
}

/** A View that notes what is read through it. */
export class RecordingView implements View {
  readonly reads = new Set<ReadKey>();
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  get<K extends Kind>(kind: K, key: ObjectKey): ObjectOf[K] | null {
    this.reads.add(readOfObject(kind, key));
    return this.#view.get(kind, key);
  }

  list<I extends IndexName>(index: I, key: string): readonly ObjectOf[IndexOf[I]][] {
    this.reads.add(readOfIndex(index, key));
    return this.#view.list(index, key);
  }
}
