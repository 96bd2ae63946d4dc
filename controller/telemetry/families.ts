// What is measured of requests: the families of docs/spec/metrics.yaml, group "request", with the names, labels and buckets of
// ingress-nginx. lua/metrics counts what this says, telemetry/exposition.ts prints it.

export const PREFIX = 'nginx_ingress_controller_';

/** In the order in which lua/metrics/series.lua puts them into a key. */
export const LABELS = ['namespace', 'ingress', 'service', 'canary', 'host', 'path', 'method', 'status'] as const;
export type Label = (typeof LABELS)[number];

/** Buckets by what is measured: seconds, bytes of messages, bytes sent. */
export interface Buckets {
  readonly time: readonly number[];
  readonly length: readonly number[];
  readonly size: readonly number[];
}

/** What the command line asks for. */
export interface RequestMetrics {
  readonly labels: ReadonlySet<Label>;
  /** Status codes as they are, or as classes such as 2xx. */
  readonly status: 'code' | 'class';
  /** Whether requests for hosts that no Ingress names, and behind wildcards, are counted by the name that clients send. */
  readonly undefinedHosts: 'named' | 'together';
  readonly buckets: Buckets;
  /** Families that are left out, without the prefix. */
  readonly excluded: ReadonlySet<string>;
  /** Label sets at most; further ones are counted together. */
  readonly maxSeries: number;
}

interface Family {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
}

export interface Histogram extends Family {
  readonly of: keyof Buckets;
}

export const REQUESTS: Family = { name: 'requests', help: 'The total number of client requests' };

/** In the order of their numbers in a series, after the number of requests. */
export const HISTOGRAMS: readonly Histogram[] = [
  { name: 'request_duration_seconds', of: 'time', help: 'Seconds from the first byte of a request to its end' },
  { name: 'response_duration_seconds', of: 'time', help: 'Seconds that the backend took to answer, over all tries' },
  {
    name: 'header_duration_seconds',
    of: 'time',
    help: 'Seconds until the first header of the backend, over all tries',
  },
  { name: 'connect_duration_seconds', of: 'time', help: 'Seconds to connect to the backend, over all tries' },
  { name: 'request_size', of: 'length', help: 'Bytes of request line, headers and body' },
  { name: 'response_size', of: 'length', help: 'Bytes sent to the client' },
  { name: 'bytes_sent', of: 'size', help: 'Bytes sent to the client; deprecated, see response_size' },
];

/** Families of this group, for --exclude-socket-metrics. */
export const FAMILY_NAMES: readonly string[] = [REQUESTS.name, ...HISTOGRAMS.map(({ name }) => name)];

export function histogramsOf({ excluded }: RequestMetrics): readonly Histogram[] {
  return HISTOGRAMS.filter(({ name }) => !excluded.has(name));
}

/** nginx measures times in whole milliseconds and sizes in bytes. */
const UNITS: Readonly<Record<keyof Buckets, number>> = { time: 1000, length: 1, size: 1 };

/** What lua/metrics/series.lua is told, as JSON. */
export function seriesOptions(metrics: RequestMetrics): string {
  return JSON.stringify({
    labels: Object.fromEntries([...metrics.labels].map((name) => [name, true])),
    classes: metrics.status === 'class',
    undefined_hosts: metrics.undefinedHosts === 'named',
    max_series: metrics.maxSeries,
    buckets: Object.fromEntries(
      Object.entries(metrics.buckets).map(([of, bounds]) => [of, { bounds, unit: UNITS[of as keyof Buckets] }]),
    ),
    histograms: histogramsOf(metrics).map(({ name, of }) => [name, of]),
  });
}

/** Room for the series in shared memory, megabytes: nginx takes it as it is used. A slab holds a power of two of bytes. */
export function seriesMegabytes(metrics: RequestMetrics): number {
  const numbers = 1 + histogramsOf(metrics).reduce((sum, { of }) => sum + metrics.buckets[of].length + 2, 0);
  const slab = 2 ** Math.ceil(Math.log2(8 * (numbers + 1) + TYPICAL_KEY));
  return Math.max(4, Math.ceil((metrics.maxSeries * (slab + MARKS) * SPARE) / 1024 ** 2));
}

/** Bytes of a key and of what the dictionary keeps beside a value. */
const TYPICAL_KEY = 250;
/** The keys of what changed (lua/metrics/totals.lua), in two reports. */
const MARKS = 200;
const SPARE = 1.15;
