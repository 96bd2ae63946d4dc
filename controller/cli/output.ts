// Rows as a table, JSON or YAML (-o), and progress for what takes more than a second.
import { stringify } from 'yaml';
import { assertNever } from '../assert.ts';
import type { Streams, Style } from './streams.ts';

export type Format = 'table' | 'wide' | 'json' | 'yaml';

export interface Column<R> {
  /** In capitals. */
  readonly title: string;
  of(row: R): string;
  /** "wide" columns are left out of a plain table. */
  readonly shown: 'always' | 'wide';
  readonly align: 'left' | 'right';
  /** Of the cell, null for none. */
  style(row: R): Style | null;
}

/** A left-aligned column that is always shown; `rest` changes that. */
export function column<R>(title: string, of: (row: R) => string, rest: Partial<Column<R>> = {}): Column<R> {
  return { title, of, shown: 'always', align: 'left', style: () => null, ...rest };
}

/** Prints rows. JSON and YAML hold `data`, the rows themselves unless told: field names are part of the interface. */
export function printRows<R>(
  streams: Streams,
  format: Format,
  rows: readonly R[],
  columns: readonly Column<R>[],
  data: unknown = rows,
): void {
  switch (format) {
    case 'json':
    case 'yaml':
      printData(streams, format, data);
      break;
    case 'table':
    case 'wide':
      tablePrinter(streams, format, columns)(rows);
      break;
    default:
      assertNever(format);
  }
}

export function printData(streams: Streams, format: 'json' | 'yaml', data: unknown): void {
  streams.out(format === 'json' ? `${JSON.stringify(data, null, 2)}\n` : stringify(data, { lineWidth: 0 }));
}

const GAP = '  ';

/**
 * Prints blocks of rows below one head, with aligned columns; a later block may widen them. On a terminal that is too narrow the
 * last column is cut.
 */
export function tablePrinter<R>(
  streams: Streams,
  format: 'table' | 'wide',
  all: readonly Column<R>[],
): (rows: readonly R[]) => void {
  const columns = all.filter(({ shown }) => format === 'wide' || shown === 'always');
  let widths = columns.map(({ title }) => title.length);
  let hasHead = false;
  return (rows) => {
    if (hasHead && rows.length === 0) return;
    const cells = rows.map((row) => columns.map((each) => plain(each.of(row))));
    widths = widths.map((width, i) => cells.reduce((most, line) => Math.max(most, widthOf(line[i] ?? '')), width));
    const lineOf = lineMaker(streams, columns, widths);
    const head = lineOf(
      columns.map(({ title }) => title),
      (text) => streams.paint('bold', text),
    );
    const body = rows.map((row, r) =>
      lineOf(cells[r] ?? [], (text, i) => {
        const style = columns[i]?.style(row) ?? null;
        return style === null ? text : streams.paint(style, text);
      }),
    );
    streams.out([...(hasHead ? [] : [head]), ...body].map((line) => `${line.trimEnd()}\n`).join(''));
    hasHead = true;
  };
}

type LineMaker = (texts: readonly string[], paint: (text: string, i: number) => string) => string;

function lineMaker<R>(streams: Streams, columns: readonly Column<R>[], widths: readonly number[]): LineMaker {
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = streams.width === null ? Number.POSITIVE_INFINITY : Math.max(streams.width - before, 8);
  return (texts, paint) =>
    texts
      .map((text, i) => {
        const isLast = i === texts.length - 1;
        const shown = isLast ? cut(text, room) : text;
        const pad = ' '.repeat(Math.max((widths[i] ?? 0) - widthOf(shown), 0));
        const painted = paint(shown, i);
        if (columns[i]?.align === 'right') return pad + painted;
        return isLast ? painted : painted + pad;
      })
      .join(GAP);
}

/** Names come from objects of others: no control characters reach the terminal. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function widthOf(text: string): number {
  return [...text].length;
}

function cut(text: string, room: number): string {
  return widthOf(text) <= room ? text : `${[...text].slice(0, room - 1).join('')}…`;
}

/** Says on standard error what takes more than a second, for as long as it takes; silent where nobody watches. */
export async function withProgress<T>(streams: Streams, what: string, work: Promise<T>): Promise<T> {
  if (!streams.isWatched) return work;
  let seconds = 0;
  const clear = (): void => {
    if (seconds > 0) streams.err('\r\u001b[K');
  };
  const timer = setInterval(() => {
    seconds++;
    streams.err(`\r\u001b[K${what} … ${seconds} s`);
  }, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    clear();
  }
}
