// The metrics of requests at a scrape: what the workers counted, without what belongs to Ingresses that are gone.
import type { Series } from '../apply/control.ts';
import type { Model, Problem } from '../model/types.ts';
import { type Described, requestText, SeriesKeys } from './exposition.ts';
import type { RequestMetrics } from './families.ts';
import type { MeasuredRequests } from './measured.ts';
import { ingressesOf } from './of-model.ts';
import { familyText, one } from './samples.ts';

export class Requests {
  readonly #metrics: RequestMetrics;
  readonly #keys: SeriesKeys;
  #overflow = 0;

  constructor(metrics: RequestMetrics, own: Readonly<Record<string, string>>) {
    this.#metrics = metrics;
    this.#keys = new SeriesKeys(metrics, own);
  }

  /** That series found no room, until some were forgotten. */
  problems(): Problem[] {
    if (this.#overflow === 0) return [];
    return [
      {
        object: { kind: 'Flag', namespace: '', name: 'metrics-max-series' },
        severity: 'warning',
        code: 'metrics-capped',
        message: `there are ${this.#metrics.maxSeries} label sets of requests already; more are counted under "other": drop a label (--metrics-without-labels), or raise --metrics-max-series`,
      },
    ];
  }

  /** The text; other work of the controller goes on in between. */
  async *pieces(model: Model | null, requests: MeasuredRequests, signal: AbortSignal): AsyncGenerator<string | Buffer> {
    const measured = await requests.read(signal).catch(() => null);
    if (measured === null) return;
    this.#overflow = measured.overflow;
    const { series, keys, gone } = this.#divide(measured.series, model);
    yield familyText(
      one('gauge', 'sluice_request_series', 'Label sets of requests that are counted', {}, series.length),
    );
    yield* requestText(series, keys, this.#metrics);
    await requests.forget(gone, signal).catch(() => undefined);
  }

  /** Series of Ingresses that are gone go with them. */
  #divide(all: readonly Series[], model: Model | null): { series: Series[]; keys: Described[]; gone: string[] } {
    const ingresses = model === null ? null : ingressesOf(model);
    const described = this.#keys.of(all);
    const [series, keys, gone]: [Series[], Described[], string[]] = [[], [], []];
    for (const [index, each] of all.entries()) {
      const known = described[index];
      if (known === undefined) continue;
      if (ingresses === null || known.ingress === '' || known.ingress === OTHER || ingresses.has(known.ingress)) {
        series.push(each);
        keys.push(known);
      } else gone.push(each.key);
    }
    return { series, keys, gone };
  }
}

/** What series beyond the limit are counted under (lua/metrics/series.lua). */
const OTHER = 'other/other';
