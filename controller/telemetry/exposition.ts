// The text of the request metrics (Prometheus exposition format 0.0.4), in pieces: at 10,000 hosts it has a million lines, and
// the controller has other things to do meanwhile.
import type { Series } from '../apply/control.ts';
import { histogramsOf, LABELS, PREFIX, REQUESTS, type RequestMetrics } from './families.ts';
import { NUMBER_BYTES, Page } from './page.ts';

/** Backslash, quote and newline are what the format escapes in values. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeValue(value)}"`)
    .join(',');
}

function escapeValue(value: string): string {
  return /["\\\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}

/** Bounds as Go prints floats (strconv 'g'), so that le="1e+06" stays what dashboards and rules know. */
export function boundText(bound: number): string {
  if (bound < 1e6 && bound >= 1e-4) return String(bound);
  const [digits = '', exponent = '0'] = bound.toExponential().split('e');
  const size = Math.abs(Number(exponent));
  return `${digits}e${exponent.startsWith('-') ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
}

/** What the key of a series says. */
export interface Described {
  /** The labels as the text has them. */
  readonly labels: Buffer;
  /** "namespace/name" of the Ingress; "" where either is not counted. */
  readonly ingress: string;
}

/** Keys of series, read once: they are mostly those of the last scrape. */
export class SeriesKeys {
  readonly #metrics: RequestMetrics;
  readonly #constant: string;
  readonly #known = new Map<string, Described>();

  /** `own` are labels that every series has. */
  constructor(metrics: RequestMetrics, own: Readonly<Record<string, string>>) {
    this.#metrics = metrics;
    this.#constant = labelText(own);
  }

  of(series: readonly Series[]): Described[] {
    if (this.#known.size > 2 * series.length) this.#known.clear();
    return series.map(({ key }) => {
      const known = this.#known.get(key) ?? this.#read(key);
      this.#known.set(key, known);
      return known;
    });
  }

  #read(key: string): Described {
    const values = key.split('\x1f');
    const wanted = Object.fromEntries(
      LABELS.flatMap((name, index) => (this.#metrics.labels.has(name) ? [[name, values[index] ?? '']] : [])),
    );
    const { namespace, ingress } = wanted;
    return {
      labels: Buffer.from([this.#constant, labelText(wanted)].filter(Boolean).join(',')),
      ingress: namespace && ingress ? `${namespace}/${ingress}` : '',
    };
  }
}

/** All request families; `keys` are those of the series, in their order. A piece holds until the next one is asked for. */
export function* requestText(
  series: readonly Series[],
  keys: readonly Described[],
  metrics: RequestMetrics,
): Generator<Buffer> {
  const page = new Page();
  if (!metrics.excluded.has(REQUESTS.name)) yield* counterText(page, series, keys);
  let first = 1;
  for (const { name, help, of } of histogramsOf(metrics)) {
    const bounds = metrics.buckets[of];
    yield* histogramText(page, { name: PREFIX + name, help, bounds, first }, series, keys);
    first += bounds.length + 2;
  }
  yield page.content();
}

const END = Buffer.from('} ');
const HEAD_BYTES = 1000;

function* counterText(page: Page, series: readonly Series[], keys: readonly Described[]): Generator<Buffer> {
  const name = PREFIX + REQUESTS.name;
  const open = Buffer.from(`${name}{`);
  if (!page.hasRoom(HEAD_BYTES)) yield page.turn(HEAD_BYTES);
  page.text(`# HELP ${name} ${REQUESTS.help}\n# TYPE ${name} counter\n`);
  for (let index = 0; index < series.length; index += 1) {
    const own = keys[index]?.labels ?? END;
    const bytes = open.length + own.length + NUMBER_BYTES;
    if (!page.hasRoom(bytes)) yield page.turn(bytes);
    page.put(open);
    page.put(own);
    page.put(END);
    page.number(series[index]?.numbers[0] ?? 0);
  }
}

interface Shape {
  readonly name: string;
  readonly help: string;
  readonly bounds: readonly number[];
  /** Where its numbers begin. */
  readonly first: number;
}

/** A histogram that observed nothing has no series, as in ingress-nginx: requests that no backend saw. */
function* histogramText(
  page: Page,
  { name, help, bounds, first }: Shape,
  series: readonly Series[],
  keys: readonly Described[],
): Generator<Buffer> {
  const [bucket, sum, count] = ['bucket', 'sum', 'count'].map((ending) => Buffer.from(`${name}_${ending}{`));
  if (bucket === undefined || sum === undefined || count === undefined) return;
  const ends = [...bounds.map(boundText), '+Inf'].map((bound) => Buffer.from(`,le="${bound}"} `));
  const longest = Math.max(...ends.map((end) => end.length));
  if (!page.hasRoom(HEAD_BYTES)) yield page.turn(HEAD_BYTES);
  page.text(`# HELP ${name} ${help}\n# TYPE ${name} histogram\n`);
  for (let index = 0; index < series.length; index += 1) {
    const numbers = series[index]?.numbers ?? NOTHING;
    if (!hasAny(numbers, first, ends.length)) continue;
    const own = keys[index]?.labels ?? END;
    const bytes = (ends.length + 2) * (bucket.length + own.length + longest + NUMBER_BYTES);
    if (!page.hasRoom(bytes)) yield page.turn(bytes);
    const from = page.at;
    page.put(bucket);
    page.put(own);
    const to = page.at;
    let total = 0;
    for (let at = 0; at < ends.length; at += 1) {
      if (at > 0) page.repeat(from, to);
      page.put(ends[at] ?? END);
      total += numbers[first + at] ?? 0;
      page.number(total);
    }
    line(page, sum, own, numbers[first + ends.length] ?? 0);
    line(page, count, own, total);
  }
}

const NOTHING = new Float64Array(0);

function hasAny(numbers: Float64Array, first: number, length: number): boolean {
  for (let at = first; at < first + length; at += 1) if (numbers[at] !== 0 && at < numbers.length) return true;
  return false;
}

function line(page: Page, open: Buffer, own: Buffer, value: number): void {
  page.put(open);
  page.put(own);
  page.put(END);
  page.number(value);
}
