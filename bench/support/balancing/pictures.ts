// The figures of the benchmark as the pictures of docs/balancing.md.
import type { Figure } from '../benchmark.ts';
import { type BarGroup, barChart } from '../chart.ts';
import { ALGORITHMS, type Algorithm, figureName } from './algorithms.ts';
import { CONTESTANTS } from './latency.ts';
import { SIZES } from './stage.ts';

const LABELS: Readonly<Record<string, string>> = {
  'round-robin': 'round robin',
  chash: 'hash',
  subset: 'hash subset',
  sticky: 'sticky',
};

/** File in the repository → SVG. */
export function balancerPictures(figures: readonly Figure[]): ReadonlyMap<string, string> {
  const values = new Map(figures.map(({ name, value }) => [name, value]));
  const figure = (...words: readonly string[]): number => {
    const value = values.get(figureName(...words));
    if (value === undefined) throw new Error(`there is no figure ${figureName(...words)} to draw`);
    return value;
  };
  return new Map([
    [
      'docs/balancing/slow-endpoint.svg',
      barChart({
        title: 'Milliseconds that clients wait while one of ten endpoints takes 200 (logarithmic)',
        description: 'Median, 95th and 99th percentile of the time to an answer, by algorithm.',
        series: ['median', '95 %', '99 %'],
        groups: grouped(CONTESTANTS, (name) => ['p50', 'p95', 'p99'].map((part) => figure(name, 'slow', part, 'ms'))),
        digits: 1,
        mark: null,
        scale: 'logarithmic',
      }),
    ],
    [
      'docs/balancing/evenness.svg',
      barChart({
        title: 'Most requests of an endpoint over the mean, 100 requests for each',
        description: 'Evenness by algorithm with 10, 100 and 1,000 endpoints; 1 is perfectly even.',
        series: SIZES.map(counted),
        groups: grouped(ALGORITHMS, (name) => SIZES.map((size) => figure(name, 'evenness', String(size)))),
        digits: 2,
        mark: { value: 1, label: 'even' },
        scale: 'linear',
      }),
    ],
    ['docs/balancing/cost.svg', cost(10, (name) => [figure(name, 'us'), figure(name, 'plain_us')])],
    ['docs/balancing/cost-many.svg', cost(1000, (name) => [figure(name, 'many_us'), figure(name, 'many_plain_us')])],
  ]);
}

type Values = (algorithm: string) => readonly number[];

function grouped(algorithms: readonly Algorithm[], values: Values): BarGroup[] {
  return algorithms.map(({ name }) => ({ label: LABELS[name] ?? name, values: values(name) }));
}

function counted(size: number): string {
  return `${size.toLocaleString('en')} endpoints`;
}

function cost(size: number, values: Values): string {
  return barChart({
    title: `CPU microseconds of nginx per request, ${counted(size)}`,
    description: 'Sluice beside plain nginx, which does round robin, random two or a consistent hash by directives.',
    series: ['Sluice', 'plain nginx'],
    groups: grouped(ALGORITHMS, values),
    digits: 1,
    mark: null,
    scale: 'linear',
  });
}
