// `sluice certs`.
import type { CertificateView } from '../../inspect/views.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { column, withProgress } from '../output.ts';
import { inspectorOf } from './client.ts';
import type { CERTS_OPTIONS } from './options.ts';
import { printStream } from './rows.ts';

/** cert-manager renews thirty days before the end: half of that left is late. */
const LATE_DAYS = 14;

const COLUMNS = [
  column<CertificateView>('HOST', ({ host }) => host ?? '(backends)'),
  column<CertificateView>('DAYS', ({ daysLeft }) => String(daysLeft), {
    align: 'right',
    style: ({ daysLeft }) => (daysLeft < 0 ? 'red' : daysLeft < LATE_DAYS ? 'yellow' : null),
  }),
  column<CertificateView>('SECRET', ({ secret }) => secret ?? '-'),
  column<CertificateView>('USE', ({ use }) => use),
  column<CertificateView>('ISSUER', ({ issuer }) => issuer),
  column<CertificateView>('ENDS', ({ notAfter }) => notAfter, { shown: 'wide' }),
  column<CertificateView>('FINGERPRINT', ({ fingerprint }) => fingerprint.slice(0, 12), { shown: 'wide' }),
  column<CertificateView>('NAMES', ({ names }) => names.join(', ')),
];

export async function certs({
  words,
  options,
  flags,
  streams,
  signal,
}: Invocation<typeof CERTS_OPTIONS>): Promise<number> {
  const inspector = await inspectorOf(flags, signal);
  const [host = null] = words;
  const all = inspector.rows<CertificateView>('/v1/certificates', { host, namespace: options.namespace });
  const { expiring } = options;
  const rows = expiring === null ? all : endingBefore(all, expiring);
  const count = await withProgress(
    streams,
    'reading certificates',
    printStream(streams, options.output, rows, COLUMNS),
  );
  if (expiring !== null) return count > 0 ? EXIT.findings : EXIT.ok;
  if (count === 0) streams.err('no certificate is like that; other hosts are shown the default one, "_"\n');
  return EXIT.ok;
}

async function* endingBefore(rows: AsyncIterable<CertificateView>, days: number): AsyncGenerator<CertificateView> {
  for await (const row of rows) if (row.daysLeft < days) yield row;
}
