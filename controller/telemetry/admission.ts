// Metrics of the admission webhook under their old names (docs/spec/metrics.yaml). The gauges are about the last review, as they
// always were.
import { Counter, Gauge, type Registry } from 'prom-client';

/** Whose metrics they are: labels of every one. */
export interface Instance {
  readonly controller_namespace: string;
  readonly controller_class: string;
  readonly controller_pod: string;
}

/** What is noted of a review; times in seconds. */
export interface ReviewFigures {
  readonly namespace: string;
  readonly name: string;
  readonly outcome: 'allowed' | 'refused';
  readonly looked: number;
  readonly bodyBytes: number;
  readonly reading: number;
  readonly judging: number;
  readonly total: number;
}

/** Names come from whoever sends reviews; of more Ingresses than this, those that were reviewed longest ago are forgotten. */
const MAX_SERIES = 1000;

const INSTANCE = ['controller_namespace', 'controller_class', 'controller_pod'] as const;
type InstanceLabel = (typeof INSTANCE)[number];

export class AdmissionMetrics {
  readonly #instance: Instance;
  readonly #gauges: Readonly<
    Record<'size' | 'looked' | 'judging' | 'known' | 'reading' | 'total', Gauge<InstanceLabel>>
  >;
  readonly #counters: Readonly<Record<'allowed' | 'refused', Reviewed>>;

  constructor(registry: Registry, instance: Instance) {
    this.#instance = instance;
    const registers = [registry];
    const gauge = (name: string, help: string): Gauge<InstanceLabel> =>
      new Gauge({ name: `nginx_ingress_controller_admission_${name}`, help, labelNames: INSTANCE, registers });
    this.#gauges = {
      size: gauge('config_size', 'Bytes of the last review: no configuration is rendered for it'),
      looked: gauge('tested_ingresses', 'Ingresses that the last review looked at closely'),
      judging: gauge('tested_duration', 'Seconds that judging took in the last review'),
      known: gauge('render_ingresses', 'Ingresses among which the last review was made'),
      reading: gauge('render_duration', 'Seconds that reading the object took in the last review'),
      total: gauge('roundtrip_duration', 'Seconds that the last review took'),
    };
    this.#counters = {
      allowed: new Reviewed('nginx_ingress_controller_check_success', 'Ingresses that the webhook let pass', registry),
      refused: new Reviewed('nginx_ingress_controller_check_errors', 'Ingresses that the webhook refused', registry),
    };
  }

  /** `known` is how many Ingresses there are. */
  observe(figures: ReviewFigures, known: number): void {
    const { size, looked, judging, known: all, reading, total } = this.#gauges;
    size.set({ ...this.#instance }, figures.bodyBytes);
    looked.set({ ...this.#instance }, figures.looked);
    judging.set({ ...this.#instance }, figures.judging);
    all.set({ ...this.#instance }, known);
    reading.set({ ...this.#instance }, figures.reading);
    total.set({ ...this.#instance }, figures.total);
    this.#counters[figures.outcome].count({ ...this.#instance, namespace: figures.namespace, ingress: figures.name });
  }
}

type Labels = Record<InstanceLabel | 'namespace' | 'ingress', string>;

/** A counter by Ingress. */
class Reviewed {
  readonly #counter: Counter<InstanceLabel | 'namespace' | 'ingress'>;
  readonly #series = new Map<string, Labels>();

  constructor(name: string, help: string, registry: Registry) {
    const labelNames = [...INSTANCE, 'namespace', 'ingress'] as const;
    this.#counter = new Counter({ name, help, labelNames, registers: [registry] });
  }

  count(labels: Labels): void {
    const key = `${labels.namespace}/${labels.ingress}`;
    this.#series.delete(key);
    this.#series.set(key, labels);
    this.#counter.inc(labels);
    const [oldest] = this.#series;
    if (this.#series.size <= MAX_SERIES || oldest === undefined) return;
    this.#series.delete(oldest[0]);
    this.#counter.remove(oldest[1]);
  }
}
