// Writes: create, update, patch and delete, guarded by resource versions (api-concepts, "Resource versions" and "Dry-run").
import { admitNew, admitUpdate, now } from './admission.ts';
import { readRecord } from './body.ts';
import { applyPatch } from './patch.ts';
import { isRecord, type RawMeta, type RawObject, valueAt } from './raw.ts';
import type { ApiRequest } from './request.ts';
import { apiVersionOf } from './resources.ts';
import { ApiError, alreadyExists, badRequest, conflict, invalid, notFound, success } from './status.ts';
import { type Store, Stored, storeKey } from './store.ts';
import { validate } from './validate.ts';

/** A request that changes something, with what else decides about it. */
export interface Write {
  readonly store: Store;
  readonly request: ApiRequest;
  /** Who shows in managedFields. */
  readonly manager: string;
}

/** Returns the object's JSON. */
export function create({ store, request, manager }: Write, body: unknown): string {
  const { resource, namespace } = request;
  const object = admitNew(resource, asNew(request, readObject(request, body)), manager);
  if (valueAt(body, 'metadata.resourceVersion')) {
    throw new ApiError(500, 'InternalError', 'resourceVersion should not be set on objects to be created');
  }
  validate(resource, object);
  const { name = '' } = object.metadata;
  const key = storeKey(namespace, name);
  if (store.get(resource, key) !== null) throw alreadyExists(resource, name);
  return commit(store, request, key, object);
}

/** Identity and times are the server's to give, and a status has a sub-resource of its own. */
function asNew({ resource }: ApiRequest, { status, metadata, ...rest }: RawObject): RawObject {
  const { uid: _uid, creationTimestamp: _created, deletionTimestamp: _deleted, generation: _count, ...meta } = metadata;
  const object: RawObject = { ...rest, apiVersion: rest.apiVersion, kind: rest.kind, metadata: meta };
  return resource.status === 'none' && status !== undefined ? { ...object, status } : object;
}

/** Returns the object's JSON, and whether the PUT created it. */
export function update(write: Write, body: unknown): { json: string; created: boolean } {
  const { store, request } = write;
  const { resource, namespace, name } = request;
  const object = readObject(request, body);
  const before = store.get(resource, storeKey(namespace, name));
  if (before === null) {
    if (resource.putMissing === 'refuse' || request.subresource !== '') throw notFound(resource, name);
    return { json: create(write, body), created: true };
  }
  if (object.metadata.resourceVersion === undefined && resource.putUnconditional === 'refuse') {
    throw invalid(resource, name, [
      {
        reason: 'FieldValueInvalid',
        field: 'metadata.resourceVersion',
        message: 'Invalid value: 0x0: must be specified for an update',
      },
    ]);
  }
  return { json: replace(write, before, object), created: false };
}

export function patch(write: Write, type: string, body: unknown): string {
  const { store, request } = write;
  const before = store.get(request.resource, storeKey(request.namespace, request.name));
  if (before === null) throw notFound(request.resource, request.name);
  return replace(write, before, readObject(request, applyPatch(type, before.object, body)));
}

/** The sub-resource changes the status alone, everything else all but the status. */
function replace({ store, request, manager }: Write, before: Stored, given: RawObject): string {
  const { resource, subresource, name } = request;
  const { resourceVersion, uid } = given.metadata;
  if (resourceVersion && resourceVersion !== before.object.metadata.resourceVersion) throw conflict(resource, name);
  if (uid && uid !== before.object.metadata.uid) {
    const had = before.object.metadata.uid;
    throw conflict(resource, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${had}`);
  }
  const { status } = subresource === 'status' ? given : before.object;
  const rest = subresource === 'status' ? before.object : given;
  const whole = resource.status === 'none' ? given : { ...rest, ...(status === undefined ? {} : { status }) };
  validate(resource, whole);
  const admitted = admitUpdate(resource, before.object, whole, manager);
  if (admitted === null) return before.json;
  const { deletionTimestamp, finalizers } = admitted.metadata;
  if (deletionTimestamp !== undefined && (finalizers ?? []).length === 0) {
    if (!isDryRun(request)) store.write(resource, before.key, null);
    return new Stored(resource, before.key, store.revision, admitted).json;
  }
  return commit(store, request, before.key, admitted);
}

/** Returns what is answered: a Status, or the object while finalizers keep it. `options` are DeleteOptions or nothing. */
export function remove({ store, request }: Write, options: unknown): string {
  const { resource, namespace, name } = request;
  const stored = store.get(resource, storeKey(namespace, name));
  if (stored === null) throw notFound(resource, name);
  const { metadata } = stored.object;
  for (const field of ['uid', 'resourceVersion'] as const) {
    const wanted = valueAt(options, `preconditions.${field}`);
    if (wanted !== undefined && wanted !== metadata[field]) {
      const label = field === 'uid' ? 'UID' : 'ResourceVersion';
      const why = `Precondition failed: ${label} in precondition: ${wanted}, ${label} in object meta: ${metadata[field]}`;
      throw conflict(resource, name, why);
    }
  }
  if ((metadata.finalizers ?? []).length > 0) {
    if (metadata.deletionTimestamp !== undefined) return stored.json;
    const dying: RawMeta = { ...metadata, deletionTimestamp: now(), deletionGracePeriodSeconds: 0 };
    return commit(store, request, stored.key, { ...stored.object, metadata: dying });
  }
  if (!isDryRun(request, options)) store.write(resource, stored.key, null);
  return JSON.stringify(success(resource, name, metadata.uid ?? ''));
}

function commit(store: Store, request: ApiRequest, key: string, object: RawObject): string {
  if (isDryRun(request)) return new Stored(request.resource, key, store.revision, object).json;
  return store.write(request.resource, key, object).after?.json ?? '';
}

function isDryRun({ query }: ApiRequest, options: unknown = null): boolean {
  const said = valueAt(options, 'dryRun');
  return query.get('dryRun') === 'All' || (Array.isArray(said) && said.includes('All'));
}

/** The object in a body, of the kind, namespace and name that the URL says. */
function readObject({ resource, namespace, name, verb }: ApiRequest, body: unknown): RawObject {
  const { kind = resource.kind, apiVersion = apiVersionOf(resource), metadata = {}, ...rest } = readRecord(body);
  if (kind !== resource.kind || apiVersion !== apiVersionOf(resource)) {
    throw badRequest(
      `the API version or kind in the data (${apiVersion}, ${kind}) does not match the expected (${apiVersionOf(resource)}, ${resource.kind})`,
    );
  }
  if (!isRecord(metadata)) throw badRequest('metadata is no object');
  const meta: RawMeta = { ...metadata };
  if (resource.scope === 'namespace') {
    meta.namespace ||= namespace;
    if (meta.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
  }
  if (verb !== 'create') {
    meta.name ||= name;
    if (meta.name !== name) {
      throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
    }
  }
  return { kind, apiVersion, metadata: meta, ...rest };
}
