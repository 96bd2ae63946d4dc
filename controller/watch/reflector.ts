// Follows one kind at the API server: lists it in pages, then watches from there, and starts over when it must. What comes
// next is decided in steps.ts; this is the part that asks and waits.
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import { type ListQuery, listPath, type Resource, watchPath } from '../kube/resources.ts';
import { LineCutter } from './lines.ts';
import { WatchProgress } from './progress.ts';
import { type BackOff, backOff, FIRST, isOtherHistory, next, type Outcome, type Phase, type State } from './steps.ts';
import { type Page, type RawObject, readEvent, readPage } from './wire.ts';

export interface Change<T> {
  readonly kind: 'put' | 'remove';
  readonly object: T;
}

/** Where a reflector brings what it reads. */
export interface Sink<T> {
  /** Keeps what of an object counts, as early as possible: a list may be much larger than what is used of it. */
  read(object: RawObject): T;
  /** The kind now is exactly these. */
  replace(objects: readonly T[]): void;
  /** Changes in their order, those that came together. */
  change(changes: readonly Change<T>[]): void;
  /** What keeps the reflector from following; null once it follows again. */
  trouble(error: ApiError | null): void;
}

export interface Pace {
  /** Objects a page. */
  readonly limit: number;
  /** A connection that says nothing for so long is given up. Above the minute between two bookmarks. */
  readonly idleMs: number;
  /** The server ends a watch after so many seconds, spread up to twice as many. */
  readonly watchSeconds: number;
  /** A watch that lasted so long was a good one, even without an event. */
  readonly settledMs: number;
  readonly backOff: BackOff;
}

export const PACE: Pace = {
  limit: 500,
  idleMs: 75_000,
  watchSeconds: 300,
  settledMs: 1000,
  backOff: { firstMs: 200, mostMs: 10_000 },
};

/** Twenty times what etcd holds at most: only a broken server sends such a line. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;
const GONE = 410;

export class Reflector<T> {
  readonly #client: ApiClient;
  readonly #resource: Resource;
  readonly #namespace: string | null;
  readonly #sink: Sink<T>;
  readonly #pace: Pace;
  #state: State = FIRST;
  #heardAt = performance.now();
  #hasListed = false;
  #troubled = false;

  /** `namespace` null follows all of them. */
  constructor(client: ApiClient, resource: Resource, namespace: string | null, sink: Sink<T>, pace: Pace = PACE) {
    this.#client = client;
    this.#resource = resource;
    this.#namespace = namespace;
    this.#sink = sink;
    this.#pace = pace;
  }

  /** When the server said anything last, by performance.now(). */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Follows, from a list on, until the signal; rejects with its reason, or with what the sink threw. */
  async run(signal: AbortSignal): Promise<never> {
    this.#state = FIRST;
    for (;;) {
      const { outcome, error } = await this.#attempt(this.#state.phase, signal);
      const { state, pause } = next(this.#state, outcome);
      this.#state = state;
      if (error !== null) this.#report(error);
      if (pause === 'none') continue;
      const wait = backOff(this.#pace.backOff, state.failures, error?.retryAfterMs ?? null, Math.random());
      await delay(wait, undefined, { signal });
    }
  }

  /** A connection that broke once is no trouble yet; a refusal is, and so is all that keeps us from the first list. */
  #report(error: ApiError): void {
    const isRefusal = error.status === 401 || error.status === 403;
    if (this.#hasListed && this.#state.failures < 2 && !isRefusal) return;
    this.#troubled = true;
    this.#sink.trouble(error);
  }

  #recovered(): void {
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#sink.trouble(null);
  }

  async #attempt(phase: Phase, signal: AbortSignal): Promise<{ outcome: Outcome; error: ApiError | null }> {
    const watch = new WatchProgress(phase, this.#pace.settledMs);
    try {
      if (phase.kind === 'list') return { outcome: await this.#list(phase.size, signal), error: null };
      if (phase.history === 'unsure' && (await this.#hasOtherHistory(phase.version, signal))) {
        return { outcome: { kind: 'expired', yield: 'nothing' }, error: null };
      }
      await this.#watch(watch, signal);
      return { outcome: { kind: 'closed', version: watch.version, yield: watch.yield }, error: null };
    } catch (cause) {
      signal.throwIfAborted();
      if (!(cause instanceof ApiError)) throw cause;
      if (cause.status === GONE) return { outcome: { kind: 'expired', yield: watch.yield }, error: null };
      return { outcome: phase.kind === 'list' ? { kind: 'list-failed' } : watch.failed(cause), error: cause };
    }
  }

  async #page(query: ListQuery, signal: AbortSignal): Promise<Page> {
    const path = listPath(this.#resource, this.#namespace, query);
    const page = readPage(this.#resource, await this.#client.json(path, { signal, idleMs: this.#pace.idleMs }));
    if (page === null) throw ApiError.of('malformed', path, 'the answer is no list');
    return page;
  }

  async #hasOtherHistory(known: string, signal: AbortSignal): Promise<boolean> {
    const { version } = await this.#page({ limit: 1, from: '' }, signal);
    return isOtherHistory(version, known);
  }

  async #list(size: 'pages' | 'whole', signal: AbortSignal): Promise<Outcome> {
    const objects: T[] = [];
    const limit = size === 'pages' ? this.#pace.limit : 0;
    let from = '';
    for (;;) {
      const page = await this.#page({ limit, from }, signal);
      for (const item of page.items) objects.push(this.#sink.read(item));
      this.#heardAt = performance.now();
      from = page.next;
      if (from !== '') continue;
      this.#sink.replace(objects);
      this.#hasListed = true;
      return { kind: 'listed', version: page.version };
    }
  }

  async #watch(progress: WatchProgress, signal: AbortSignal): Promise<void> {
    const { idleMs, watchSeconds } = this.#pace;
    const seconds = Math.round(watchSeconds * (1 + Math.random()));
    const path = watchPath(this.#resource, this.#namespace, progress.version, seconds);
    const body = await this.#client.stream(path, { signal, idleMs });
    progress.opened();
    this.#recovered();
    const lines = new LineCutter(MAX_LINE_BYTES);
    for await (const piece of body) {
      this.#heardAt = performance.now();
      this.#take(cut(lines, piece, path), path, progress);
    }
    if (lines.pendingBytes > 0) throw ApiError.of('truncated', path, 'the answer ended within an event');
  }

  /** Brings the changes of these lines to the sink, up to one that ends the watch. */
  #take(lines: readonly string[], path: string, progress: WatchProgress): void {
    const changes: Change<T>[] = [];
    try {
      for (const line of lines) {
        const event = readEvent(this.#resource, line);
        switch (event.kind) {
          case 'put':
          case 'remove':
            changes.push({ kind: event.kind, object: this.#sink.read(event.object) });
            progress.reached(event.version);
            break;
          case 'bookmark':
            progress.reached(event.version);
            break;
          case 'malformed':
            throw ApiError.of('malformed', path, event.reason);
          case 'error':
            throw new ApiError({
              method: 'GET',
              code: `event-${event.status}`,
              path,
              status: event.status,
              retryAfterMs: event.retryAfterMs,
              reason: `the server sent an error: ${event.status} ${event.message}`,
            });
        }
      }
    } finally {
      if (changes.length > 0) this.#sink.change(changes);
    }
  }
}

function cut(lines: LineCutter, piece: Buffer, path: string): string[] {
  try {
    return lines.push(piece);
  } catch (cause) {
    const reason = String(cause);
    throw new ApiError({ method: 'GET', code: 'malformed', path, status: null, retryAfterMs: null, reason }, { cause });
  }
}
