// Sends Events, one after the other and slowly: they are for people, and must cost neither the API server nor the rest of the
// controller anything. core/v1, as ingress-nginx does, so that its Roles fit.
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import type { ObjectRef } from '../kube/ref.ts';
import { valueAt } from '../kube/status.ts';
import { TokenBucket } from '../kube/token-bucket.ts';
import type { Due, EventBook } from './event-book.ts';
import { nameOf, type Occasion } from './occasion.ts';

const IDLE_MS = 10_000;
const LOOK_MS = 500;
const TIDY_MS = 60_000;
const FIRST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 60_000;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const CONFLICT = 409;
const COMPONENT = 'nginx-ingress-controller';

/** Where the object of an Event is found, for the Event to be found with it. */
export interface Identity {
  readonly apiVersion: string;
  readonly uid: string;
}

export interface SenderParts {
  readonly client: ApiClient;
  readonly book: EventBook;
  /** Events a second in the long run, and at once. */
  readonly rate: number;
  readonly burst: number;
  /** Our Pod. */
  readonly instance: string;
  /** null for an object that is not there (any more): then there is no Event either. */
  identify(object: ObjectRef): Identity | null;
  onTrouble(error: ApiError | null): void;
}

export class EventSender {
  readonly #parts: SenderParts;
  readonly #bucket: TokenBucket;
  #pauseMs = FIRST_PAUSE_MS;
  #troubled = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(parts.rate, parts.burst, performance.now());
  }

  /** Sends what is due until the signal. */
  async run(signal: AbortSignal): Promise<never> {
    const { book } = this.#parts;
    let tidied = performance.now();
    for (;;) {
      const now = performance.now();
      if (now - tidied > TIDY_MS) {
        book.tidy(now);
        tidied = now;
      }
      const due = book.next(now);
      const pause = due === null ? LOOK_MS : await this.#send(due, signal);
      if (pause > 0) await delay(pause, undefined, { signal });
    }
  }

  /** Milliseconds to wait before the next one. */
  async #send(due: Due, signal: AbortSignal): Promise<number> {
    const { book, identify, onTrouble } = this.#parts;
    const identity = identify(due.occasion.object);
    if (identity === null) {
      book.refused(due, performance.now());
      return 0;
    }
    const wait = this.#bucket.take(performance.now());
    if (wait > 0) await delay(wait, undefined, { signal });
    try {
      book.sent(due, await this.#write(due, identity, signal), performance.now());
      this.#pauseMs = FIRST_PAUSE_MS;
      if (this.#troubled) onTrouble(null);
      this.#troubled = false;
      return 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ApiError)) throw error;
      return this.#failed(due, error);
    }
  }

  #failed(due: Due, error: ApiError): number {
    const { book, onTrouble } = this.#parts;
    const { status } = error;
    if (status === NOT_FOUND && due.kind === 'repeat') {
      book.expired(due);
      return 0;
    }
    const isRefused = status !== null && status >= 400 && status < 500 && status !== 429;
    if (isRefused && status !== FORBIDDEN && status !== 401) {
      book.refused(due, performance.now()); // its namespace ends, say: only this one is lost
      return 0;
    }
    this.#troubled = true;
    onTrouble(error);
    const pause = isRefused ? MOST_PAUSE_MS : (error.retryAfterMs ?? this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, MOST_PAUSE_MS);
    return Math.max(1, pause);
  }

  /** The count that the API server has then; null where it does not say. */
  async #write({ occasion, kind, count }: Due, identity: Identity, signal: AbortSignal): Promise<number | null> {
    const ask = { signal, idleMs: IDLE_MS };
    const namespace = occasion.object.namespace || 'default';
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    const name = nameOf(occasion, identity.uid);
    const lastTimestamp = timeOf(new Date());
    if (kind === 'repeat') {
      const patch = { lastTimestamp, ...(count === null ? {} : { count }) };
      const event = await this.#parts.client.write('PATCH', `${path}/${encodeURIComponent(name)}`, patch, ask);
      const now = valueAt(event, 'count');
      return typeof now === 'number' ? now : null;
    }
    try {
      const event = eventOf(occasion, identity, { name, namespace }, lastTimestamp, count ?? 1, this.#parts.instance);
      await this.#parts.client.write('POST', path, event, ask);
      return count ?? 1;
    } catch (error) {
      // Another replica, or we before a restart, said it already.
      if (error instanceof ApiError && error.status === CONFLICT) return null;
      throw error;
    }
  }
}

function eventOf(
  { object, type, reason, message }: Occasion,
  { apiVersion, uid }: Identity,
  metadata: object,
  time: string,
  count: number,
  instance: string,
): object {
  const { kind, namespace, name } = object;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject: { apiVersion, kind, name, uid, ...(namespace === '' ? {} : { namespace }) },
    type,
    reason,
    message,
    count,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: instance,
  };
}

/** metav1.Time: whole seconds. */
function timeOf(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
