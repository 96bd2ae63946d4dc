// Whether roles allow a request, as the API server decides it: https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
import { isRecord, type RawObject } from './kube/raw.ts';
import { type ApiRequest, resourceName } from './kube/request.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A rule, and where it holds: in one namespace, or null for all of them and cluster-scoped objects. */
export interface Grant extends Rule {
  readonly namespace: string | null;
}

/** What the bindings among these objects grant to a ServiceAccount. */
export function grantsOf(objects: readonly RawObject[], account: string): Grant[] {
  return objects
    .filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
    .filter(({ subjects }) => Array.isArray(subjects) && subjects.some((one) => isRecord(one) && one.name === account))
    .flatMap((binding) => {
      const namespace = binding.kind === 'RoleBinding' ? (binding.metadata.namespace ?? '') : null;
      const { kind, name } = binding.roleRef as { kind: string; name: string };
      const role = objects.find(
        (one) =>
          one.kind === kind &&
          one.metadata.name === name &&
          (kind === 'ClusterRole' || one.metadata.namespace === namespace),
      );
      if (role === undefined)
        throw new Error(`${binding.kind} ${binding.metadata.name} names ${kind} ${name}, which is not there`);
      return (role.rules as Rule[]).map((rule) => ({ ...rule, namespace }));
    });
}

export function allows(grants: readonly Grant[], request: ApiRequest): boolean {
  // A list or watch of one object is about that object.
  const [, selected = ''] = /^metadata\.name=(.+)$/.exec(request.query.get('fieldSelector') ?? '') ?? [];
  const name = request.name === '' ? selected : request.name;
  return grants.some(
    ({ namespace, apiGroups, resources, resourceNames, verbs }) =>
      (namespace === null || namespace === request.namespace) &&
      apiGroups.includes(request.resource.group) &&
      resources.includes(resourceName(request)) &&
      verbs.includes(request.verb) &&
      (resourceNames === undefined || resourceNames.includes(name)),
  );
}
