// The metrics of requests at a scrape: what the workers counted, without what belongs to Ingresses that are gone.
import type { Control, Series } from '../apply/control.ts';
import type { Model, Problem } from '../model/types.ts';
import { LabelBytes, requestText } from './exposition.ts';
import { LABELS, type RequestMetrics } from './families.ts';
import { ingressesOf } from './of-model.ts';
import { familyText, one } from './samples.ts';

/** Keys of series that are forgotten with one request. */
const BATCH = 500;

export class Requests {
  readonly #metrics: RequestMetrics;
  readonly #labels: LabelBytes;
  #overflow = 0;

  constructor(metrics: RequestMetrics, own: Readonly<Record<string, string>>) {
    this.#metrics = metrics;
    this.#labels = new LabelBytes(metrics, own);
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
  async *pieces(model: Model | null, control: Control, signal: AbortSignal): AsyncGenerator<string | Buffer> {
    const measured = await control.series(signal).catch(() => null);
    if (measured === null) return;
    this.#overflow = measured.overflow;
    const { wanted, gone } = this.#divide(measured.series, model);
    yield familyText(
      one('gauge', 'sluice_request_series', 'Label sets of requests that are counted', {}, wanted.length),
    );
    for (const piece of requestText(wanted, this.#labels.of(wanted), this.#metrics)) {
      yield piece;
    }
    for (let from = 0; from < gone.length; from += BATCH) {
      await control.forgetSeries(gone.slice(from, from + BATCH), signal).catch(() => undefined);
    }
  }

  /** Series of Ingresses that are gone go with them. */
  #divide(series: readonly Series[], model: Model | null): { wanted: readonly Series[]; gone: readonly string[] } {
    const { labels } = this.#metrics;
    if (model === null || !labels.has('namespace') || !labels.has('ingress')) return { wanted: series, gone: [] };
    const ingresses = ingressesOf(model);
    const wanted: Series[] = [];
    const gone: string[] = [];
    for (const each of series) {
      const [namespace = '', ingress = ''] = each.key.split('\x1f', INGRESS_LABELS);
      const isKnown =
        ingress === '' || (namespace === OTHER && ingress === OTHER) || ingresses.has(`${namespace}/${ingress}`);
      if (isKnown) wanted.push(each);
      else gone.push(each.key);
    }
    return { wanted, gone };
  }
}

const INGRESS_LABELS = LABELS.indexOf('ingress') + 1;
/** What series beyond the limit are counted under (lua/metrics/series.lua). */
const OTHER = 'other';
