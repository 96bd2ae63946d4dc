// The certificate of the admission webhook, and the authority that only ever signs this one: its key is thrown away.
import { webcrypto } from 'node:crypto';
// @peculiar/x509 resolves its parts through it and asks for the import.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** PEM texts, under the names that the Secret of ingress-nginx has. */
export interface WebhookPair {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Nobody renews it, as in ingress-nginx: a hundred years. Who wants renewal has cert-manager. */
const LIFETIME_MS = 100 * 365 * DAY_MS;

/** For these DNS names, good from a day before `now`, because clocks differ. */
export async function makeWebhookPair(hosts: readonly string[], now: Date): Promise<WebhookPair> {
  const validity = {
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + LIFETIME_MS),
    signingAlgorithm: ALGORITHM,
  };
  const authorityKeys = await webcrypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=Sluice admission webhook CA',
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity,
    // A common name holds 64 characters, and nobody reads it where there are alternative names.
    subject: 'CN=Sluice admission webhook',
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: 'dns', value }))),
    ],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { ca: `${authority.toString('pem')}\n`, cert: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}
