// The certificate unit: which Secret serves a host, and whether it can (TLS-01 to TLS-07, TLS-13).
import { X509Certificate } from 'node:crypto';
import { type KeyPair, readKeyPair } from '../feature/key-pair.ts';
import type { Ingress } from '../kube/objects.ts';
import { type ObjectKey, type ObjectRef, parseKey } from '../kube/ref.ts';
import { ingressesOf } from './select.ts';
import type { Settings } from './settings.ts';
import type { Certificate, HostName, Problem } from './types.ts';
import type { View } from './view.ts';

export interface CertificateUnit {
  readonly certificate: Certificate | null;
  readonly problems: readonly Problem[];
}

/** SANs decide; the CN only where there are none (TLS-03). */
function covers(leaf: X509Certificate, host: HostName): boolean {
  return leaf.checkHost(host, { subject: 'default' }) !== undefined;
}

/** Leaves by the certificate they belong to: aliases ask again in every pass. */
const leaves = new WeakMap<Certificate, X509Certificate>();

/** Whether a certificate may be shown for another name than that of its host. */
export function coversName(certificate: Certificate, name: HostName): boolean {
  const leaf = leaves.get(certificate) ?? new X509Certificate(certificate.chain);
  leaves.set(certificate, leaf);
  return covers(leaf, name);
}

/** The Ingress that decides the certificate of a host: the first with a rule for it and a non-empty spec.tls (TLS-01). */
export function tlsOwner(view: View, settings: Settings, host: HostName): Ingress | null {
  return ingressesOf(view, settings.selection, host).find((ingress) => ingress.tls.length > 0) ?? null;
}

/** TLS-07: assigned any certificate, the default included; a TLS-configured "*.x" also covers the hosts under it. */
export function isTlsConfigured(view: View, settings: Settings, host: HostName): boolean {
  if (host === '_') return false;
  if (tlsOwner(view, settings, host) !== null) return true;
  const dot = host.indexOf('.');
  return !host.startsWith('*') && dot > 0 && tlsOwner(view, settings, `*${host.slice(dot)}`) !== null;
}

/** The certificate of a host; null stands for the default one. */
export function certificateUnit(view: View, settings: Settings, host: HostName): CertificateUnit {
  if (host === '_') return defaultCertificate(view, settings);
  const owner = tlsOwner(view, settings, host);
  if (owner === null) return { certificate: null, problems: [] };
  const listed = owner.tls.find((entry) => entry.hosts.includes(host));
  const candidates = listed === undefined ? owner.tls.map((entry) => entry.secretName) : [listed.secretName];
  const object: ObjectRef = { kind: 'Ingress', namespace: owner.meta.namespace, name: owner.meta.name };
  const problems: Problem[] = [];
  for (const name of candidates) {
    if (name === '') continue;
    const key = `${owner.meta.namespace}/${name}`;
    const pair = pairOf(view, key);
    if (pair.kind === 'pair' && covers(pair.leaf, host)) {
      return { certificate: pair.certificate, problems };
    }
    // Without an entry for the host every Secret of the Ingress is only a guess: one that does not fit is no mistake.
    if (listed === undefined) continue;
    const reason = pair.kind === 'pair' ? `its certificate does not cover ${host}` : pair.reason;
    problems.push({
      object,
      severity: 'error',
      code: 'certificate-unusable',
      message: `host ${host}: Secret ${key} ${reason}; the default certificate is served`,
    });
  }
  return { certificate: null, problems };
}

function defaultCertificate(view: View, settings: Settings): CertificateUnit {
  const key = settings.selection.defaultSslCertificate;
  if (key === null) return { certificate: null, problems: [] };
  const object: ObjectRef = { kind: 'Secret', ...(parseKey(key) ?? { namespace: '', name: key }) };
  const pair = pairOf(view, key);
  if (pair.kind === 'pair') return { certificate: pair.certificate, problems: [] };
  const message = `--default-ssl-certificate: Secret ${key} ${pair.reason}; a self-signed certificate is served`;
  return { certificate: null, problems: [{ object, severity: 'error', code: 'certificate-unusable', message }] };
}

function pairOf(view: View, key: ObjectKey): KeyPair {
  const secret = view.get('Secret', key);
  return secret === null ? { kind: 'unusable', reason: 'does not exist' } : readKeyPair(secret);
}
