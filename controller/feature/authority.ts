// The CA of a Secret: what clients or backends are verified against (TLS-13). Only well-formed PEM blocks are taken over, so
// that neither text around them nor a broken one reaches nginx.
import { X509Certificate } from 'node:crypto';
import type { Secret } from '../kube/objects.ts';

export type Authority =
  /** PEM, without anything between the blocks; `revoked` is null where there is no list. */
  | { readonly kind: 'authority'; readonly certificates: string; readonly revoked: string | null }
  | { readonly kind: 'unusable'; readonly why: string };

/** Larger bundles are refused (R22). */
const MAX_BYTES = 256 * 1024;

const known = new WeakMap<Secret, Authority>();

/** Reads ca.crt and ca.crl. */
export function authorityOf(secret: Secret): Authority {
  const before = known.get(secret);
  if (before !== undefined) return before;
  const authority = parse(secret);
  known.set(secret, authority);
  return authority;
}

function parse({ data, meta }: Secret): Authority {
  const unusable = (why: string): Authority => ({
    kind: 'unusable',
    why: `Secret ${meta.namespace}/${meta.name} ${why}`,
  });
  const ca = data.get('ca.crt');
  const crl = data.get('ca.crl');
  if (ca === undefined) return unusable('has no ca.crt');
  if (ca.length > MAX_BYTES || (crl?.length ?? 0) > MAX_BYTES) return unusable(`is larger than ${MAX_BYTES} bytes`);
  const blocks = blocksOf(ca, /^(X509 |TRUSTED )?CERTIFICATE$/);
  if (blocks === null) return unusable('has no certificate in ca.crt');
  const certificates = new Set<string>();
  try {
    for (const block of blocks) certificates.add(new X509Certificate(block).toString());
  } catch (error) {
    return unusable(`has a ca.crt that cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const revoked = crl === undefined ? [] : blocksOf(crl, /^X509 CRL$/);
  if (revoked === null) return unusable('has no revocation list in ca.crl');
  return {
    kind: 'authority',
    certificates: [...certificates].join(''),
    revoked: revoked.length === 0 ? null : revoked.join(''),
  };
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g;

/** The PEM blocks with this label, in lines of 64; null when there is none. */
function blocksOf(pem: Buffer, label: RegExp): string[] | null {
  const blocks = [...pem.toString('utf8').matchAll(BLOCK)].flatMap(([, found = '', base64 = '']) => {
    const lines = base64.replace(/\s+/g, '').match(/.{1,64}/g);
    if (!label.test(found) || lines === null) return [];
    return `-----BEGIN ${found}-----\n${lines.join('\n')}\n-----END ${found}-----\n`;
  });
  return blocks.length === 0 ? null : blocks;
}
