// Reads what a request asks for from its method and URL (api-concepts, section "Resource URIs").
import { RESOURCES, type Resource } from './resources.ts';
import { fieldSelector, labelSelector, type Match } from './selectors.ts';
import { methodNotAllowed } from './status.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

export interface ApiRequest {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly subresource: '' | 'status';
  /** '' means cluster-wide. */
  readonly namespace: string;
  /** '' means the collection. */
  readonly name: string;
  readonly query: URLSearchParams;
}

/** "ingresses" or "ingresses/status", as RBAC rules name it. */
export function resourceName({ resource, subresource }: Pick<ApiRequest, 'resource' | 'subresource'>): string {
  return subresource === '' ? resource.plural : `${resource.plural}/${subresource}`;
}

/** Null when the URL is no resource's. */
export function readRequest(method: string, url: URL): ApiRequest | null {
  const steps = url.pathname
    .split('/')
    .filter((step) => step !== '')
    .map(decodeURIComponent);
  const [group, version] = steps[0] === 'api' ? ['', steps[1]] : steps[0] === 'apis' ? [steps[1], steps[2]] : [];
  const rest = steps.slice(group === '' ? 2 : 3);
  // /namespaces/NAME and /namespaces/NAME/status are the Namespace itself.
  const inside = rest[0] === 'namespaces' && rest.length > 2 && !(rest.length === 3 && rest[2] === 'status');
  const namespace = inside ? (rest[1] ?? '') : '';
  const [plural, name = '', subresource = '', ...more] = inside ? rest.slice(2) : rest;
  const resource = RESOURCES.find((one) => one.group === group && one.version === version && one.plural === plural);
  if (resource === undefined || more.length > 0) return null;
  if (subresource !== '' && (subresource !== 'status' || resource.status === 'none')) return null;
  if (resource.scope === 'cluster' ? inside : name !== '' && !inside) return null;
  const verb = verbOf(method, name, url.searchParams);
  if (verb === 'create' && resource.scope === 'namespace' && !inside) throw methodNotAllowed();
  if (subresource !== '' && (verb === 'create' || verb === 'delete')) throw methodNotAllowed();
  return {
    verb,
    resource,
    subresource: subresource === 'status' ? 'status' : '',
    namespace,
    name,
    query: url.searchParams,
  };
}

function verbOf(method: string, name: string, query: URLSearchParams): Verb {
  switch (method) {
    case 'GET':
      return name !== '' ? 'get' : flagged(query, 'watch') ? 'watch' : 'list';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    case 'POST':
      if (name === '') return 'create';
      throw methodNotAllowed();
    case 'PUT':
    case 'PATCH':
      if (name !== '') return method === 'PUT' ? 'update' : 'patch';
      throw methodNotAllowed();
    default:
      throw methodNotAllowed();
  }
}

/** Booleans in queries: "1" and "true" are set. */
export function flagged(query: URLSearchParams, name: string): boolean {
  return ['1', 'true', 'True'].includes(query.get(name) ?? '');
}

/** Whether an object is among those that a list or watch is about. */
export function matchOf({ resource, namespace, query }: ApiRequest): Match {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = fieldSelector(resource, query.get('fieldSelector') ?? '');
  return (object) => (namespace === '' || object.metadata.namespace === namespace) && labels(object) && fields(object);
}
