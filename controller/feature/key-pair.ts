// Certificates with their keys, from Secrets (TLS-13).
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../kube/objects.ts';
import { keyOf } from '../kube/ref.ts';
import type { Certificate } from '../model/types.ts';

/** A parsed pair and its leaf, or the reason why there is none. */
export type KeyPair =
  | { readonly kind: 'pair'; readonly certificate: Certificate; readonly leaf: X509Certificate }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Certificate chains and keys above this are refused (R22). */
const MAX_PEM_BYTES = 64 * 1024;

/** Pairs by the Secret object they were read from: one wildcard Secret may serve thousands of hosts. */
const pairs = new WeakMap<Secret, KeyPair>();

/** Reads tls.crt and tls.key: PEM, leaf first, the key must match. */
export function readKeyPair(secret: Secret): KeyPair {
  const known = pairs.get(secret);
  if (known !== undefined) return known;
  const pair = parseKeyPair(secret);
  pairs.set(secret, pair);
  return pair;
}

function parseKeyPair(secret: Secret): KeyPair {
  const chain = secret.data.get('tls.crt');
  const key = secret.data.get('tls.key');
  if (chain === undefined || key === undefined) {
    return { kind: 'unusable', reason: `has no ${chain === undefined ? 'tls.crt' : 'tls.key'}` };
  }
  if (chain.length > MAX_PEM_BYTES || key.length > MAX_PEM_BYTES) {
    return { kind: 'unusable', reason: `is larger than ${MAX_PEM_BYTES} bytes` };
  }
  try {
    const leaf = new X509Certificate(chain);
    const privateKey = createPrivateKey(key);
    if (!leaf.checkPrivateKey(privateKey)) return { kind: 'unusable', reason: 'tls.key does not belong to tls.crt' };
    const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? null;
    if (bits !== null && bits < 2048) return { kind: 'unusable', reason: `its RSA key of ${bits} bits is too weak` };
    const certificate: Certificate = {
      fingerprint: createHash('sha256').update(chain).update('\0').update(key).digest('hex'),
      chain: chain.toString('utf8'),
      key: key.toString('utf8'),
      secret: keyOf(secret.meta),
      notAfter: leaf.validToDate.getTime(),
    };
    return { kind: 'pair', certificate, leaf };
  } catch (error) {
    // node:crypto says what is wrong with the PEM; its messages never quote the key.
    return { kind: 'unusable', reason: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
