// The figures of a benchmark as a table for readers.
import { type Figure, isMet, type Limit } from './benchmark.ts';

export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    figure.value.toFixed(figure.digits),
    showLimit(figure.limit),
    figure.limit.kind === 'none' ? '' : isMet(figure) ? 'met' : 'MISSED',
    figure.meaning,
  ]);
  const all = [['figure', 'value', 'limit', '', 'meaning'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => row.map((cell, column) => align(cell, column, widths)).join('  ')).join('\n');
}

function align(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column === 1 ? cell.padStart(width) : cell.padEnd(width);
}

function showLimit(limit: Limit): string {
  switch (limit.kind) {
    case 'at-most':
      return `<= ${limit.value}`;
    case 'at-least':
      return `>= ${limit.value}`;
    case 'none':
      return '';
  }
}
