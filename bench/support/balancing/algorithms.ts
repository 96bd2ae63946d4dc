// The algorithms under test, how a user chooses each, and what plain nginx has in its place.
import { type Address, site } from '../../../test/support/objects.ts';

/** Every request names another session: hashing it is the work of a sticky backend. */
export const SESSION_COOKIE = 'route';

export interface Algorithm {
  /** Part of hosts, of names in Kubernetes, and of figures. */
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** What plain nginx does instead: a directive of its upstream; none for its round robin. */
  readonly counterpart: string;
}

const HASH_BY_PATH = { 'upstream-hash-by': '$request_uri' };

export const ROUND_ROBIN: Algorithm = { name: 'round-robin', annotations: {}, counterpart: '' };
export const EWMA: Algorithm = { name: 'ewma', annotations: { 'load-balance': 'ewma' }, counterpart: 'random two;' };
export const CONSISTENT_HASH: Algorithm = {
  name: 'chash',
  annotations: HASH_BY_PATH,
  counterpart: 'hash $request_uri consistent;',
};
export const SUBSET_HASH: Algorithm = {
  name: 'subset',
  annotations: { ...HASH_BY_PATH, 'upstream-hash-by-subset': 'true', 'upstream-hash-by-subset-size': '3' },
  counterpart: 'hash $request_uri consistent;',
};
const STICKY: Algorithm = {
  name: 'sticky',
  annotations: { affinity: 'cookie', 'session-cookie-name': SESSION_COOKIE },
  counterpart: `hash $cookie_${SESSION_COOKIE} consistent;`,
};

export const ALGORITHMS: readonly Algorithm[] = [ROUND_ROBIN, EWMA, CONSISTENT_HASH, SUBSET_HASH, STICKY];

const PER_NETWORK = 250;

/** So many endpoints on loopback addresses of their own: who listens on every address of `port` plays them all. */
export function endpoints(count: number, port: number): Address[] {
  return Array.from({ length: count }, (_, index) => ({
    address: `127.1.${Math.floor(index / PER_NETWORK)}.${(index % PER_NETWORK) + 1}`,
    port,
  }));
}

/** The Ingress, Service and EndpointSlice of host "<name>.test", balanced so. */
export function balancedSite(name: string, { annotations }: Algorithm, addresses: readonly Address[]): object[] {
  return site(name, addresses, annotations);
}

export function figureName(...words: readonly string[]): string {
  return words.join('_').replaceAll('-', '_');
}
