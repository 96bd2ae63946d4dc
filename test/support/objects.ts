// Kubernetes objects for tests, with only what differs said.

export interface PathSpec {
  readonly path?: string;
  readonly pathType?: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly service?: string;
  readonly port?: number | string;
}

export interface IngressSpec {
  readonly name: string;
  readonly namespace?: string;
  readonly host?: string;
  readonly paths?: readonly PathSpec[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[];
  readonly className?: string;
  readonly created?: string;
  readonly defaultBackend?: PathSpec;
}

const PREFIX = 'nginx.ingress.kubernetes.io';

function backend({ service = 'web', port = 80 }: PathSpec): object {
  return { service: { name: service, port: typeof port === 'number' ? { number: port } : { name: port } } };
}

/** One host with its paths ("/" to Service web, port 80, when none are given). Annotations are named without the prefix. */
export function ingress(spec: IngressSpec): object {
  const annotations = Object.fromEntries(
    Object.entries(spec.annotations ?? {}).map(([key, value]) => [key.includes('/') ? key : `${PREFIX}/${key}`, value]),
  );
  const paths = (spec.paths ?? [{}]).map((path) => ({
    path: path.path ?? '/',
    pathType: path.pathType ?? 'Prefix',
    backend: backend(path),
  }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: spec.name,
      namespace: spec.namespace ?? 'default',
      annotations,
      ...(spec.created === undefined ? {} : { creationTimestamp: spec.created }),
    },
    spec: {
      ...(spec.className === undefined ? {} : { ingressClassName: spec.className }),
      ...(spec.tls === undefined ? {} : { tls: spec.tls }),
      ...(spec.defaultBackend === undefined ? {} : { defaultBackend: backend(spec.defaultBackend) }),
      ...(spec.host === undefined && spec.paths === undefined && spec.defaultBackend !== undefined
        ? {}
        : { rules: [{ ...(spec.host === undefined ? {} : { host: spec.host }), http: { paths } }] }),
    },
  };
}

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** A Service with one unnamed port 80. */
export function service(name: string, spec: object = {}, namespace = 'default'): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: [{ port: 80 }], ...spec } };
}

/** One EndpointSlice per port among the addresses. */
export function slices(serviceName: string, addresses: readonly Address[], namespace = 'default'): object[] {
  const byPort = Map.groupBy(addresses, ({ port }) => port);
  return [...byPort].map(([port, members]) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${serviceName}-${port}`,
      namespace,
      labels: { 'kubernetes.io/service-name': serviceName },
    },
    addressType: 'IPv4',
    endpoints: members.map(({ address }) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: '', port, protocol: 'TCP' }],
  }));
}

/** A Service and its slices. */
export function workload(name: string, addresses: readonly Address[], namespace = 'default'): object[] {
  return [service(name, {}, namespace), ...slices(name, addresses, namespace)];
}

export function secret(name: string, pair: { certificate: string; key: string }, namespace = 'default'): object {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name, namespace },
    data: { 'tls.crt': encode(pair.certificate), 'tls.key': encode(pair.key) },
  };
}

/** A Secret with these texts. */
export function opaque(name: string, stringData: Readonly<Record<string, string>>, namespace = 'default'): object {
  return { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name, namespace }, stringData };
}

export function configMap(name: string, data: Readonly<Record<string, string>>, namespace = 'default'): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

/** Host "<name>.test" on these addresses: Ingress, Service and slices of that name. */
export function site(
  name: string,
  addresses: readonly Address[],
  annotations: Readonly<Record<string, string>> = {},
): object[] {
  return [
    ingress({ name, host: `${name}.test`, paths: [{ service: name }], annotations }),
    ...workload(name, addresses),
  ];
}
