// The open watches: where each begins, what all of them are told, and when they end.
import type { ServerResponse } from 'node:http';
import type { Damage } from './answer.ts';
import { readRevision } from './list.ts';
import { type ApiRequest, flagged, matchOf } from './request.ts';
import { ApiError } from './status.ts';
import type { Change, Store } from './store.ts';
import type { Timers } from './timers.ts';
import { Watch } from './watch.ts';
import { covers, type Where } from './where.ts';

/** How a watch from a forgotten revision is refused: in an ERROR event, as by the watch cache, or as HTTP status 410. */
export type ExpiredWatch = 'event' | 'status';

const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

export class Watches {
  readonly #store: Store;
  readonly #timers: Timers;
  readonly #expired: ExpiredWatch;
  readonly #open = new Set<Watch>();

  constructor(store: Store, timers: Timers, expired: ExpiredWatch) {
    this.#store = store;
    this.#timers = timers;
    this.#expired = expired;
    store.subscribe((change) => {
      for (const watch of this.#open) watch.change(change);
    });
  }

  /** Throws what is to be answered in place of a watch. */
  begin(request: ApiRequest, response: ServerResponse, damage: Damage): void {
    const seconds = Number(request.query.get('timeoutSeconds') ?? '0');
    const watch = this.#connect(request, response);
    if (watch === null) return;
    if (damage === 'truncated') watch.truncate();
    if (damage === 'malformed') watch.garble();
    this.#open.add(watch);
    const cancel = seconds > 0 ? this.#timers.after(seconds * 1000, () => watch.timeOut()) : () => undefined;
    response.on('close', () => {
      cancel();
      this.#open.delete(watch);
    });
  }

  open(where: Where = {}): Watch[] {
    return [...this.#open].filter(({ request }) => covers(where, request));
  }

  bookmark(where: Where = {}): void {
    for (const watch of this.open(where)) watch.bookmark(this.#store.revision);
  }

  /** Null when it ended at once. */
  #connect(request: ApiRequest, response: ServerResponse): Watch | null {
    const { query } = request;
    const asked = query.get('resourceVersion') ?? '';
    const from = asked === '' ? 0 : readRevision(asked);
    const streaming = wantsInitialEvents(query);
    // Section "Semantics for watch": without a version, or from any, a watch begins with an event for every object.
    if (streaming || (from === 0 && !query.has('sendInitialEvents'))) {
      const watch = new Watch(response, request, Math.max(from, this.#store.revision));
      const matches = matchOf(request);
      for (const stored of this.#store.at(request.resource, this.#store.revision)) {
        if (matches(stored.object)) watch.initial(stored);
      }
      if (streaming) watch.bookmark(this.#store.revision, INITIAL_EVENTS_END);
      return watch;
    }
    if (from === 0) return new Watch(response, request, this.#store.revision);
    return this.#resume(request, response, from);
  }

  #resume(request: ApiRequest, response: ServerResponse, from: number): Watch | null {
    let missed: Change[];
    try {
      // A revision that is still to come is waited for (section "Unavailable resource versions").
      missed = from > this.#store.revision ? [] : this.#store.changesAfter(request.resource, from);
    } catch (error) {
      if (!(error instanceof ApiError) || this.#expired === 'status') throw error;
      new Watch(response, request, from).fail(error.status);
      return null;
    }
    const watch = new Watch(response, request, from);
    for (const change of missed) watch.change(change);
    return watch;
  }
}

/** Section "Streaming lists". */
function wantsInitialEvents(query: URLSearchParams): boolean {
  const match = query.get('resourceVersionMatch') ?? '';
  if (!query.has('sendInitialEvents')) {
    if (match === '') return false;
    throw new ApiError(
      422,
      'Invalid',
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (match !== 'NotOlderThan') {
    throw new ApiError(
      422,
      'Invalid',
      'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  return flagged(query, 'sendInitialEvents');
}
