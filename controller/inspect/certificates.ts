// Certificates: who is shown which, from where, and for how long. Only the chain is read, never the key.
import { X509Certificate } from 'node:crypto';
import type { Certificate, Model } from '../model/types.ts';
import { globOf } from './glob.ts';
import type { Moment } from './moment.ts';
import type { CertificateView } from './views.ts';

const DAY_MS = 86_400_000;

export interface CertificateQuery {
  /** A glob over hosts, and over the names in the certificates. */
  readonly host: string;
  /** Of the Secret. */
  readonly namespace: string;
}

/**
 * Hosts by name, the default certificate, then those for backends. `selfSigned` is the PEM text of the one that is shown where no
 * default is configured, `now` in milliseconds since 1970.
 */
export function* certificateViews(
  { model }: Moment,
  selfSigned: string,
  query: CertificateQuery,
  now: number,
): Generator<CertificateView> {
  const isAsked = globOf(query.host);
  for (const [host, use, certificate] of certificatesIn(model, selfSigned)) {
    if (query.namespace !== '' && !certificate.secret?.startsWith(`${query.namespace}/`)) continue;
    const view = certificateView(host, use, certificate, now);
    if ([host ?? '', ...view.names].some(isAsked)) yield view;
  }
}

/** What is shown of a certificate: all but the key. */
type Shown = Omit<Certificate, 'key'>;
type Entry = readonly [host: string | null, use: CertificateView['use'], certificate: Shown];

function certificatesIn({ certificates, pairs }: Model, selfSigned: string): Entry[] {
  const hosts = [...certificates].filter(([host]) => host !== '_').sort(([a], [b]) => (a < b ? -1 : 1));
  const initial: Shown = certificates.get('_') ?? shownOf(selfSigned);
  return [
    ...hosts.map(([host, certificate]): Entry => [host, 'host', certificate]),
    ['_', 'default', initial],
    ...[...pairs.values()]
      .sort((a, b) => (`${a.secret} ${a.fingerprint}` < `${b.secret} ${b.fingerprint}` ? -1 : 1))
      .map((certificate): Entry => [null, 'backends', certificate]),
  ];
}

function shownOf(chain: string): Shown {
  const { fingerprint256, validToDate } = new X509Certificate(chain);
  const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
  return { fingerprint, chain, secret: null, notAfter: validToDate.getTime() };
}

/** By the certificate: reading one takes as long as the rest of ten rows. */
const leaves = new WeakMap<Shown, Pick<CertificateView, 'issuer' | 'names'>>();

function leafOf(certificate: Shown): Pick<CertificateView, 'issuer' | 'names'> {
  const known = leaves.get(certificate);
  if (known !== undefined) return known;
  const { issuer, subject, subjectAltName } = new X509Certificate(certificate.chain);
  // "DNS:a.test, IP Address:10.0.0.7"; RFC 6125: the common name counts only where there are none.
  const alternatives = (subjectAltName ?? '')
    .split(', ')
    .flatMap((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1] ?? []);
  const found = {
    issuer: fieldOf(issuer, 'CN') ?? fieldOf(issuer, 'O') ?? issuer.replaceAll('\n', ', '),
    names: alternatives.length > 0 ? alternatives : [fieldOf(subject, 'CN') ?? []].flat(),
  };
  leaves.set(certificate, found);
  return found;
}

/** Node writes a distinguished name with one field a line. */
function fieldOf(name: string, field: string): string | null {
  const line = name.split('\n').find((text) => text.startsWith(`${field}=`));
  return line === undefined ? null : line.slice(field.length + 1);
}

function certificateView(
  host: string | null,
  use: CertificateView['use'],
  certificate: Shown,
  now: number,
): CertificateView {
  const { secret, notAfter, fingerprint } = certificate;
  return {
    host,
    use,
    secret,
    ...leafOf(certificate),
    notAfter: new Date(notAfter).toISOString(),
    daysLeft: Math.floor((notAfter - now) / DAY_MS),
    fingerprint,
  };
}
