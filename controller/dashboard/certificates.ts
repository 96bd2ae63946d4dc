// Certificates by the days that are left.
import type { Certificate, HostName, Model } from '../model/types.ts';
import type { Moment } from './moment.ts';
import { matching, pageOf, type Query } from './paging.ts';
import type { CertificateOf, CertificateRow, Health, Page } from './views.ts';

const DAY_MS = 86_400_000;
/** cert-manager renews thirty days before the end: half of that left is late. */
const LATE_DAYS = 14;
const SHOWN = 20;

interface InUse {
  readonly certificate: Certificate;
  readonly hosts: readonly HostName[];
}

const inUse = new WeakMap<Model, readonly InUse[]>();

/** Every certificate once, with its hosts; soonest end first. */
function certificatesOf(model: Model): readonly InUse[] {
  const known = inUse.get(model);
  if (known !== undefined) return known;
  const byFingerprint = Map.groupBy(model.certificates, ([, { fingerprint }]) => fingerprint);
  const found = [...byFingerprint.values()]
    .flatMap((entries) => {
      const certificate = entries[0]?.[1];
      return certificate === undefined ? [] : [{ certificate, hosts: entries.map(([host]) => host).sort() }];
    })
    .sort(
      ({ certificate: a }, { certificate: b }) => a.notAfter - b.notAfter || (a.fingerprint < b.fingerprint ? -1 : 1),
    );
  inUse.set(model, found);
  return found;
}

export function daysLeft(notAfter: number, now: number): number {
  return Math.floor((notAfter - now) / DAY_MS);
}

export function healthOf(days: number): Health {
  if (days < 0) return 'bad';
  return days < LATE_DAYS ? 'warn' : 'good';
}

function certificateRow({ certificate, hosts }: InUse, now: number): CertificateRow {
  const { fingerprint, secret, notAfter } = certificate;
  const days = daysLeft(notAfter, now);
  return {
    fingerprint,
    secret,
    notAfter: new Date(notAfter).toISOString(),
    daysLeft: days,
    health: healthOf(days),
    hosts: hosts.slice(0, SHOWN),
    hostCount: hosts.length,
  };
}

export function certificatePage({ model, now }: Moment, query: Query): Page<CertificateRow> {
  const found = matching(certificatesOf(model), query, ({ certificate, hosts }) => [
    certificate.secret ?? '',
    ...hosts,
  ]);
  return pageOf(found, query, (item) => certificateRow(item, now));
}

/** Those that end within so many days. */
export function endingCertificates({ model, now }: Moment, days: number, count: number): CertificateRow[] {
  return certificatesOf(model)
    .slice(0, count)
    .map((item) => certificateRow(item, now))
    .filter((row) => row.daysLeft < days);
}

/** What clients of a host are shown: its own certificate, one of its wildcard, or the default one. */
export function certificateOf({ model, now }: Moment, host: HostName): CertificateOf {
  const own = model.certificates.get(host) ?? model.certificates.get(host.replace(/^[^.]+/, '*'));
  const found = own ?? model.certificates.get('_');
  if (found === undefined) return { kind: 'none', secret: null, daysLeft: null };
  return {
    kind: own === undefined ? 'default' : 'own',
    secret: found.secret,
    daysLeft: daysLeft(found.notAfter, now),
  };
}
