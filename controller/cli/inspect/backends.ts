// `sluice backends`.
import type { BackendView, EndpointView } from '../../inspect/views.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { column, withProgress } from '../output.ts';
import { inspectorOf } from './client.ts';
import type { BACKENDS_OPTIONS } from './options.ts';
import { printStream } from './rows.ts';

const number = (value: number | null): string => (value === null ? '-' : String(value));

function readyCount({ endpoints }: BackendView): number {
  return endpoints.filter(({ state }) => state === 'ready').length;
}

const SHARED = [
  column<BackendView>('BACKEND', ({ id }) => id),
  column<BackendView>(
    'READY',
    (backend) => (backend.resolves === null ? `${readyCount(backend)}/${backend.endpoints.length}` : 'DNS'),
    {
      align: 'right',
      style: (backend) => (backend.resolves === null && readyCount(backend) === 0 ? 'red' : null),
    },
  ),
  column<BackendView>('REQUESTS', ({ requests }) => number(requests), { align: 'right' }),
  column<BackendView>('ERRORS', ({ errors }) => number(errors), {
    align: 'right',
    style: ({ errors }) => ((errors ?? 0) > 0 ? 'yellow' : null),
  }),
  column<BackendView>('BALANCING', ({ balancing }) => balancing),
  column<BackendView>(
    'CANARIES',
    ({ canaries }) => canaries.map(({ id, rule }) => `${id} (${rule})`).join(', ') || '-',
  ),
  column<BackendView>('NAME', ({ displayName }) => displayName, { shown: 'wide' }),
];

function stateOf({ state, secondsLeft }: EndpointView): string {
  if (state === 'ready') return '';
  return state === 'ejected' ? ` ejected ${secondsLeft} s` : ` ${state}`;
}

function endpointsText(zones: 'with zones' | 'without zones'): (backend: BackendView) => string {
  return ({ endpoints, resolves }) => {
    if (resolves !== null) return resolves;
    const shown = endpoints.map((endpoint) => {
      const zone = zones === 'with zones' && endpoint.zone !== null ? ` in ${endpoint.zone}` : '';
      return `${endpoint.address}${zone}${stateOf(endpoint)}`;
    });
    return shown.join(', ') || 'none';
  };
}

export async function backends({
  words,
  options,
  flags,
  streams,
  signal,
}: Invocation<typeof BACKENDS_OPTIONS>): Promise<number> {
  const inspector = await inspectorOf(flags, signal);
  const [name = null] = words;
  const rows = inspector.rows<BackendView>('/v1/backends', { name, namespace: options.namespace });
  const endpoints = endpointsText(options.output === 'wide' ? 'with zones' : 'without zones');
  const columns = [...SHARED, column<BackendView>('ENDPOINTS', endpoints)];
  const count = await withProgress(streams, 'reading backends', printStream(streams, options.output, rows, columns));
  if (count === 0) streams.err('no backend is like that\n');
  return EXIT.ok;
}
