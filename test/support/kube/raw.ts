// Kubernetes objects as the API server double keeps and sends them: JSON, with metadata.

export interface RawMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: unknown[];
  managedFields?: unknown[];
}

export interface RawObject {
  apiVersion: string;
  kind: string;
  metadata: RawMeta;
  [field: string]: unknown;
}

/** Names an object; cluster-scoped ones have no namespace, others are in "default" when none is said. */
export interface RawRef {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at "spec.nodeName"; undefined where nothing is. */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const step of path.split('.')) value = isRecord(value) ? value[step] : undefined;
  return value;
}
