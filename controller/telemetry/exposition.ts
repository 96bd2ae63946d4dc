// The text of the request metrics (Prometheus exposition format 0.0.4), in pieces: at 10,000 hosts it has a million lines, and
// the controller has other things to do meanwhile.
import type { Series } from '../apply/control.ts';
import { histogramsOf, LABELS, PREFIX, REQUESTS, type RequestMetrics } from './families.ts';

/** Characters of a piece, about. */
const PIECE = 256 * 1024;

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
  if (bound >= 1e21 || (bound < 1e6 && bound >= 1e-4)) return String(bound);
  const [digits = '', exponent = '0'] = bound.toExponential().split('e');
  const size = Math.abs(Number(exponent));
  return `${digits}e${exponent.startsWith('-') ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
}

/** Pieces of text of all request families; `own` are labels that every series has. */
export function* requestText(
  series: readonly Series[],
  metrics: RequestMetrics,
  own: Readonly<Record<string, string>>,
): Generator<string> {
  const constant = labelText(own);
  const labels = series.map(({ key }) => `${constant},${labelsOf(key, metrics)}`.replace(/,$/, ''));
  if (!metrics.excluded.has(REQUESTS.name)) yield* counterText(series, labels);
  let first = 1;
  for (const { name, help, of } of histogramsOf(metrics)) {
    const bounds = metrics.buckets[of];
    yield* histogramText({ name: PREFIX + name, help, bounds, first }, series, labels);
    first += bounds.length + 2;
  }
}

function labelsOf(key: string, { labels }: RequestMetrics): string {
  const values = key.split('\x1f');
  return labelText(
    Object.fromEntries(LABELS.flatMap((name, index) => (labels.has(name) ? [[name, values[index] ?? '']] : []))),
  );
}

function* counterText(series: readonly Series[], labels: readonly string[]): Generator<string> {
  const name = PREFIX + REQUESTS.name;
  let text = `# HELP ${name} ${REQUESTS.help}\n# TYPE ${name} counter\n`;
  for (const [index, { numbers }] of series.entries()) {
    text += `${name}{${labels[index]}} ${numbers[0]}\n`;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield text;
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
  { name, help, bounds, first }: Shape,
  series: readonly Series[],
  labels: readonly string[],
): Generator<string> {
  const open = `${name}_bucket{`;
  const ends = [...bounds.map(boundText), '+Inf'].map((bound) => `,le="${bound}"} `);
  const sum = first + ends.length;
  let text = `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
  for (let index = 0; index < series.length; index += 1) {
    const numbers = series[index]?.numbers;
    if (numbers === undefined) continue;
    const own = labels[index] ?? '';
    const start = open + own;
    let lines = '';
    let total = 0;
    for (let bucket = 0; bucket < ends.length; bucket += 1) {
      total += numbers[first + bucket] ?? 0;
      lines += `${start}${ends[bucket]}${total}\n`;
    }
    if (total === 0) continue;
    text += `${lines}${name}_sum{${own}} ${numbers[sum]}\n${name}_count{${own}} ${total}\n`;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield text;
}
