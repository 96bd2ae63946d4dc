// Looks at nginx's counters from time to time, and keeps the looks of the last minute: every few seconds while somebody watches,
// else once a minute, so that whoever comes sees what was before.
import { setTimeout as delay } from 'node:timers/promises';
import type { TrafficCounts } from '../apply/control.ts';
import { Counted, type Sample } from './counted.ts';

const TICK_MS = 5000;
/** Rates are over about this long. */
const WINDOW_MS = 60_000;
/** Looks that are kept are this far apart, but for the newest. */
const APART_MS = 20_000;
/** Somebody who asked so lately is still there. */
const WATCHED_MS = 30_000;
/** A page does not wait longer for a look, which goes on until this much later. */
const PAGE_PATIENCE_MS = 500;
const PATIENCE_MS = 4000;

export class TrafficWatch {
  readonly #ask: (signal: AbortSignal) => Promise<TrafficCounts>;
  readonly #signal: AbortSignal;
  #samples: readonly Sample[] = [];
  /** Of the newest look: its sums are made once. */
  #counted = new Counted(null, null);
  #askedAt = 0;
  #looking: Promise<void> | null = null;

  /** Looks until the signal; `onTick` is called after each regular look. */
  constructor(ask: (signal: AbortSignal) => Promise<TrafficCounts>, onTick: () => void, signal: AbortSignal) {
    this.#ask = ask;
    this.#signal = signal;
    const timer = setInterval(() => void this.#tick(onTick), TICK_MS);
    timer.unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** What is known now; looks first where the last look is old. */
  async counted(): Promise<Counted> {
    this.#askedAt = Date.now();
    const last = this.#samples.at(-1);
    if (last === undefined || Date.now() - last.at > TICK_MS) await this.#lookInTime();
    return this.#counted;
  }

  async #tick(onTick: () => void): Promise<void> {
    const last = this.#samples.at(-1)?.at ?? 0;
    const isWatched = Date.now() - this.#askedAt < WATCHED_MS;
    if (isWatched || Date.now() - last >= WINDOW_MS - TICK_MS) await this.look();
    onTick();
  }

  /** One look at a time, which also makes nginx count. Where nginx does not answer, what was known stays. */
  look(): Promise<void> {
    this.#looking ??= this.#sample().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookInTime(): Promise<void> {
    const enough = new AbortController();
    const patience = delay(PAGE_PATIENCE_MS, undefined, { signal: enough.signal }).catch(() => undefined);
    await Promise.race([this.look(), patience]);
    enough.abort();
  }

  async #sample(): Promise<void> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE_MS)]);
    const counts = await this.#ask(signal).catch(() => null);
    if (counts === null) return;
    const sample: Sample = {
      at: Date.now(),
      since: Math.round(counts.since * 1000),
      requests: new Map(Object.entries(counts.requests)),
      errors: new Map(Object.entries(counts.errors)),
    };
    // Other counters than before: nginx was started anew.
    const same = this.#samples.filter(
      ({ at, since }) => since === sample.since && sample.at - at <= WINDOW_MS + TICK_MS,
    );
    this.#samples = [...thinned(same), sample];
    const [first = sample] = this.#samples;
    this.#counted = new Counted(sample, first === sample ? null : first);
  }
}

/** Without the newest one where it is close to the one before: at 10,000 hosts each look holds megabytes. */
function thinned(samples: readonly Sample[]): readonly Sample[] {
  const [before, newest] = samples.slice(-2);
  return before !== undefined && newest !== undefined && newest.at - before.at < APART_MS
    ? samples.slice(0, -1)
    : samples;
}
