// What Sluice did lately, in memory: the last entries, oldest dropped first. The loop tells it; the dashboard shows it.

/** One thing that happened, as the loop tells it. */
export type LoopEvent =
  | {
      readonly kind: 'applied';
      /** Objects that were sent and removed: hosts, backends, certificates and the like. */
      readonly upserts: number;
      readonly removals: number;
      /** The first few of them, "host/a.test". */
      readonly names: readonly string[];
      /** Why a reload must follow, null when none must. */
      readonly reload: string | null;
      readonly ms: number;
    }
  | { readonly kind: 'reloaded'; readonly reason: string; readonly ms: number }
  | { readonly kind: 'reload-failed'; readonly reason: string; readonly message: string }
  | { readonly kind: 'nginx'; readonly what: 'started' | 'adopted' | 'ended' };

export interface Entry {
  /** Counts up from 1 without gaps. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: LoopEvent;
  /** What was read from the source since the entry before: "10-demo.yaml read (Ingress default/demo)". */
  readonly causes: readonly string[];
}

const MAX_ENTRIES = 500;
const MAX_CAUSES = 5;
const MAX_CAUSE_LENGTH = 300;

export class Journal {
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #entries: Entry[] = [];
  #number = 0;
  #causes: string[] = [];
  #unnamed = 0;

  /** `now` is the time of day in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Newest first. */
  get entries(): readonly Entry[] {
    return this.#entries.toReversed();
  }

  get newest(): Entry | null {
    return this.#entries.at(-1) ?? null;
  }

  /** Notes what came from the source, and which reads it made stale; the next entry names it as its cause. */
  cause(what: string, stale: Iterable<string> = []): void {
    const objects = firstObjects(stale);
    const text = (objects.length === 0 ? what : `${what} (${objects.join(', ')})`).slice(0, MAX_CAUSE_LENGTH);
    if (this.#causes.includes(text)) return;
    if (this.#causes.length < MAX_CAUSES) this.#causes.push(text);
    else this.#unnamed += 1;
  }

  /** A pass that changed nothing and wants nothing is no entry, and what it read no cause of the next one. */
  note(event: LoopEvent): void {
    if (event.kind === 'applied' && event.upserts + event.removals === 0 && event.reload === null) {
      this.#forgetCauses();
      return;
    }
    this.#number += 1;
    const causes = event.kind === 'applied' ? this.#takeCauses() : [];
    this.#entries.push({ number: this.#number, at: this.#now(), event, causes });
    if (this.#entries.length > MAX_ENTRIES) this.#entries = this.#entries.slice(-MAX_ENTRIES);
    for (const tell of this.#listeners) tell();
  }

  /** Calls back after each entry, until the signal. */
  listen(tell: () => void, signal: AbortSignal): void {
    this.#listeners.add(tell);
    signal.addEventListener('abort', () => this.#listeners.delete(tell), { once: true });
  }

  #takeCauses(): string[] {
    const causes = this.#unnamed === 0 ? this.#causes : [...this.#causes, `and ${this.#unnamed} more`];
    this.#forgetCauses();
    return causes;
  }

  #forgetCauses(): void {
    this.#causes = [];
    this.#unnamed = 0;
  }
}

const OBJECTS_NAMED = 3;

/** Objects among reads: "get:Ingress:default/web" is "Ingress default/web". */
function firstObjects(stale: Iterable<string>): string[] {
  const found: string[] = [];
  for (const read of stale) {
    const [, kind, key] = /^get:([^:]+):(.+)$/.exec(read) ?? [];
    if (kind === undefined || key === undefined) continue;
    if (found.length === OBJECTS_NAMED) return [...found, '…'];
    found.push(`${kind} ${key}`);
  }
  return found;
}
