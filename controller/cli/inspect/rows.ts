// Rows that come one after the other, printed while they come: ten thousand hosts do not wait for the last one.
import { stringify } from 'yaml';
import { assertNever } from '../../assert.ts';
import { type Column, type Format, tablePrinter } from '../output.ts';
import type { Streams } from '../streams.ts';

/** Columns are as wide as the cells of the first so many rows; later ones may widen them. */
const BLOCK = 1000;

/** Prints rows as printRows() does, but no head where there are none; returns how many there were. */
export async function printStream<R>(
  streams: Streams,
  format: Format,
  rows: AsyncIterable<R>,
  columns: readonly Column<R>[],
): Promise<number> {
  const print = printerOf(streams, format, columns);
  let [count, block]: [number, R[]] = [0, []];
  for await (const row of rows) {
    count += 1;
    block.push(row);
    if (block.length < BLOCK) continue;
    print.block(block);
    block = [];
  }
  if (block.length > 0) print.block(block);
  print.end(count);
  return count;
}

interface BlockPrinter<R> {
  block(rows: readonly R[]): void;
  end(count: number): void;
}

function printerOf<R>(streams: Streams, format: Format, columns: readonly Column<R>[]): BlockPrinter<R> {
  switch (format) {
    case 'json':
      return jsonPrinter(streams);
    case 'yaml':
      return {
        block: (rows) => streams.out(stringify(rows, { lineWidth: 0, aliasDuplicateObjects: false })),
        end: (count) => {
          if (count === 0) streams.out('[]\n');
        },
      };
    case 'table':
    case 'wide':
      return { block: tablePrinter(streams, format, columns), end: () => undefined };
    default:
      return assertNever(format);
  }
}

/** The same text as JSON.stringify(rows, null, 2). */
function jsonPrinter<R>(streams: Streams): BlockPrinter<R> {
  let before = '[\n';
  return {
    block: (rows) => {
      const text = rows.map((row) => `  ${JSON.stringify(row, null, 2).replaceAll('\n', '\n  ')}`).join(',\n');
      streams.out(before + text);
      before = ',\n';
    },
    end: (count) => streams.out(count === 0 ? '[]\n' : '\n]\n'),
  };
}
