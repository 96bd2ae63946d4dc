// Which Events are to be sent, and when: each once, what happens again as a higher count and not too often, what lasts again before
// the API server forgets it. Pure: times are milliseconds on the caller's clock.
import { idOf, type Occasion, solved } from './occasion.ts';

/** An Event is counted up at most this often. */
const GAP_MS = 10_000;
/** API servers keep Events for an hour unless told otherwise: what lasts is said again before. */
const AGAIN_MS = 30 * 60_000;
const FORGET_MS = 60 * 60_000;
/** Events that wait, beside those of Problems that last. */
const MOST_WAITING = 1000;

interface Entry {
  readonly occasion: Occasion;
  /** null until it was sent. */
  sentAt: number | null;
  /** As the API server has it; null where that is not known. */
  count: number | null;
  /** How often it happened since. */
  more: number;
  lasts: boolean;
}

export interface Due {
  readonly occasion: Occasion;
  /** "create" it, or "repeat" it: with `count` where the API server's is known. */
  readonly kind: 'create' | 'repeat';
  readonly count: number | null;
}

export class EventBook {
  readonly #entries = new Map<string, Entry>();
  /** Ids of what is to be sent; Warnings go first. */
  readonly #waiting = { Warning: new Set<string>(), Normal: new Set<string>() };
  #lasting = new Set<string>();
  #dropped = 0;

  /** How many were never sent, because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What lasts at this moment; what no longer does is told to be solved, if it ever was told. */
  last(occasions: readonly Occasion[], now: number): void {
    const lasting = new Map(occasions.map((occasion) => [idOf(occasion), occasion]));
    for (const id of this.#lasting) if (!lasting.has(id)) this.#end(id);
    for (const [id, occasion] of lasting) {
      const entry = this.#entry(id, occasion);
      const isDue = entry.sentAt !== null && now - entry.sentAt >= AGAIN_MS;
      if (!entry.lasts || isDue) this.#wait(id, entry);
      entry.lasts = true;
    }
    this.#lasting = new Set(lasting.keys());
  }

  /** Something happened. */
  add(occasion: Occasion): void {
    const id = idOf(occasion);
    const queue = this.#waiting[occasion.type];
    if (!queue.has(id) && queue.size - this.#lasting.size >= MOST_WAITING) this.#dropped += 1;
    else this.#wait(id, this.#entry(id, occasion));
  }

  /** What lasts is somebody else's to tell from now on. */
  forgetLasting(): void {
    for (const id of this.#lasting) this.#drop(id);
    this.#lasting = new Set();
  }

  /** What to send next, null when nothing is due. It stays due until it was sent. */
  next(now: number): Due | null {
    for (const queue of [this.#waiting.Warning, this.#waiting.Normal]) {
      for (const id of queue) {
        const entry = this.#entries.get(id);
        if (entry === undefined || (entry.sentAt !== null && now - entry.sentAt < GAP_MS)) continue;
        const { occasion, count, sentAt, more } = entry;
        if (sentAt === null) return { occasion, kind: 'create', count: more };
        return { occasion, kind: 'repeat', count: count === null ? null : count + more };
      }
    }
    return null;
  }

  /** It was sent: `count` is what the API server has now, null where that is not known. */
  sent({ occasion }: Due, count: number | null, now: number): void {
    const id = idOf(occasion);
    this.#waiting[occasion.type].delete(id);
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    Object.assign(entry, { sentAt: now, count, more: 0 });
  }

  /** The API server forgot it: the next one is a new one. */
  expired({ occasion }: Due): void {
    const entry = this.#entries.get(idOf(occasion));
    if (entry !== undefined) Object.assign(entry, { sentAt: null, count: null });
  }

  /** It cannot be sent at all. */
  refused({ occasion }: Due, now: number): void {
    this.sent({ occasion, kind: 'create', count: null }, null, now);
  }

  /** Forgets what is long past. */
  tidy(now: number): void {
    for (const [id, { sentAt, lasts, occasion }] of this.#entries) {
      const isWaiting = this.#waiting[occasion.type].has(id);
      if (!lasts && !isWaiting && (sentAt === null || now - sentAt >= FORGET_MS)) this.#entries.delete(id);
    }
  }

  #entry(id: string, occasion: Occasion): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const entry: Entry = { occasion, sentAt: null, count: null, more: 0, lasts: false };
    this.#entries.set(id, entry);
    return entry;
  }

  #wait(id: string, entry: Entry): void {
    const queue = this.#waiting[entry.occasion.type];
    if (!entry.lasts || !queue.has(id)) entry.more += 1;
    queue.add(id);
  }

  #end(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const wasSent = entry.sentAt !== null;
    this.#drop(id);
    if (wasSent) this.add(solved(entry.occasion));
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#waiting[entry.occasion.type].delete(id);
    entry.lasts = false;
    if (entry.sentAt === null) this.#entries.delete(id);
  }
}
