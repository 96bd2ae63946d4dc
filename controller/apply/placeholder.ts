// The self-signed certificate that is served where nothing better is configured (TLS-04). nginx also needs it as a file,
// because a server with TLS must name one even though Lua chooses the certificate.
import { webcrypto, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
// @peculiar/x509 resolves its parts through it and asks for the import.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { CONFIG_FILES } from '../render/folders.ts';

const NAME = 'CN=Kubernetes Ingress Controller Fake Certificate, O=Acme Co';
const DAYS = 365;
const DAY_MS = 86_400_000;

/** Writes the pair to the configuration folder unless one is there that is good for another 30 days. */
export async function ensurePlaceholder(confDir: string, now: Date): Promise<void> {
  const files = [join(confDir, CONFIG_FILES.certificate), join(confDir, CONFIG_FILES.certificateKey)] as const;
  if (await isUsable(files, now)) return;
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: NAME,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + DAYS * DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'ingress.local' }])],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  await writeFile(files[1], `${key}\n`, { mode: 0o600 });
  await writeFile(files[0], `${certificate.toString('pem')}\n`, { mode: 0o600 });
}

async function isUsable([certificate, key]: readonly [string, string], now: Date): Promise<boolean> {
  try {
    await readFile(key);
    return new X509Certificate(await readFile(certificate)).validToDate.getTime() > now.getTime() + 30 * DAY_MS;
  } catch {
    return false; // not there yet, or unreadable: a new one is made
  }
}
