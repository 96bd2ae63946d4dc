// Between the sources and the store: an Ingress that must be rejected is held back, so that what was served of it before goes
// on (outcome reject-ingress of docs/spec/annotations.yaml). It is judged again whenever the controller ConfigMap changes.
import type { Ingress, KubeObject } from '../kube/objects.ts';
import { type Kind, keyOf, type ObjectKey } from '../kube/ref.ts';
import { rejections } from '../model/acceptance.ts';
import { isSelected } from '../model/select.ts';
import { readSettings, type Selection, type Settings } from '../model/settings.ts';
import type { Problem } from '../model/types.ts';
import type { ReadKey } from '../model/view.ts';
import type { Cluster } from './cluster.ts';

/** Where a source puts what it reads. Each change answers with the reads that it makes stale. */
export interface Store {
  put(object: KubeObject): ReadonlySet<ReadKey>;
  remove(kind: Kind, key: ObjectKey): ReadonlySet<ReadKey>;
}

const NOTHING: ReadonlySet<ReadKey> = new Set();

export class Intake implements Store {
  readonly #cluster: Cluster;
  readonly #selection: () => Selection;
  /** The newest versions that were not accepted. */
  readonly #held = new Map<ObjectKey, { readonly ingress: Ingress; readonly problems: readonly Problem[] }>();
  #settings: Settings;

  /** `selection` is asked at every use: whether IngressClasses can be listed is known only once the source was opened. */
  constructor(cluster: Cluster, selection: () => Selection) {
    this.#cluster = cluster;
    this.#selection = selection;
    this.#settings = readSettings(cluster, selection()).settings;
  }

  put(object: KubeObject): ReadonlySet<ReadKey> {
    if (object.kind === 'Ingress') return this.#judge(object);
    const stale = this.#cluster.put(object);
    return this.#isConfiguration(object.kind, keyOf(object.meta)) ? stale.union(this.#judgeAll()) : stale;
  }

  remove(kind: Kind, key: ObjectKey): ReadonlySet<ReadKey> {
    if (kind === 'Ingress') this.#held.delete(key);
    const stale = this.#cluster.remove(kind, key);
    return this.#isConfiguration(kind, key) ? stale.union(this.#judgeAll()) : stale;
  }

  /** Why objects of ours are held back. */
  problems(): Problem[] {
    return [...this.#held.values()]
      .filter(({ ingress }) => isSelected(this.#cluster, this.#selection(), ingress))
      .flatMap(({ problems }) => problems);
  }

  #isConfiguration(kind: Kind, key: ObjectKey): boolean {
    return kind === 'ConfigMap' && key === this.#selection().configMap;
  }

  /** The newest version where it is accepted; else the one before, where that still is. */
  #judge(newest: Ingress): ReadonlySet<ReadKey> {
    const key = keyOf(newest.meta);
    const problems = rejections(newest, this.#settings);
    if (problems.length === 0) {
      this.#held.delete(key);
      return this.#cluster.put(newest);
    }
    this.#held.set(key, { ingress: newest, problems });
    const before = this.#cluster.get('Ingress', key);
    if (before === null) return NOTHING;
    const isLeaving = !isSelected(this.#cluster, this.#selection(), newest);
    const stands = before !== newest && !isLeaving && rejections(before, this.#settings).length === 0;
    return stands ? NOTHING : this.#cluster.remove('Ingress', key);
  }

  #judgeAll(): ReadonlySet<ReadKey> {
    this.#settings = readSettings(this.#cluster, this.#selection()).settings;
    const stale = new Set<ReadKey>();
    const newest = new Map<ObjectKey, Ingress>();
    for (const object of this.#cluster.objects()) if (object.kind === 'Ingress') newest.set(keyOf(object.meta), object);
    for (const [key, { ingress }] of this.#held) newest.set(key, ingress);
    for (const ingress of newest.values()) for (const read of this.#judge(ingress)) stale.add(read);
    return stale;
  }
}
