// What is told by Events: Problems of objects and first syncs by the one replica that leads, reloads by each replica of its own
// Pod.
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import { KINDS, type Kind, keyOf, type ObjectKey, type ObjectRef, parseKey } from '../kube/ref.ts';
import type { Problem } from '../model/types.ts';
import type { Cluster } from '../watch/cluster.ts';
import type { IngressStatuses } from '../watch/statuses.ts';
import { EventBook } from './event-book.ts';
import { EventSender, type Identity } from './event-sender.ts';
import { type Occasion, occasionOf, reloaded, reloadFailed, synced } from './occasion.ts';
import type { PodName } from './pods.ts';

/** Problems are compared with what was told at most this often. */
const COMPARE_MS = 1000;
/** … and at least, for those that last. */
const REMIND_MS = 60_000;
const BURST = 25;

export interface HeraldParts {
  readonly client: ApiClient;
  readonly statuses: IngressStatuses;
  readonly cluster: Cluster;
  readonly pod: PodName;
  /** Events a second in the long run. */
  readonly rate: number;
  /** "reloads": --disable-sync-events, which leaves those of reloads only. */
  readonly about: 'everything' | 'reloads';
  isOurs(key: ObjectKey): boolean;
  onTrouble(error: ApiError | null): void;
}

export class Herald {
  readonly #parts: HeraldParts;
  readonly #book = new EventBook();
  readonly #sender: EventSender;
  readonly #pod: ObjectRef;
  readonly #fresh = new Set<ObjectKey>();
  #problems: readonly Problem[] = [];
  #isChanged = false;
  #speaks = false;
  #reloads: number | null = null;
  /** Of our Pod; '' until it is known. */
  podUid = '';

  constructor(parts: HeraldParts) {
    this.#parts = parts;
    this.#pod = { kind: 'Pod', ...parts.pod };
    this.#sender = new EventSender({
      client: parts.client,
      book: this.#book,
      rate: parts.rate,
      burst: BURST,
      instance: parts.pod.name,
      identify: (object) => this.#identify(object),
      onTrouble: (error) => parts.onTrouble(error),
    });
  }

  /** Tells of other objects than our Pod, until the signal. */
  speak(signal: AbortSignal): void {
    if (this.#parts.about === 'reloads') return;
    this.#speaks = true;
    this.#isChanged = true;
    signal.addEventListener(
      'abort',
      () => {
        this.#speaks = false;
        this.#book.forgetLasting();
        this.#isChanged = true;
      },
      { once: true },
    );
  }

  /** All Problems of this moment. */
  say(problems: readonly Problem[]): void {
    this.#problems = problems;
    this.#isChanged = true;
  }

  /** The state was sent to nginx; `reloads` so far. */
  applied(reloads: number): void {
    if (this.#speaks) {
      for (const key of this.#fresh) {
        const ref = parseKey(key);
        if (ref !== null && this.#parts.isOurs(key)) this.#book.add(synced({ kind: 'Ingress', ...ref }));
      }
    }
    this.#fresh.clear();
    if (this.#reloads !== null && reloads > this.#reloads) this.#book.add(reloaded(this.#pod));
    this.#reloads = reloads;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#parts.statuses.listen((key, seen) => {
      if (seen === 'new') this.#fresh.add(key);
      if (seen === 'gone') this.#fresh.delete(key);
    }, signal);
    await Promise.all([this.#sender.run(signal), this.#compare(signal)]);
  }

  async #compare(signal: AbortSignal): Promise<never> {
    let compared = Number.NEGATIVE_INFINITY;
    for (;;) {
      const now = performance.now();
      if (this.#isChanged || now - compared > REMIND_MS) {
        compared = now;
        this.#isChanged = false;
        this.#book.last(this.#occasions(), now);
      }
      await delay(COMPARE_MS, undefined, { signal });
    }
  }

  #occasions(): Occasion[] {
    const failed = this.#problems.some(({ code }) => code === 'reload-failed') ? [reloadFailed(this.#pod)] : [];
    return this.#speaks ? [...failed, ...this.#problems.flatMap((problem) => occasionOf(problem) ?? [])] : failed;
  }

  #identify(object: ObjectRef): Identity | null {
    const identity = (apiVersion: string, uid: string | undefined): Identity | null =>
      uid ? { apiVersion, uid } : null;
    if (object.kind === 'Pod') return identity('v1', this.podUid);
    if (object.kind === 'Ingress') {
      return identity('networking.k8s.io/v1', this.#parts.statuses.get(keyOf(object))?.uid);
    }
    return isKind(object.kind) ? identity('v1', this.#parts.cluster.get(object.kind, keyOf(object))?.meta.uid) : null;
  }
}

function isKind(kind: string): kind is Kind {
  return KINDS.some((known) => known === kind);
}
