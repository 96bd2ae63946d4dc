// What nginx measured of requests, kept here so that it only tells what has changed.
import type { Control, Series } from '../apply/control.ts';

export interface Measured {
  readonly series: readonly Series[];
  /** How often a series found no room since some were forgotten last. */
  readonly overflow: number;
}

export type SeriesControl = Pick<Control, 'series' | 'forgetSeries'>;

/** Keys of series that are forgotten with one request. */
const BATCH = 500;

export class MeasuredRequests {
  readonly #control: SeriesControl;
  readonly #series = new Map<string, Series>();
  #position = '';
  /** One question at a time: an answer says what changed since the one before. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(control: SeriesControl) {
    this.#control = control;
  }

  /** What was measured until now; rejects when nginx does not answer. */
  read(signal: AbortSignal): Promise<Measured> {
    return this.#inTurn(signal, async () => {
      const report = await this.#control.series(this.#position, signal);
      if (report.isWhole) this.#series.clear();
      for (const each of report.series) this.#series.set(each.key, each);
      this.#position = report.position;
      return { series: [...this.#series.values()], overflow: report.overflow };
    });
  }

  /** Forgets series by their keys; rejects when nginx does not answer. */
  forget(keys: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async () => {
      for (let from = 0; from < keys.length; from += BATCH) {
        const batch = keys.slice(from, from + BATCH);
        await this.#control.forgetSeries(batch, signal);
        for (const key of batch) this.#series.delete(key);
      }
    });
  }

  /** Rejects with the signal, also while another question that nginx does not answer is under way. */
  #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.#last = result.catch(() => undefined);
    return until(signal, result);
  }
}

function until<T>(signal: AbortSignal, result: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
