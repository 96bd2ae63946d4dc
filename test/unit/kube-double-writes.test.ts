// The API server double: what may be written and how, over plain HTTP.
import { expect } from 'chai';
import type { RawObject } from '../support/kube/raw.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import type { Status } from '../support/kube/status.ts';
import { configMap, ingress, service } from '../support/objects.ts';

const INGRESSES = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const MERGE = 'application/merge-patch+json';

interface Written {
  readonly code: number;
  readonly object: RawObject;
  readonly status: Status;
}

describe('API server double, writes', () => {
  let server: ApiServerDouble;

  beforeEach(async () => {
    server = await startApiServer();
  });

  afterEach(() => server.stop());

  async function write(method: string, path: string, body: object | null = null, type = ''): Promise<Written> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { 'Content-Type': type === '' ? 'application/json' : type },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    return { code: response.status, object: answer as RawObject, status: answer as Status };
  }

  const web = (): object => ingress({ name: 'web', host: 'a.test' });
  const lease = (spec: object, meta: object = {}): object => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'leader', ...meta },
    spec,
  });

  it('creates with uid, time, generation and managed fields, and once', async () => {
    const { code, object } = await write('POST', INGRESSES, { ...web(), status: { loadBalancer: { ingress: [{}] } } });
    expect(code).to.equal(201);
    expect(object.metadata.uid).to.match(/^[0-9a-f-]{36}$/);
    expect(object.metadata.creationTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(object.metadata).to.include({ generation: 1, namespace: 'default' });
    expect(object.metadata.managedFields).to.have.length(1);
    expect(object['status'], 'a status is not created').to.deep.equal({ loadBalancer: {} });
    const again = await write('POST', INGRESSES, web());
    expect(again.status).to.include({ code: 409, reason: 'AlreadyExists' });
    expect(again.status.message).to.equal('ingresses.networking.k8s.io "web" already exists');
  });

  it('makes names from generateName', async () => {
    const { object } = await write('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { generateName: 'x-' },
    });
    expect(object.metadata.name).to.match(/^x-.{5}$/);
  });

  it('updates what was read last, counts the generation of the spec, and writes nothing when nothing changes', async () => {
    const { object } = await write('POST', INGRESSES, web());
    const labelled = { ...object, metadata: { ...object.metadata, labels: { a: 'b' } } };
    const first = await write('PUT', `${INGRESSES}/web`, labelled);
    expect(first.code).to.equal(200);
    expect(first.object.metadata.generation).to.equal(1);
    const stale = await write('PUT', `${INGRESSES}/web`, labelled);
    expect(stale.status).to.include({ code: 409, reason: 'Conflict' });
    expect(stale.status.message).to.contain('the object has been modified; please apply your changes');
    const changed = await write('PUT', `${INGRESSES}/web`, ingress({ name: 'web', host: 'b.test' }));
    expect(changed.object.metadata).to.include({ generation: 2, uid: object.metadata.uid });
    const before = server.revision;
    await write('PUT', `${INGRESSES}/web`, changed.object);
    expect(server.revision).to.equal(before);
  });

  it('keeps status and the rest apart', async () => {
    const { object } = await write('POST', INGRESSES, web());
    const status = { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } };
    const said = await write('PUT', `${INGRESSES}/web/status`, { ...object, spec: { rules: [] }, status });
    expect(said.code).to.equal(200);
    expect(said.object).to.deep.include({ spec: object['spec'], status });
    expect(said.object.metadata.generation).to.equal(1);
    const main = await write('PATCH', `${INGRESSES}/web`, { status: null, metadata: { labels: { a: 'b' } } }, MERGE);
    expect(main.object).to.deep.include({ status });
    const patched = await write('PATCH', `${INGRESSES}/web/status`, { status: { loadBalancer: null } }, MERGE);
    expect(patched.object).to.deep.include({ status: {} });
    const bad = { status: { loadBalancer: { ingress: [{ hostname: '10.0.0.1' }, { ip: 'host.test' }] } } };
    const refused = await write('PATCH', `${INGRESSES}/web/status`, bad, MERGE);
    expect(refused.status).to.include({ code: 422, reason: 'Invalid' });
    expect(refused.status.details?.causes).to.have.length(2);
  });

  it('patches as RFC 7386 and RFC 6902 say', async () => {
    const path = '/api/v1/namespaces/default/configmaps/settings';
    server.put(configMap('settings', { a: '1', b: '2' }));
    const merged = await write('PATCH', path, { data: { a: null, c: '3' } }, MERGE);
    expect(merged.object).to.deep.include({ data: { b: '2', c: '3' } });
    const operations = [
      { op: 'test', path: '/data/b', value: '2' },
      { op: 'move', from: '/data/b', path: '/data/d~1e' },
      { op: 'add', path: '/metadata/labels', value: { x: 'y' } },
      { op: 'replace', path: '/data/c', value: '4' },
      { op: 'copy', from: '/data/c', path: '/data/f' },
      { op: 'remove', path: '/data/c' },
    ];
    const patched = await write('PATCH', path, operations, 'application/json-patch+json');
    expect(patched.object).to.deep.include({ data: { 'd/e': '2', f: '4' } });
    expect(patched.object.metadata.labels).to.deep.equal({ x: 'y' });
    const failed = await write('PATCH', path, operations, 'application/json-patch+json');
    expect(failed.status).to.include({ code: 422, reason: 'Invalid' });
    const stale = { metadata: { resourceVersion: merged.object.metadata.resourceVersion }, data: null };
    expect((await write('PATCH', path, stale, MERGE)).status).to.include({ code: 409 });
    expect((await write('PATCH', path, {}, 'application/apply-patch+yaml')).status).to.include({ code: 415 });
    expect((await write('PATCH', `${path}x`, {}, MERGE)).status).to.include({ code: 404, reason: 'NotFound' });
  });

  it('takes Leases by PUT, with a resource version and times in microseconds only', async () => {
    const spec = { holderIdentity: 'one', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' };
    const made = await write('PUT', `${LEASES}/leader`, lease(spec));
    expect(made.code).to.equal(201);
    expect((await write('PUT', `${LEASES}/leader`, lease(spec))).status).to.include({ code: 422 });
    const { resourceVersion } = made.object.metadata;
    const taken = await write(
      'PUT',
      `${LEASES}/leader`,
      lease({ ...spec, holderIdentity: 'two' }, { resourceVersion }),
    );
    expect(taken.code).to.equal(200);
    const late = await write('PUT', `${LEASES}/leader`, lease({ ...spec, holderIdentity: 'one' }, { resourceVersion }));
    expect(late.status).to.include({ code: 409, reason: 'Conflict' });
    const coarse = { spec: { renewTime: '2026-01-01T00:00:00.000Z' } };
    expect((await write('PATCH', `${LEASES}/leader`, coarse, MERGE)).status).to.include({ code: 400 });
  });

  it('takes Events in the namespace of what they are about', async () => {
    const event = (namespace: string): object => ({
      metadata: { name: 'web.1' },
      involvedObject: { kind: 'Ingress', namespace, name: 'web' },
      reason: 'Sync',
      type: 'Normal',
    });
    const path = '/api/v1/namespaces/default/events';
    expect((await write('POST', path, event('other'))).status).to.include({ code: 422 });
    expect((await write('POST', path, event('default'))).code).to.equal(201);
    expect((await write('PATCH', `${path}/web.1`, { count: 2 }, MERGE)).object).to.include({ count: 2 });
    const found = await write('GET', `${path}?fieldSelector=involvedObject.name%3Dweb,type%3DNormal`);
    expect(found.object['items']).to.have.length(1);
  });

  it('deletes, when the preconditions hold', async () => {
    server.put(service('a'));
    const path = '/api/v1/namespaces/default/services/a';
    const refused = await write('DELETE', path, { preconditions: { uid: 'another' } });
    expect(refused.status).to.include({ code: 409, reason: 'Conflict' });
    expect((await write('DELETE', path)).status).to.include({ kind: 'Status', status: 'Success' });
    expect((await write('DELETE', path)).status).to.include({ code: 404, reason: 'NotFound' });
    expect(server.count('Service')).to.equal(0);
  });

  it('deletes an object with finalizers when the last of them is gone', async () => {
    server.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', finalizers: ['x/y'] } });
    const path = '/api/v1/namespaces/default/configmaps/a';
    expect((await write('DELETE', path)).object.metadata.deletionTimestamp).to.be.a('string');
    expect(server.count('ConfigMap')).to.equal(1);
    await write('PATCH', path, { metadata: { finalizers: null } }, MERGE);
    expect(server.count('ConfigMap')).to.equal(0);
  });

  it('deletes collections by selector', async () => {
    server.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { x: 'y' } } });
    server.put(configMap('b', {}));
    await write('DELETE', '/api/v1/namespaces/default/configmaps?labelSelector=x');
    expect(server.list('ConfigMap').map(({ metadata }) => metadata.name)).to.deep.equal(['b']);
  });

  it('only pretends with dryRun=All', async () => {
    expect((await write('POST', `${INGRESSES}?dryRun=All`, web())).code).to.equal(201);
    expect(server.count('Ingress')).to.equal(0);
  });

  it('refuses what is not valid, with the fields', async () => {
    const bad = ingress({ name: 'Web_', paths: [{ path: 'x', pathType: 'Prefix' }] });
    const { status } = await write('POST', INGRESSES, bad);
    expect(status).to.include({ code: 422, reason: 'Invalid' });
    expect(status.details?.causes?.map(({ field }) => field)).to.deep.equal([
      'metadata.name',
      'spec.rules[0].http.paths[0].path',
    ]);
    expect((await write('POST', INGRESSES, { metadata: { name: 'x' }, spec: {} })).status).to.include({ code: 422 });
    expect((await write('POST', INGRESSES, service('x'))).status).to.include({ code: 400, reason: 'BadRequest' });
    expect((await write('POST', INGRESSES, { metadata: { name: 'x', namespace: 'y' } })).status.code).to.equal(400);
    expect((await write('PUT', `${INGRESSES}/x`, web())).status.code).to.equal(400);
    expect((await write('POST', '/api/v1/services', service('x'))).status).to.include({ code: 405 });
    expect((await write('POST', '/api/v1/namespaces/default/services/x/status', {})).status.code).to.equal(405);
    expect((await write('GET', '/api/v1/namespaces/default/nothings')).status).to.include({ code: 404 });
  });

  it('answers whether an access is allowed, in agreement with its faults', async () => {
    server.fault({ kind: 'forbidden' }, { resource: 'ingresses/status', verb: 'patch' });
    const allowed = async (subresource: string): Promise<unknown> => {
      const attributes = { group: 'networking.k8s.io', resource: 'ingresses', subresource, verb: 'patch' };
      const review = { spec: { resourceAttributes: attributes } };
      return (await write('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review)).object['status'];
    };
    expect(await allowed('')).to.deep.equal({ allowed: true });
    expect(await allowed('status')).to.deep.equal({ allowed: false });
  });

  it('put keeps identity and the status that it does not say', async () => {
    const { metadata } = server.put({ ...web(), status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } });
    const again = server.put(ingress({ name: 'web', host: 'b.test' }));
    expect(again.metadata).to.include({ uid: metadata.uid, generation: 2 });
    expect(again['status']).to.deep.equal({ loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } });
    expect(server.remove({ kind: 'Ingress', name: 'web' })).to.equal(true);
    expect(server.remove({ kind: 'Ingress', name: 'web' })).to.equal(false);
    expect(server.get({ kind: 'Ingress', name: 'web' })).to.equal(null);
  });

  it('compresses long answers for who accepts it', async () => {
    server.put(configMap('a', { key: 'x'.repeat(200_000) }));
    const response = await fetch(`${server.url}/api/v1/configmaps`);
    expect(response.headers.get('content-encoding')).to.equal('gzip');
    expect(((await response.json()) as { items: unknown[] }).items).to.have.length(1);
  });
});
