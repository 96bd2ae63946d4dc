// controller/cli/migrate/chart-values.ts, made of the values of the chart and of docs/spec/helm-values.yaml: what a report of a
// migration knows about Helm values at run time.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { chartValues, specValues } from './helm-values.ts';

interface Removed {
  readonly path: string;
  readonly removed_in_chart: string;
  readonly replacement: string;
}

export function chartData(): string {
  const text = readFileSync(resolve(import.meta.dirname, '../docs/spec/helm-values.yaml'), 'utf8');
  const { removed_values: removed } = parse(text) as { removed_values: Removed[] };
  const subtrees = new Set(
    specValues().flatMap(({ path, subtree, type }) =>
      subtree === true || type === 'map' || type === 'list' ? [path] : [],
    ),
  );
  const values = chartValues()
    .filter(({ isOwn }) => !isOwn)
    .map(({ path, doc }) => {
      const kind = /accepted and ignored/i.test(doc) ? 'ignored' : 'kept';
      return `  [${quote(path)}, { kind: '${kind}', extent: '${subtrees.has(path) ? 'subtree' : 'leaf'}', doc: ${quote(doc)} }],`;
    });
  const gone = removed.flatMap(({ path, removed_in_chart: when, replacement }) =>
    path
      .split(', ')
      .map(
        (each) =>
          `  [${quote(each.replace(/ \(.*\)$/, ''))}, { since: ${quote(when)}, instead: ${quote(replacement)} }],`,
      ),
  );
  return `// Made by \`npm run docs\` from helm/values.yaml and docs/spec/helm-values.yaml; do not edit.

export interface ChartValue {
  /** 'ignored': accepted, and means nothing here. */
  readonly kind: 'kept' | 'ignored';
  /** 'subtree': it stands for everything below it. */
  readonly extent: 'subtree' | 'leaf';
  readonly doc: string;
}

/** Values of the chart of ingress-nginx, by path. */
export const CHART_VALUES: ReadonlyMap<string, ChartValue> = new Map<string, ChartValue>([
${values.join('\n')}
]);

export interface RemovedValue {
  /** When ingress-nginx itself removed it. */
  readonly since: string;
  readonly instead: string;
}

/** Values of older charts; "*" at the end stands for everything below. */
export const REMOVED_VALUES: ReadonlyMap<string, RemovedValue> = new Map<string, RemovedValue>([
${gone.join('\n')}
]);
`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

export const CHART_DATA_FILE = join(resolve(import.meta.dirname, '..'), 'controller/cli/migrate/chart-values.ts');
