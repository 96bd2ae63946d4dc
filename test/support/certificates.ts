// Certificates for tests, made on the spot.
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export interface Pair {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHMS = {
  ecdsa: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
} as const;

const DAY_MS = 86_400_000;

/** A self-signed pair for these DNS names and addresses; the first is also the CN. */
export async function makePair(
  names: readonly string[],
  {
    algorithm = 'ecdsa',
    notAfter = new Date(Date.now() + 30 * DAY_MS),
  }: { algorithm?: 'ecdsa' | 'rsa'; notAfter?: Date } = {},
): Promise<Pair> {
  const signing = ALGORITHMS[algorithm];
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${names[0]}`,
    notBefore: new Date(notAfter.getTime() - 400 * DAY_MS),
    notAfter,
    signingAlgorithm: signing,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
    ],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { certificate: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}
