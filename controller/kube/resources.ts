// What Sluice lists and watches at the API server, and where it is found there.
import { isClusterScoped, type Kind, type ObjectRef } from './ref.ts';

export interface Resource {
  readonly kind: Kind;
  /** As objects write it: "v1", "networking.k8s.io/v1". */
  readonly apiVersion: string;
  readonly plural: string;
  /** Selectors as the API takes them, '' for all. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

function resource(kind: Kind, apiVersion: string, plural: string, selectors: Partial<Resource> = {}): Resource {
  return { kind, apiVersion, plural, fieldSelector: '', labelSelector: '', ...selectors };
}

/** Every kind but Endpoints, which a cluster mirrors into EndpointSlices. Helm's own records are large and never read. */
export const RESOURCES = {
  IngressClass: resource('IngressClass', 'networking.k8s.io/v1', 'ingressclasses'),
  Namespace: resource('Namespace', 'v1', 'namespaces'),
  ConfigMap: resource('ConfigMap', 'v1', 'configmaps', { labelSelector: 'OWNER!=TILLER' }),
  Secret: resource('Secret', 'v1', 'secrets', { fieldSelector: 'type!=helm.sh/release.v1' }),
  Service: resource('Service', 'v1', 'services'),
  EndpointSlice: resource('EndpointSlice', 'discovery.k8s.io/v1', 'endpointslices'),
  Ingress: resource('Ingress', 'networking.k8s.io/v1', 'ingresses'),
} as const satisfies Partial<Record<Kind, Resource>>;

/** "ingresses.networking.k8s.io", as RBAC messages write it. */
export function nameOf({ apiVersion, plural }: Resource): string {
  const [group, version] = apiVersion.split('/');
  return version === undefined ? plural : `${plural}.${group}`;
}

/** How Problems name a resource. */
export function refOf(resource: Resource): ObjectRef {
  return { kind: 'ApiResource', namespace: '', name: nameOf(resource) };
}

export interface ListQuery {
  /** Objects a page; 0 for all at once. */
  readonly limit: number;
  /** Where the page before ended; '' for the first. */
  readonly from: string;
}

/** Path and query of a list; `namespace` null means all of them. */
export function listPath(resource: Resource, namespace: string | null, { limit, from }: ListQuery): string {
  return pathWith(resource, namespace, {
    ...(limit === 0 ? {} : { limit: String(limit) }),
    ...(from === '' ? {} : { continue: from }),
  });
}

/** Path and query of a watch of what changes after `version`; the server ends it after `timeoutSeconds`. */
export function watchPath(
  resource: Resource,
  namespace: string | null,
  version: string,
  timeoutSeconds: number,
): string {
  return pathWith(resource, namespace, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: version,
    timeoutSeconds: String(timeoutSeconds),
  });
}

function pathWith(resource: Resource, namespace: string | null, query: Readonly<Record<string, string>>): string {
  const root = resource.apiVersion.includes('/') ? '/apis' : '/api';
  const scope = namespace === null || isClusterScoped(resource.kind) ? '' : `/namespaces/${namespace}`;
  const parameters = new URLSearchParams(query);
  if (resource.fieldSelector !== '') parameters.set('fieldSelector', resource.fieldSelector);
  if (resource.labelSelector !== '') parameters.set('labelSelector', resource.labelSelector);
  const text = parameters.toString();
  return `${root}/${resource.apiVersion}${scope}/${resource.plural}${text === '' ? '' : `?${text}`}`;
}
