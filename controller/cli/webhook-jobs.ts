// The two jobs of the admission webhook's certificate: the Secret, and who trusts it.
import { X509Certificate } from 'node:crypto';
import type { AdmissionregistrationV1Api, CoreV1Api, V1Secret } from '@kubernetes/client-node';
import { makeWebhookPair } from './webhook-pair.ts';

/** Writers of the webhook's configuration may meet; each of us reads it anew. */
const ATTEMPTS = 5;

/** What was attempted and what to do; no stack would say more. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

export interface Api {
  readonly core: CoreV1Api;
  readonly admission: AdmissionregistrationV1Api;
}

/** Makes the certificate for the hosts; returns what was done. Rejects with CertificateError. */
export async function create({ core }: Api, secret: Place, hosts: readonly string[]): Promise<string> {
  const shown = `Secret ${secret.namespace}/${secret.name}`;
  const found = await attempt(`reading ${shown}`, core.readNamespacedSecret(secret));
  if (found !== null) {
    requireUsable(found, shown, new Date());
    return `${shown} is there and stays as it is\n`;
  }
  const data = await makeWebhookPair(hosts, new Date());
  const body = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: secret, stringData: { ...data } };
  await attempt(`creating ${shown}`, core.createNamespacedSecret({ namespace: secret.namespace, body }));
  return `${shown} has a new certificate for ${hosts.join(', ')}\n`;
}

/** Throws where Pods that mount it could not start, or nobody would trust it: better here than there. */
function requireUsable(secret: V1Secret, shown: string, now: Date): Buffer {
  const mend = `delete it and run helm upgrade again, and a new one is made`;
  const missing = ['ca', 'cert', 'key'].filter((name) => !secret.data?.[name]);
  if (missing.length > 0) throw new CertificateError(`${shown} has no ${missing.join(' and no ')}: ${mend}`);
  try {
    const end = new X509Certificate(textIn(secret, 'cert')).validToDate;
    if (end > now) return textIn(secret, 'ca');
    throw new CertificateError(`the certificate in ${shown} ended on ${end.toISOString()}: ${mend}`);
  } catch (cause) {
    if (cause instanceof CertificateError) throw cause;
    throw new CertificateError(`the certificate in ${shown} cannot be read (${messageOf(cause)}): ${mend}`, { cause });
  }
}

function textIn(secret: V1Secret, name: string): Buffer {
  return Buffer.from(secret.data?.[name] ?? '', 'base64');
}

/** Writes the authority of the Secret into the configuration `name`. Rejects with CertificateError. */
export async function patch(
  { core, admission }: Api,
  secret: Place,
  name: string,
  failurePolicy: string,
): Promise<string> {
  const shown = `Secret ${secret.namespace}/${secret.name}`;
  const found = await attempt(`reading ${shown}`, core.readNamespacedSecret(secret));
  if (found === null) throw new CertificateError(`${shown} is not there: sluice webhook-cert create makes it`);
  const caBundle = requireUsable(found, shown, new Date()).toString('base64');
  const what = `ValidatingWebhookConfiguration ${name}`;
  for (let left = ATTEMPTS; ; left -= 1) {
    const body = await attempt(`reading ${what}`, admission.readValidatingWebhookConfiguration({ name }));
    if (body === null) throw new CertificateError(`${what} is not there: is controller.admissionWebhooks.enabled set?`);
    const webhooks = (body.webhooks ?? []).map((webhook) => ({
      ...webhook,
      failurePolicy,
      clientConfig: { ...webhook.clientConfig, caBundle },
    }));
    const write = admission.replaceValidatingWebhookConfiguration({ name, body: { ...body, webhooks } });
    const outcome = await write.then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (outcome === null) return `${what} trusts the authority of ${shown}, failure policy ${failurePolicy}\n`;
    if (codeOf(outcome.error) !== 409 || left === 1) await attempt(`writing ${what}`, Promise.reject(outcome.error));
  }
}

/** The answer; null when nothing is there (404), or already is (409 of a create, which another job then made). */
async function attempt<T>(what: string, call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (cause) {
    if (codeOf(cause) === 404 || (codeOf(cause) === 409 && what.startsWith('creating'))) return null;
    throw new CertificateError(`${what} failed: ${reasonOf(cause)}`, { cause });
  }
}

function codeOf(error: unknown): number | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : null;
}

/** The official client puts the whole answer into its message; the server's own words are in the body. */
function reasonOf(error: unknown): string {
  const body = error instanceof Error && 'body' in error ? error.body : null;
  const status = typeof body === 'string' ? parsed(body) : body;
  if (typeof status === 'object' && status !== null && 'message' in status) {
    return `${codeOf(error) ?? ''} ${String(status.message)}`.trim();
  }
  return messageOf(error);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy's page, perhaps
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
