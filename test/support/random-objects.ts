// Random Kubernetes objects over few names, so that they meet: the same hosts, Services, Secrets and namespaces.
import type { Pair } from './certificates.ts';
import { configMap, ingress, opaque, secret, service } from './objects.ts';

/** A whole number from 0 to below. */
export type Random = (below: number) => number;

/** A small generator with a seed, so that a failure can be played again (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const NAMESPACES = ['ns1', 'ns2', 'ns3'];
const HOSTS = ['a.test', 'x.b.test', '*.b.test', 'c.test', undefined];
const SERVICES = ['web', 'api', 'old'];
const PATHS = ['/', '/x', '/x/', '/x/y', '/.well-known/acme-challenge/t'];
const TYPES = ['Exact', 'Prefix', 'ImplementationSpecific'] as const;
const SECRETS = ['certificate', 'other'];

export function randomObject(random: Random, pairs: readonly Pair[]): object {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const namespace = pick(NAMESPACES);
  const makers: readonly (() => object)[] = [
    () => randomIngress(random, namespace),
    () => randomIngress(random, namespace),
    () => randomIngress(random, namespace),
    () => randomService(random, namespace),
    () => randomSlice(random, namespace),
    () => randomSlice(random, namespace),
    () => ({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: pick(SERVICES), namespace },
      subsets: [{ addresses: [{ ip: `10.1.0.${random(4)}` }], ports: [{ port: 8080 }] }],
    }),
    () => {
      const pair = pick([...pairs, { certificate: 'nonsense', key: 'nonsense' }]);
      if (random(2) === 0) return secret(pick(SECRETS), pair, namespace);
      const texts = { 'ca.crt': pair.certificate, 'tls.crt': pair.certificate, 'tls.key': pair.key };
      return opaque(pick(SECRETS), texts, namespace);
    },
    () => opaque('users', { [pick(['auth', 'alice'])]: `alice:{PLAIN}${random(3)}` }, namespace),
    () => configMap('question', { [pick(['X-A', 'X-B', 'no name'])]: String(random(3)) }, namespace),
    () => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: pick(['ours', 'theirs']) },
      spec: { controller: pick(['k8s.io/ingress-nginx', 'example.com/other']) },
    }),
    () => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { watched: pick(['yes', 'yes', 'no']) } },
    }),
    () => configMap('headers', { [pick(['X-A', 'X-B'])]: String(random(3)) }, namespace),
    () =>
      configMap(
        'settings',
        {
          'proxy-read-timeout': String(random(3)),
          'ssl-redirect': pick(['true', 'false', '?']),
          'custom-http-errors': pick(['', '500']),
          'add-headers': pick(['', 'ns1/headers']),
          'global-allowed-response-headers': pick(['X-A', 'X-A,X-B']),
          'global-auth-url': pick(['', '', 'http://auth.test/', '?']),
          'denylist-source-range': pick(['', '', '10.0.0.1', '?']),
          'annotations-risk-level': 'Critical',
          'allow-snippet-annotations': pick(['true', 'true', 'false']),
          'location-snippet': pick(['', 'add_header X-A a;']),
        },
        'ns1',
      ),
  ];
  return pick(makers)();
}

function randomIngress(random: Random, namespace: string): object {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const host = pick(HOSTS);
  const className = pick([undefined, undefined, 'ours', 'theirs']);
  const paths = Array.from({ length: random(4) }, () => ({
    path: pick(PATHS),
    pathType: pick(TYPES),
    service: pick(SERVICES),
    port: pick([80, 8080, 'http']),
  }));
  return ingress({
    name: `i${random(5)}`,
    namespace,
    paths,
    created: `2024-01-0${1 + random(3)}T00:00:00Z`,
    annotations: {
      ...pick<Record<string, string>>([
        {},
        {},
        {
          'backend-protocol': pick(['HTTP', 'GRPC', 'FCGI', 'bad']),
          'proxy-body-size': pick(['1m', '8m']),
          'default-backend': pick(['', ...SERVICES]),
          'custom-http-errors': pick(['', '404', '404,503', 'bad']),
          'custom-headers': pick(['', `${namespace}/headers`]),
        },
        {
          'configuration-snippet': pick(['add_header X-A a;', 'location /x { deny all; }', '{']),
          'server-snippet': pick(['', 'add_header X-A a;', 'add_header X-B b;']),
        },
        { 'rewrite-target': pick(['/', '/x', '/$1']), 'app-root': pick(['/a', '/b']) },
        { 'server-alias': pick(['c.test, d.test', 'd.test, *.e.test', 'a.test, ~x']), 'from-to-www-redirect': 'true' },
        { 'from-to-www-redirect': pick(['true', 'false']), 'permanent-redirect': pick(['/x', 'https://x.test', '']) },
        {
          'auth-type': 'basic',
          'auth-secret': pick(['users', 'ns1/users']),
          'auth-secret-type': pick(['auth-file', 'auth-map']),
        },
        {
          'auth-url': pick(['http://own.test/', 'bad']),
          'auth-proxy-set-headers': pick(['question', 'ns1/question']),
        },
      ]),
      ...pick<Record<string, string>>([
        {},
        { 'auth-tls-secret': `${pick(NAMESPACES)}/${pick(SECRETS)}`, 'ssl-ciphers': pick(['HIGH', 'MEDIUM']) },
        { 'backend-protocol': 'HTTPS', 'proxy-ssl-secret': `${namespace}/${pick(SECRETS)}` },
        { 'backend-protocol': pick(['HTTPS', 'FCGI']), 'fastcgi-params-configmap': 'settings' },
        { 'ssl-ciphers': 'HIGH' },
      ]),
      ...(random(3) === 0
        ? { canary: pick(['true', 'true', 'false', '?']), 'canary-weight': pick(['5', '50', '%']) }
        : {}),
      ...(random(4) === 0 ? { affinity: 'cookie', 'session-cookie-name': pick(['a', 'b', ';']) } : {}),
      ...(random(6) === 0 ? { 'affinity-canary-behavior': 'legacy', 'load-balance': pick(['ewma', 'bad']) } : {}),
    },
    ...(host === undefined ? {} : { host }),
    ...(className === undefined ? {} : { className }),
    ...(random(3) === 0 ? { tls: [{ hosts: [host ?? 'a.test'], secretName: pick(SECRETS) }] } : {}),
    ...(random(5) === 0 ? { defaultBackend: { service: pick(SERVICES) } } : {}),
  });
}

function randomService(random: Random, namespace: string): object {
  const name = SERVICES[random(SERVICES.length)] ?? 'web';
  switch (random(4)) {
    case 0:
      return service(name, { type: 'ExternalName', externalName: 'outside.example.com' }, namespace);
    case 1:
      return service(name, { ports: [{ name: 'http', port: 8080, targetPort: 'web' }] }, namespace);
    default:
      return service(name, { ports: [{ name: 'http', port: 80, targetPort: 8080 }] }, namespace);
  }
}

function randomSlice(random: Random, namespace: string): object {
  const name = SERVICES[random(SERVICES.length)] ?? 'web';
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${random(2)}`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: Array.from({ length: random(4) }, () => ({
      addresses: [random(9) === 0 ? '169.254.169.254' : `10.0.0.${random(5)}`],
      conditions: { ready: random(3) !== 0, serving: true, terminating: random(2) === 0 },
    })),
    ports: [{ name: ['http', ''][random(2)], port: 8080 }],
  };
}
