// Writes the addresses into the status of Ingresses: only where they differ, a few at a time, and only over the version that
// was looked at, so that what changed meanwhile is looked at again before it is written.
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import type { ObjectKey } from '../kube/ref.ts';
import { type Address, sameAddresses } from '../kube/status.ts';
import type { IngressStatuses } from '../watch/statuses.ts';
import { Wakeup } from '../watch/wakeup.ts';
import { type How, writeStatus } from './write-status.ts';

/** Passes begin at least this far apart: what comes together is written together. */
const APART_MS = 500;
const FIRST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 30_000;
const CLEAR_ATTEMPTS = 10;

export interface WriterParts {
  readonly client: ApiClient;
  readonly statuses: IngressStatuses;
  /** Requests at once. Each waits for its token, and a renewal of the Lease waits behind them. */
  readonly parallel: number;
  /** The Ingresses that we serve, sorted. */
  ours(): readonly ObjectKey[];
  isOurs(key: ObjectKey): boolean;
  onWritten(count: number, milliseconds: number): void;
  /** What keeps us from writing; null once that is over. */
  onTrouble(error: ApiError | null): void;
}

export class StatusWriter {
  readonly #parts: WriterParts;
  readonly #wakeup = new Wakeup();
  /** null: nothing is known, so what is there stays. */
  #wanted: readonly Address[] | null = null;
  #how: How = 'patch';
  /** Versions that we know to be past: written by us, or refused with a conflict. The watch brings the next one. */
  readonly #past = new Map<ObjectKey, string>();
  #queue: ObjectKey[] = [];
  #pauseMs = FIRST_PAUSE_MS;
  #troubled = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** What the status is to say from now on; at least one address. */
  publish(addresses: readonly Address[]): void {
    this.#wanted = addresses;
    this.#wakeup.raise();
  }

  /** Looks at everything again. */
  review(): void {
    this.#past.clear();
    this.#wakeup.raise();
  }

  /** Writes until the signal. */
  async run(signal: AbortSignal): Promise<never> {
    this.#parts.statuses.listen((key, seen) => {
      if (seen === 'gone') this.#past.delete(key);
      if (seen === 'new') this.#queue.unshift(key); // it has no address at all, others have an old one
      this.#wakeup.raise();
    }, signal);
    this.#wakeup.raise();
    for (;;) {
      await this.#wakeup.wait(signal);
      const pause = await this.#pass(signal);
      if (pause > 0) this.#wakeup.raise();
      await delay(Math.max(APART_MS, pause), undefined, { signal });
    }
  }

  /** Empties the status of all our Ingresses. Rejects with the signal's reason; what fails is given up and reported. */
  async clear(signal: AbortSignal): Promise<void> {
    this.#wanted = [];
    for (let attempt = 1; attempt <= CLEAR_ATTEMPTS; attempt += 1) {
      if ((await this.#pass(signal)) > 0) return;
      if (this.#differing().length === 0) return;
      await delay(APART_MS, undefined, { signal }); // for the watch to bring the versions that were refused
    }
  }

  #differing(): ObjectKey[] {
    const wanted = this.#wanted;
    if (wanted === null) return [];
    return this.#parts.ours().filter((key) => {
      const status = this.#parts.statuses.get(key);
      return status !== null && !sameAddresses(status.addresses, wanted);
    });
  }

  /** Milliseconds to leave the API server alone after it; 0 when all went well. */
  async #pass(signal: AbortSignal): Promise<number> {
    const started = performance.now();
    this.#queue = this.#differing();
    let [written, pause] = [0, 0];
    const work = async (): Promise<void> => {
      for (let key = this.#queue.shift(); key !== undefined && pause === 0; key = this.#queue.shift()) {
        try {
          if (await this.#write(key, signal)) written += 1;
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ApiError)) throw error;
          pause = this.#failed(error);
        }
      }
    };
    await Promise.all(Array.from({ length: this.#parts.parallel }, work));
    if (written > 0) this.#parts.onWritten(written, performance.now() - started);
    if (pause === 0) this.#recovered();
    else this.#pauseMs = Math.min(this.#pauseMs * 2, MOST_PAUSE_MS);
    return pause;
  }

  /** Whether it was written. Rejects with ApiError when it is no use to go on. */
  async #write(key: ObjectKey, signal: AbortSignal): Promise<boolean> {
    const { statuses, client, isOurs } = this.#parts;
    const status = statuses.get(key);
    const wanted = this.#wanted;
    if (status === null || wanted === null || sameAddresses(status.addresses, wanted) || !isOurs(key)) return false;
    if (this.#past.get(key) === status.version) return false;
    const { outcome, how } = await writeStatus(client, status, wanted, this.#how, signal);
    this.#how = how;
    if (outcome === 'gone') return false;
    this.#past.set(key, status.version);
    // The watch may have been faster than the answer.
    if (statuses.get(key)?.version !== status.version) this.#wakeup.raise();
    return outcome === 'written';
  }

  #failed(error: ApiError): number {
    this.#troubled = true;
    this.#parts.onTrouble(error);
    // Nobody grants a permission or mends an address within seconds.
    const isRefused = error.status !== null && error.status >= 400 && error.status < 500 && error.status !== 429;
    return Math.max(1, isRefused ? MOST_PAUSE_MS : (error.retryAfterMs ?? this.#pauseMs));
  }

  #recovered(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#parts.onTrouble(null);
  }
}
