// What an API server adds to objects before it stores them: identity, times, generation, defaults, managed fields.
// https://kubernetes.io/docs/reference/using-api/api-concepts/ and https://kubernetes.io/docs/reference/using-api/server-side-apply/
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { RawObject } from './raw.ts';
import type { Resource } from './resources.ts';

/** RFC 3339 in whole seconds, as metav1.Time. */
export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

/** A new object: `object` is not changed. */
export function admitNew(resource: Resource, object: RawObject, manager: string): RawObject {
  const { generateName, name, resourceVersion: _version, managedFields: _managed, ...meta } = object.metadata;
  const suffix = (): string => randomUUID().slice(0, 5);
  const metadata = {
    ...(generateName === undefined ? {} : { generateName }),
    ...meta,
    name: name || (generateName === undefined ? '' : `${generateName}${suffix()}`),
    uid: meta.uid ?? randomUUID(),
    creationTimestamp: meta.creationTimestamp ?? now(),
    ...(resource.generation === 'counted' ? { generation: meta.generation ?? 1 } : {}),
  };
  return withDefaults(resource, managed({ ...object, metadata }, manager));
}

/** Identity and counters come from the stored object, the rest from the new one. Null when nothing changes: nothing is written. */
export function admitUpdate(
  resource: Resource,
  before: RawObject,
  after: RawObject,
  manager: string,
): RawObject | null {
  const { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds } = before.metadata;
  const kept = { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds };
  const metadata = {
    ...after.metadata,
    ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
  };
  delete metadata.resourceVersion;
  delete metadata.managedFields;
  const next = withDefaults(resource, { ...after, metadata });
  if (isDeepStrictEqual(comparable(before), comparable(next))) return null;
  if (resource.generation === 'counted' && !isDeepStrictEqual(body(before), body(next))) {
    metadata.generation = (generation ?? 0) + 1;
  }
  return managed(next, manager);
}

function comparable(object: RawObject): unknown {
  const { resourceVersion: _version, managedFields: _managed, ...metadata } = object.metadata;
  return JSON.parse(JSON.stringify({ ...object, metadata }));
}

/** All that is neither metadata nor status. */
function body({ metadata: _metadata, status: _status, ...rest }: RawObject): unknown {
  return rest;
}

/** Fields are listed one level deep only: clients must drop them whatever they hold. */
function managed(object: RawObject, manager: string): RawObject {
  const fields = Object.keys(object).filter((field) => !['apiVersion', 'kind', 'metadata'].includes(field));
  const entry = {
    manager,
    operation: 'Update',
    apiVersion: object.apiVersion,
    time: now(),
    fieldsType: 'FieldsV1',
    fieldsV1: Object.fromEntries(fields.map((field) => [`f:${field}`, {}])),
  };
  return { ...object, metadata: { ...object.metadata, managedFields: [entry] } };
}

function withDefaults(resource: Resource, object: RawObject): RawObject {
  switch (resource.kind) {
    case 'Ingress':
      return { ...object, status: object['status'] ?? { loadBalancer: {} } };
    case 'Service': {
      const spec = { type: 'ClusterIP', sessionAffinity: 'None', ...(object['spec'] as object | undefined) };
      return { ...object, spec, status: object['status'] ?? { loadBalancer: {} } };
    }
    case 'Secret': {
      const { stringData, ...rest } = object;
      const encoded = Object.entries((stringData ?? {}) as Record<string, string>).map(([key, text]) => [
        key,
        Buffer.from(text).toString('base64'),
      ]);
      const data = { ...(rest['data'] as object | undefined), ...Object.fromEntries(encoded) };
      return { type: 'Opaque', ...rest, ...(Object.keys(data).length > 0 ? { data } : {}) };
    }
    case 'Namespace': {
      const labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name ?? '' };
      return { ...object, metadata: { ...object.metadata, labels }, status: object['status'] ?? { phase: 'Active' } };
    }
    default:
      return object;
  }
}
