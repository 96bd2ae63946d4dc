// `sluice top`: requests per second, a table that is painted anew each second; one measurement where nobody watches.
import { setTimeout as delay } from 'node:timers/promises';
import type { TrafficView } from '../../inspect/views.ts';
import type { Invocation } from '../command.ts';
import { CommandError, EXIT } from '../exit.ts';
import { column, printRows, withProgress } from '../output.ts';
import type { Streams } from '../streams.ts';
import { type Inspector, inspectorOf } from './client.ts';
import type { TOP_OPTIONS } from './options.ts';
import { type Rate, ratesOf } from './rates.ts';
import { type Screen, screenOf } from './screen.ts';

const INTERVAL_MS = 1000;

const fixed = (value: number): string => value.toFixed(1);
const milliseconds = (seconds: number | null): string => (seconds === null ? '-' : fixed(seconds * 1000));
const COLUMNS = [
  column<Rate>('REQ/S', ({ perSecond }) => fixed(perSecond), { align: 'right' }),
  column<Rate>('4XX/S', ({ refusedPerSecond }) => fixed(refusedPerSecond), { align: 'right' }),
  column<Rate>('5XX/S', ({ errorsPerSecond }) => fixed(errorsPerSecond), {
    align: 'right',
    style: ({ errorsPerSecond }) => (errorsPerSecond > 0 ? 'red' : null),
  }),
  column<Rate>('P50', ({ p50 }) => milliseconds(p50), { align: 'right' }),
  column<Rate>('P99', ({ p99 }) => milliseconds(p99), { align: 'right' }),
  column<Rate>('REQUESTS', ({ requests }) => String(requests), { align: 'right' }),
  column<Rate>('NAME', ({ name }) => name),
];

export async function top({ options, flags, streams, signal }: Invocation<typeof TOP_OPTIONS>): Promise<number> {
  const inspector = await inspectorOf(flags, signal);
  const { output, by, namespace } = options;
  const rates = (before: TrafficView, after: TrafficView): Rate[] => {
    if (by === 'host' && after.hosts === 'not counted') {
      throw new CommandError(
        EXIT.unavailable,
        'requests are not counted by host: the controller has --metrics-per-host=false',
      );
    }
    return ratesOf(before, after, by, namespace);
  };
  const isOnce = options.once || streams.width === null || output === 'json' || output === 'yaml';
  if (!isOnce) {
    const screen = screenOf(streams, signal);
    try {
      await follow(inspector, screen, rates, streams);
    } finally {
      screen.close();
    }
    return EXIT.ok;
  }
  const measuring = measure(inspector, signal);
  const [before, after] = await withProgress(streams, 'measuring', measuring);
  printRows(streams, output, rates(before, after), COLUMNS);
  return EXIT.ok;
}

async function measure(inspector: Inspector, signal: AbortSignal): Promise<[TrafficView, TrafficView]> {
  const before = await look(inspector);
  await delay(INTERVAL_MS, undefined, { signal });
  return [before, await look(inspector)];
}

/** Until the screen is left. A controller that ends meanwhile ends this, too. */
async function follow(
  inspector: Inspector,
  screen: Screen,
  rates: (before: TrafficView, after: TrafficView) => readonly Rate[],
  streams: Streams,
): Promise<void> {
  let before = await look(inspector);
  for (;;) {
    const isLeft = await delay(INTERVAL_MS, false, { signal: screen.left }).catch(() => true);
    if (isLeft) return;
    const after = await look(inspector);
    const rows = rates(before, after);
    const all = rows.reduce((sum, { perSecond }) => sum + perSecond, 0);
    const lines: string[] = [`${fixed(all)} requests/s, ${rows.length} rows; q ends`, ''];
    printRows({ ...streams, out: (text) => lines.push(text.trimEnd()) }, 'table', rows.slice(0, screen.rows), COLUMNS);
    screen.paint(lines.join('\n'));
    before = after;
  }
}

async function look(inspector: Inspector): Promise<TrafficView> {
  const [view] = await Array.fromAsync(inspector.rows<TrafficView>('/v1/traffic'));
  if (view === undefined) throw new CommandError(EXIT.unavailable, 'the controller sent no counters');
  return view;
}
