// `sluice routes`.
import type { EndpointCounts, RouteView } from '../../inspect/views.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { column, withProgress } from '../output.ts';
import { inspectorOf } from './client.ts';
import type { ROUTES_OPTIONS } from './options.ts';
import { printStream } from './rows.ts';

const COLUMNS = [
  column<RouteView>('HOST', ({ host }) => host),
  column<RouteView>('PATH', ({ path }) => path),
  column<RouteView>('MATCH', ({ match }) => match),
  column<RouteView>('BACKEND', ({ target }) => target.text, {
    style: ({ target }) => (target.kind === 'deny' ? 'red' : null),
  }),
  column<RouteView>('READY', ({ endpoints }) => (endpoints === null ? '-' : readyOf(endpoints)), {
    align: 'right',
    style: ({ endpoints }) => (endpoints !== null && endpoints.ready === 0 ? 'yellow' : null),
  }),
  column<RouteView>('INGRESS', ({ ingress }) => ingress ?? '-'),
  column<RouteView>('PROFILE', ({ profile }) => profile, { shown: 'wide' }),
  column<RouteView>('SERVER', ({ server }) => server ?? 'shared', { shown: 'wide' }),
  column<RouteView>('ALIASES', ({ aliases }) => aliases.join(',') || '-', { shown: 'wide' }),
  column<RouteView>('POLICIES', notesOf),
];

/** "2/3"; those of other zones count only where no other is ready. */
export function readyOf({ ready, draining, ejected, elsewhere }: EndpointCounts): string {
  return `${ready}/${ready + draining + ejected + elsewhere}`;
}

function notesOf({ policies, canaries }: RouteView): string {
  return [...policies, ...canaries.map(({ id, rule }) => `canary ${id} (${rule})`)].join(', ') || '-';
}

export async function routes({
  words,
  options,
  flags,
  streams,
  signal,
}: Invocation<typeof ROUTES_OPTIONS>): Promise<number> {
  const inspector = await inspectorOf(flags, signal);
  const [host = null] = words;
  const rows = inspector.rows<RouteView>('/v1/routes', {
    host,
    namespace: options.namespace,
    ingress: options.ingress,
  });
  const count = await withProgress(streams, 'reading routes', printStream(streams, options.output, rows, COLUMNS));
  if (count === 0) streams.err('no route is like that\n');
  return EXIT.ok;
}
