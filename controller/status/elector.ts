// Takes part in the election: holds the Lease while it can, and notices in time when it cannot. The decisions are in
// election.ts; this is the part that asks and waits.
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import { Wakeup } from '../watch/wakeup.ts';
import { decide, heldSpec, type Lease, type Observed, observe, readLease, releasedSpec } from './election.ts';
import { follow } from './follow.ts';

const CONFLICT = 409;
const NOT_FOUND = 404;
const IDLE_MS = 10_000;

export interface Election {
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Of this instance: unique among the replicas. */
  readonly identity: string;
  readonly ttlMs: number;
}

export interface Electorate {
  /** This instance leads until the signal. */
  onLeading(signal: AbortSignal): void;
  onLost(why: string): void;
  /** Somebody else leads now. */
  onOther(holder: string): void;
  /** What keeps us from taking part; null once that is over. */
  onTrouble(error: ApiError | null): void;
}

interface Term {
  readonly controller: AbortController;
  /** Unless it is renewed until then, it is over; on our monotonic clock. */
  until: number;
}

export class Elector {
  readonly #client: ApiClient;
  readonly #election: Election;
  readonly #electorate: Electorate;
  readonly #collection: string;
  readonly #wakeup = new Wakeup();
  #observed: Observed | null = null;
  /** The Lease as it came last: fields that are not ours stay as they are. */
  #raw: Readonly<Record<string, unknown>> = {};
  #term: Term | null = null;
  #other = '';
  #troubled = false;

  constructor(client: ApiClient, election: Election, electorate: Electorate) {
    this.#client = client;
    this.#election = election;
    this.#electorate = electorate;
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(election.namespace)}/leases`;
  }

  get isLeading(): boolean {
    return this.#term !== null;
  }

  /** Who leads, as far as known; '' when nobody does. */
  get holder(): string {
    return this.#observed?.lease?.holder ?? '';
  }

  /** Takes part until the signal, and ends its term then; the Lease stays ours until release(). */
  async run(signal: AbortSignal): Promise<void> {
    const watched = follow(this.#client, this.#collection, this.#election.name, () => this.#wakeup.raise(), signal);
    try {
      await Promise.all([watched, this.#campaign(signal)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#term?.controller.abort(new Error('the election is over'));
    }
  }

  /** After run(): gives the Lease away if we hold it. */
  async release(signal: AbortSignal): Promise<void> {
    const lease = this.#observed?.lease ?? null;
    if (this.#term === null || lease === null) return;
    this.#term.controller.abort(new Error('the Lease is given away'));
    this.#term = null;
    try {
      await this.#write('PUT', releasedSpec(lease, new Date()), signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== CONFLICT) throw error;
      // A renewal that was under way when we ended may have arrived all the same.
      await this.#look(signal);
      const now = this.#observed?.lease ?? null;
      if (now?.holder === this.#election.identity) await this.#write('PUT', releasedSpec(now, new Date()), signal);
    }
  }

  async #campaign(signal: AbortSignal): Promise<never> {
    for (;;) {
      const pause = await this.#step(signal);
      if (pause <= 0) continue;
      // A leader looks at its own clock only; all others look whenever the Lease changes.
      const ends = new AbortController();
      const either = AbortSignal.any([signal, ends.signal]);
      const woken = this.#term === null ? this.#wakeup.wait(either) : new Promise<void>(() => undefined);
      await Promise.race([delay(pause, undefined, { signal: either }), woken]).finally(() => {
        woken.catch(() => undefined);
        ends.abort();
      });
      signal.throwIfAborted();
    }
  }

  /** Milliseconds until the next one. */
  async #step(signal: AbortSignal): Promise<number> {
    const retryMs = this.#election.ttlMs / 4;
    const term = this.#term;
    try {
      if (term === null) {
        await this.#look(signal);
        const wait = await this.#stand(signal);
        this.#fine();
        // Spread, so that candidates do not all try at once.
        return Math.min(wait, retryMs * (1 + Math.random() * 0.2));
      }
      await this.#renew(term, signal);
      this.#fine();
      return retryMs;
    } catch (error) {
      signal.throwIfAborted();
      const isLate = error instanceof DOMException && error.name === 'TimeoutError'; // within a request
      if (!(error instanceof ApiError || isLate)) throw error;
      const left = (term?.until ?? Number.POSITIVE_INFINITY) - performance.now();
      if (term !== null && (isLate || left <= 0)) {
        this.#lose('it could not be renewed in time');
        return 0;
      }
      if (!(error instanceof ApiError)) return 0;
      if (error.status !== CONFLICT) {
        this.#troubled = true;
        this.#electorate.onTrouble(error);
      }
      // Somebody was faster: look who it was.
      if (error.status === CONFLICT && term !== null) return this.#afterConflict(signal);
      return Math.max(0, Math.min(retryMs, left) / (term === null ? 1 : 2));
    }
  }

  #fine(): void {
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#electorate.onTrouble(null);
  }

  async #afterConflict(signal: AbortSignal): Promise<number> {
    await this.#look(signal).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
    if (this.holder !== this.#election.identity) this.#lose(`${this.holder || 'nobody'} holds it`);
    return 0;
  }

  /** Tries to lead; milliseconds until the next look when somebody else does. */
  async #stand(signal: AbortSignal): Promise<number> {
    const now = performance.now();
    const observed = this.#observed ?? { lease: null, at: now };
    const step = decide(observed, this.#election.identity, now);
    if (step.kind === 'wait') {
      if (this.#other !== this.holder) {
        this.#other = this.holder;
        this.#electorate.onOther(this.holder);
      }
      return step.ms;
    }
    const { identity, ttlMs } = this.#election;
    await this.#write(
      step.kind === 'create' ? 'POST' : 'PUT',
      heldSpec(observed.lease, identity, ttlMs, new Date()),
      signal,
    );
    const term = { controller: new AbortController(), until: now + ttlMs / 2 };
    this.#term = term;
    this.#other = '';
    this.#electorate.onLeading(term.controller.signal);
    return ttlMs / 4;
  }

  async #renew(term: Term, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const { identity, ttlMs } = this.#election;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, Math.floor(term.until - now)))]);
    await this.#write('PUT', heldSpec(this.#observed?.lease ?? null, identity, ttlMs, new Date()), inTime);
    term.until = now + ttlMs / 2;
  }

  #lose(why: string): void {
    this.#term?.controller.abort(new Error(why));
    this.#term = null;
    this.#electorate.onLost(why);
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      this.#take(await this.#client.json(`${this.#collection}/${this.#election.name}`, { signal, idleMs: IDLE_MS }));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== NOT_FOUND) throw error;
      this.#raw = {};
      this.#observed = observe(this.#observed, null, performance.now());
    }
  }

  async #write(method: 'POST' | 'PUT', spec: object, signal: AbortSignal): Promise<void> {
    const { name, namespace } = this.#election;
    const path = method === 'POST' ? this.#collection : `${this.#collection}/${name}`;
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace },
      ...this.#raw,
      spec: { ...(this.#raw.spec as object | undefined), ...spec },
    };
    this.#take(await this.#client.write(method, path, body, { signal, idleMs: IDLE_MS }));
  }

  #take(raw: unknown): void {
    this.#raw = raw as Readonly<Record<string, unknown>>;
    const lease: Lease = readLease(raw, this.#election.ttlMs);
    this.#observed = observe(this.#observed, lease, performance.now());
  }
}
