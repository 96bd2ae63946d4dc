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

export interface Authority extends Pair {
  /** A leaf, or with "issues" a CA below this one. */
  issue(names: readonly string[], what?: 'leaf' | 'issues'): Promise<IssuedPair>;
  /** The list of these revoked serial numbers. */
  revocations(serials: readonly string[]): Promise<string>;
}

export interface IssuedPair extends Authority {
  readonly serial: string;
}

/** A CA; `subject` is a distinguished name, such as "CN=Test CA, O=Sluice". */
export async function makeAuthority(subject: string): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHMS.ecdsa, true, ['sign', 'verify']);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    signingAlgorithm: ALGORITHMS.ecdsa,
    keys,
    extensions: CA_EXTENSIONS,
  });
  return authority(own, keys);
}

const CA_EXTENSIONS = [
  new x509.BasicConstraintsExtension(true, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
];

let lastSerial = 4096;

async function authority(own: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<IssuedPair> {
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  const signing = { signingAlgorithm: ALGORITHMS.ecdsa, signingKey: keys.privateKey };
  return {
    certificate: `${own.toString('pem')}\n`,
    key: `${key}\n`,
    serial: own.serialNumber,
    issue: async (names, what = 'leaf') => {
      const child = await webcrypto.subtle.generateKey(ALGORITHMS.ecdsa, true, ['sign', 'verify']);
      lastSerial += 1;
      const issued = await x509.X509CertificateGenerator.create({
        ...signing,
        serialNumber: lastSerial.toString(16),
        subject: `CN=${names[0]}, O=Sluice`,
        issuer: own.subject,
        notBefore: new Date(Date.now() - DAY_MS),
        notAfter: new Date(Date.now() + 30 * DAY_MS),
        publicKey: child.publicKey,
        extensions:
          what === 'issues'
            ? CA_EXTENSIONS
            : [
                new x509.SubjectAlternativeNameExtension(
                  names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value })),
                ),
              ],
      });
      return authority(issued, child);
    },
    revocations: async (serials) => {
      const list = await x509.X509CrlGenerator.create({
        ...signing,
        issuer: own.subject,
        thisUpdate: new Date(Date.now() - DAY_MS),
        nextUpdate: new Date(Date.now() + DAY_MS),
        entries: serials.map((serialNumber) => ({ serialNumber })),
      });
      return x509.PemConverter.encode(list.rawData, 'X509 CRL');
    },
  };
}
