// The flags about metrics: how they are written, and what they come to.
import type { Parser } from '../feature/parse.ts';
import { FAMILY_NAMES, LABELS, type Label, PREFIX, type RequestMetrics } from './families.ts';

/** Upper bounds of buckets, from the smallest on: "0.1,1,1e+06". */
export const bucketList: Parser<readonly number[]> = (value) => {
  const bounds = value.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const isGood = bounds.every((bound, index) => bound > (bounds[index - 1] ?? 0) && Number.isFinite(bound));
  return isGood && bounds.length <= MAX_BUCKETS
    ? { ok: true, value: bounds }
    : {
        ok: false,
        accepts: `at most ${MAX_BUCKETS} numbers above 0 with commas between them, each above the one before`,
      };
};
/** They are one argument in nginx.conf, which has a length. */
const MAX_BUCKETS = 50;

/** Families of requests, with or without the prefix of all names; those that are unknown are refused. */
export const familyList: Parser<ReadonlySet<string>> = (value) => {
  const names = listOf(value).map((name) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name));
  return names.every((name) => FAMILY_NAMES.includes(name))
    ? { ok: true, value: new Set(names) }
    : { ok: false, accepts: `names out of ${FAMILY_NAMES.join(', ')}` };
};

export const labelList: Parser<ReadonlySet<Label>> = (value) => {
  const names = listOf(value);
  const labels = LABELS.filter((label) => names.includes(label));
  return new Set(names).size === labels.length
    ? { ok: true, value: new Set(labels) }
    : { ok: false, accepts: `names out of ${LABELS.join(', ')}` };
};

function listOf(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** The flags that this file is about. */
export interface MetricsFlags {
  readonly 'enable-metrics': boolean;
  readonly 'metrics-per-host': boolean;
  readonly 'metrics-per-undefined-host': boolean;
  readonly 'metrics-without-labels': ReadonlySet<Label>;
  readonly 'metrics-max-series': number;
  readonly 'report-status-classes': boolean;
  readonly 'exclude-socket-metrics': ReadonlySet<string>;
  readonly 'time-buckets': readonly number[];
  readonly 'length-buckets': readonly number[];
  readonly 'size-buckets': readonly number[];
}

/** What requests are measured by; null with --enable-metrics=false. */
export function requestMetricsOf(flags: MetricsFlags): RequestMetrics | null {
  if (!flags['enable-metrics']) return null;
  const unwanted = new Set<Label>([
    ...flags['metrics-without-labels'],
    ...(flags['metrics-per-host'] ? [] : (['host'] as const)),
  ]);
  return {
    labels: new Set(LABELS.filter((label) => !unwanted.has(label))),
    status: flags['report-status-classes'] ? 'class' : 'code',
    undefinedHosts: flags['metrics-per-undefined-host'] ? 'named' : 'together',
    buckets: { time: flags['time-buckets'], length: flags['length-buckets'], size: flags['size-buckets'] },
    excluded: flags['exclude-socket-metrics'],
    maxSeries: flags['metrics-max-series'],
  };
}
