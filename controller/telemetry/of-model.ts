// Metrics about what is served: certificates, Ingresses that lead nowhere, and a number for the whole.
import { createHash, X509Certificate } from 'node:crypto';
import type { Certificate, Model } from '../model/types.ts';
import { PREFIX } from './families.ts';
import type { Sample, SampleFamily } from './samples.ts';

/** "namespace/name" of every Ingress that a route comes from; kept by the model, which never changes. */
export function ingressesOf(model: Model): ReadonlySet<string> {
  const known = ingresses.get(model);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const { routes } of model.hosts.values()) {
    for (const { source } of routes) if (source !== null) found.add(`${source.namespace}/${source.name}`);
  }
  ingresses.set(model, found);
  return found;
}

const ingresses = new WeakMap<Model, ReadonlySet<string>>();

/** Labels of a certificate that do not depend on the host. */
interface Described {
  readonly identifier: string;
  readonly issuer_organization: string;
  readonly issuer_common_name: string;
  readonly serial_number: string;
  readonly public_key_algorithm: string;
}

const described = new WeakMap<Certificate, Described>();

function describe(certificate: Certificate): Described {
  const known = described.get(certificate);
  if (known !== undefined) return known;
  const x509 = new X509Certificate(certificate.chain);
  const serial = BigInt(`0x${x509.serialNumber}`).toString();
  const issuer = (attribute: string): string =>
    new RegExp(`^${attribute}=(.*)$`, 'm').exec(x509.issuer ?? '')?.[1] ?? '';
  const text = {
    identifier: `${issuer('serialNumber')}-${serial}`,
    issuer_organization: issuer('O'),
    issuer_common_name: issuer('CN'),
    serial_number: serial,
    public_key_algorithm: ALGORITHMS.get(x509.publicKey.asymmetricKeyType ?? '') ?? '',
  };
  described.set(certificate, text);
  return text;
}

/** As Go's crypto/x509 calls them. */
const ALGORITHMS = new Map([
  ['rsa', 'RSA'],
  ['ec', 'ECDSA'],
  ['ed25519', 'Ed25519'],
  ['dsa', 'DSA'],
]);

/** Expiry and description of the certificates that come from Secrets, by host. */
export function certificateFamilies(model: Model, controllerClass: string): SampleFamily[] {
  const [expiry, info]: [Sample[], Sample[]] = [[], []];
  for (const [host, certificate] of model.certificates) {
    if (certificate.secret === null) continue;
    const [namespace = '', name = ''] = certificate.secret.split('/');
    const { identifier, ...rest } = describe(certificate);
    const labels = { namespace, class: controllerClass, host, secret_name: name, identifier };
    expiry.push({ labels, value: Math.floor(certificate.notAfter / 1000) });
    info.push({ labels: { ...labels, ...rest }, value: 1 });
  }
  return [
    {
      name: `${PREFIX}ssl_expire_time_seconds`,
      help: 'When the certificate of a host expires, seconds since 1970',
      type: 'gauge',
      samples: expiry,
    },
    {
      name: `${PREFIX}ssl_certificate_info`,
      help: 'Describes the certificate of a host',
      type: 'gauge',
      samples: info,
    },
  ];
}

/** What a Problem of a Service makes of the Ingresses that lead to it. */
const ORPHANS = new Map([
  ['service-missing', 'no-service'],
  ['service-port-missing', 'no-service'],
  ['service-without-endpoints', 'no-endpoint'],
]);

/** 1 for Ingresses that lead to a Service that is not there, or that has no endpoint; 0 for the others. */
export function orphanFamily(model: Model, own: Sample['labels']): SampleFamily {
  const services = new Map<string, string>();
  for (const { object, code } of model.problems) {
    const type = object.kind === 'Service' ? ORPHANS.get(code) : undefined;
    if (type !== undefined) services.set(`${object.namespace}/${object.name}`, type);
  }
  const orphans = new Set<string>();
  for (const { source, target } of services.size === 0
    ? []
    : [...model.hosts.values()].flatMap((host) => host.routes)) {
    if (source === null || target.kind !== 'backend') continue;
    const type = services.get(`${source.namespace}/${target.service}`);
    if (type !== undefined) orphans.add(`${source.namespace}/${source.name} ${type}`);
  }
  const samples = [...ingressesOf(model)].flatMap((key) => {
    const [namespace = '', ingress = ''] = key.split('/');
    return ['no-service', 'no-endpoint'].map((type) => ({
      labels: { ...own, namespace, ingress, type },
      value: orphans.has(`${key} ${type}`) ? 1 : 0,
    }));
  });
  const help = '1 when a backend of the Ingress has no Service, or no endpoint';
  return { name: `${PREFIX}orphan_ingress`, help, type: 'gauge', samples };
}

/**
 * A number that is equal where the same is served: the sum of the digests of all values, so that a change costs no more than
 * itself. 48 bits, which a float holds.
 */
export class StateHash {
  #hashes = new Map<string, { readonly text: string; readonly hash: number }>();
  #last: { readonly state: ReadonlyMap<string, string>; readonly sum: number } | null = null;

  /** A state never changes. */
  of(state: ReadonlyMap<string, string>): number {
    if (this.#last?.state === state) return this.#last.sum;
    const next = new Map<string, { readonly text: string; readonly hash: number }>();
    let sum = 0;
    for (const [name, text] of state) {
      const known = this.#hashes.get(name);
      const entry = known?.text === text ? known : { text, hash: hashOf(name, text) };
      next.set(name, entry);
      sum = (sum + entry.hash) % 2 ** 48;
    }
    this.#hashes = next;
    this.#last = { state, sum };
    return sum;
  }
}

function hashOf(name: string, text: string): number {
  return createHash('sha256').update(`${name}\0${text}`).digest().readUIntBE(0, 6);
}
