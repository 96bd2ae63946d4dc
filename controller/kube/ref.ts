// Names of Kubernetes objects: ObjectRef for people and Problems, the key "namespace/name" for lookups.

export const KINDS = [
  'Ingress',
  'IngressClass',
  'Service',
  'EndpointSlice',
  'Endpoints',
  'Secret',
  'ConfigMap',
  'Namespace',
] as const;

export type Kind = (typeof KINDS)[number];

/** Identifies an object; `namespace` is '' for cluster-scoped kinds. `kind` may be one that Sluice does not read. */
export interface ObjectRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** "namespace/name", or "name" for cluster-scoped objects. */
export type ObjectKey = string;

const CLUSTER_SCOPED: ReadonlySet<string> = new Set<Kind>(['IngressClass', 'Namespace']);

export function isClusterScoped(kind: string): boolean {
  return CLUSTER_SCOPED.has(kind);
}

export function keyOf(ref: { readonly namespace: string; readonly name: string }): ObjectKey {
  return ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** "Kind namespace/name", as Problems and logs show it. */
export function showRef(ref: ObjectRef): string {
  return `${ref.kind} ${keyOf(ref)}`;
}

/** Reads "namespace/name" as flags and ConfigMap values write it; null when it has another form. */
export function parseKey(text: string): { namespace: string; name: string } | null {
  const match = /^([a-z0-9][a-z0-9.-]*)\/([a-z0-9][a-z0-9.-]*)$/.exec(text);
  return match?.[1] && match[2] ? { namespace: match[1], name: match[2] } : null;
}
