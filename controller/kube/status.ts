// The status of an Ingress as the API server has it: the addresses under which it can be reached, and the version of the
// object that they were read from (networking.k8s.io/v1, IngressLoadBalancerStatus).
import { keyOf, type ObjectKey } from './ref.ts';

/** One entry of status.loadBalancer.ingress; '' where it says nothing. */
export interface Address {
  readonly ip: string;
  readonly hostname: string;
}

export interface IngressStatus {
  readonly key: ObjectKey;
  readonly uid: string;
  /** metadata.resourceVersion: opaque. */
  readonly version: string;
  readonly addresses: readonly Address[];
}

/** Sorted by host name, then by address, as ingress-nginx writes them; each once. */
export function sortAddresses(addresses: readonly Address[]): Address[] {
  const unique = new Map(addresses.map((address) => [`${address.hostname}\0${address.ip}`, address]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, address]) => address);
}

/** Whether both name the same addresses, in any order. */
export function sameAddresses(a: readonly Address[], b: readonly Address[]): boolean {
  return sameInOrder(a, b) || sameInOrder(sortAddresses(a), sortAddresses(b));
}

function sameInOrder(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length && a.every(({ ip, hostname }, at) => ip === b[at]?.ip && hostname === b[at]?.hostname);
}

/** As the API takes it: what is empty is left out. */
export function rawAddress({ ip, hostname }: Address): Readonly<Record<string, string>> {
  return { ...(hostname === '' ? {} : { hostname }), ...(ip === '' ? {} : { ip }) };
}

/** The entries of a status.loadBalancer.ingress, of an Ingress or a Service; what has another shape is left out. */
export function readAddresses(raw: unknown): Address[] {
  if (!Array.isArray(raw)) return [];
  return raw.flatMap((entry: unknown) => {
    const [ip, hostname] = [textAt(entry, 'ip'), textAt(entry, 'hostname')];
    return ip === '' && hostname === '' ? [] : [{ ip, hostname }];
  });
}

/** null for what is no object with a name and a version. */
export function readIngressStatus(raw: unknown): IngressStatus | null {
  const [name, namespace] = [textAt(raw, 'metadata', 'name'), textAt(raw, 'metadata', 'namespace')];
  const version = textAt(raw, 'metadata', 'resourceVersion');
  if (name === '' || version === '') return null;
  return {
    key: keyOf({ namespace, name }),
    uid: textAt(raw, 'metadata', 'uid'),
    version,
    addresses: readAddresses(valueAt(raw, 'status', 'loadBalancer', 'ingress')),
  };
}

/** What stands at a path of a JSON value; undefined where nothing does. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}

/** The same for a text; '' where there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : '';
}
