// The resources that the API server double serves, as `kubectl api-resources` shows them, and what sets each apart.

export interface Resource {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly scope: 'cluster' | 'namespace';
  /** Kinds with a status have the sub-resource /status and keep the status out of every other write. */
  readonly status: 'subresource' | 'none';
  /** Whether metadata.generation counts the changes of what is neither metadata nor status. */
  readonly generation: 'counted' | 'none';
  /** What a PUT does to an object that is not there. */
  readonly putMissing: 'create' | 'refuse';
  /** What a PUT without a resourceVersion does: last writer wins, or 422. */
  readonly putUnconditional: 'allow' | 'refuse';
  /** Field selectors beside metadata.name and metadata.namespace. */
  readonly fields: readonly string[];
}

const COMMON = {
  version: 'v1',
  scope: 'namespace',
  status: 'none',
  generation: 'none',
  putMissing: 'refuse',
  putUnconditional: 'allow',
  fields: [],
} as const;

function core(plural: string, singular: string, kind: string, rest: Partial<Resource> = {}): Resource {
  return { ...COMMON, group: '', plural, singular, kind, ...rest };
}

const EVENT_FIELDS = ['involvedObject.kind', 'involvedObject.name', 'involvedObject.namespace', 'involvedObject.uid'];

export const RESOURCES: readonly Resource[] = [
  core('namespaces', 'namespace', 'Namespace', { scope: 'cluster', status: 'subresource', fields: ['status.phase'] }),
  core('nodes', 'node', 'Node', { scope: 'cluster', status: 'subresource', fields: ['spec.unschedulable'] }),
  core('services', 'service', 'Service', {
    status: 'subresource',
    putMissing: 'create',
    fields: ['spec.clusterIP', 'spec.type'],
  }),
  core('endpoints', 'endpoints', 'Endpoints', { putMissing: 'create' }),
  core('secrets', 'secret', 'Secret', { fields: ['type'] }),
  core('configmaps', 'configmap', 'ConfigMap'),
  core('events', 'event', 'Event', { putMissing: 'create', fields: [...EVENT_FIELDS, 'reason', 'type'] }),
  core('pods', 'pod', 'Pod', {
    status: 'subresource',
    fields: ['spec.nodeName', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
  }),
  {
    ...core('ingresses', 'ingress', 'Ingress', { status: 'subresource', generation: 'counted' }),
    group: 'networking.k8s.io',
  },
  {
    ...core('ingressclasses', 'ingressclass', 'IngressClass', { scope: 'cluster', generation: 'counted' }),
    group: 'networking.k8s.io',
  },
  { ...core('endpointslices', 'endpointslice', 'EndpointSlice', { generation: 'counted' }), group: 'discovery.k8s.io' },
  ...[
    core('deployments', 'deployment', 'Deployment', { status: 'subresource', generation: 'counted' }),
    core('replicasets', 'replicaset', 'ReplicaSet', { status: 'subresource', generation: 'counted' }),
    core('daemonsets', 'daemonset', 'DaemonSet', { status: 'subresource', generation: 'counted' }),
    core('statefulsets', 'statefulset', 'StatefulSet', { status: 'subresource', generation: 'counted' }),
  ].map((resource) => ({ ...resource, group: 'apps' })),
  {
    ...core('leases', 'lease', 'Lease', { putMissing: 'create', putUnconditional: 'refuse' }),
    group: 'coordination.k8s.io',
  },
  {
    ...core('validatingwebhookconfigurations', 'validatingwebhookconfiguration', 'ValidatingWebhookConfiguration', {
      scope: 'cluster',
      generation: 'counted',
    }),
    group: 'admissionregistration.k8s.io',
  },
];

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** "ingresses.networking.k8s.io", or "services" in the core group: how messages name a resource. */
export function qualified({ group, plural }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

export function resourceOfKind(kind: string): Resource {
  const resource = RESOURCES.find((one) => one.kind === kind);
  if (resource === undefined) throw new Error(`the API server double has no kind ${kind}`);
  return resource;
}
