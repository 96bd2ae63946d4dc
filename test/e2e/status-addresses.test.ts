// The status of Ingresses with real controllers on the API server double: where addresses come from, when they are written,
// and when they are taken away.
import { expect } from 'chai';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { valueAt } from '../support/kube/raw.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import { ingress, service } from '../support/objects.ts';
import { deployment, NAMESPACE, pod, Replicas } from '../support/replicas.ts';
import type { Sluice } from '../support/sluice.ts';

const PUBLISH = ['--publish-service=ingress-nginx/edge', '--status-update-interval=5', '--election-ttl=4s'];
const WRITES = { resource: 'ingresses/status' };

function edge(addresses: readonly object[], spec: object = {}): object {
  const object = service('edge', { type: 'LoadBalancer', ...spec }, NAMESPACE);
  return { ...object, status: { loadBalancer: addresses.length === 0 ? {} : { ingress: addresses } } };
}

function node(name: string, addresses: Readonly<Record<string, string>>): object {
  const list = Object.entries(addresses).map(([type, address]) => ({ type, address }));
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { addresses: list } };
}

describe('status: addresses', function () {
  this.timeout(60_000);
  let server: ApiServerDouble;
  let replicas: Replicas;

  beforeEach(async () => {
    server = await startApiServer();
    server.fill([...deployment(1), service('web'), ingress({ name: 'web', host: 'web.test' })]);
    replicas = new Replicas(server);
  });
  afterEach(async () => {
    await replicas.stop();
    await server.stop();
  });

  const statusOf = (name: string): unknown =>
    valueAt(server.get({ kind: 'Ingress', name }), 'status.loadBalancer.ingress');
  const becomes = (name: string, addresses: unknown): Promise<unknown> =>
    eventually(() => expect(statusOf(name)).to.deep.equal(addresses), 20_000);
  const says = (sluice: Sluice, text: string): Promise<unknown> =>
    eventually(async () => expect((await sluice.logs()).err).to.contain(text), 20_000);
  const writes = (): number => server.requests(WRITES).length;

  it('DEL-06: the addresses of --publish-service, sorted by host name and address, as soon as they change', async () => {
    server.put(
      edge([{ ip: '192.0.2.9' }, { hostname: 'lb.test' }, { ip: '192.0.2.10' }], { externalIPs: ['192.0.2.8'] }),
    );
    await replicas.start('one', PUBLISH);
    const first = [{ ip: '192.0.2.10' }, { ip: '192.0.2.8' }, { ip: '192.0.2.9' }, { hostname: 'lb.test' }];
    await becomes('web', first);
    server.put(edge([{ ip: '198.51.100.1' }]));
    await becomes('web', [{ ip: '198.51.100.1' }]);
    expect(writes()).to.equal(2);
  });

  it('a Service that loses its addresses, or goes, leaves the status as it is; a Problem says so until it has some', async () => {
    server.put(edge([{ ip: '192.0.2.1' }]));
    const one = await replicas.start('one', PUBLISH);
    await becomes('web', [{ ip: '192.0.2.1' }]);
    server.put(edge([]));
    await says(
      one,
      'warning address-unknown: Status ingresses: Service ingress-nginx/edge of --publish-service has no',
    );
    server.remove({ kind: 'Service', namespace: NAMESPACE, name: 'edge' });
    await says(one, '--publish-service cannot be read: 404');
    server.put(ingress({ name: 'later', host: 'later.test' }));
    await becomes('later', [{ ip: '192.0.2.1' }]); // the last that is known
    expect(statusOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]);
    server.put(edge([{ ip: '192.0.2.2' }]));
    await becomes('web', [{ ip: '192.0.2.2' }]);
    await says(one, 'solved: warning address-unknown');
  });

  it('writes what somebody else overwrote, and nothing of Ingresses of another class', async () => {
    server.put({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'other' },
      spec: { controller: 'example.test/other' },
    });
    server.put({ ...ingress({ name: 'theirs', host: 'theirs.test', className: 'other' }) });
    const one = await replicas.start('one', ['--publish-status-address=192.0.2.1, lb.test']);
    const ours = [{ ip: '192.0.2.1' }, { hostname: 'lb.test' }];
    await becomes('web', ours);
    const web = server.get({ kind: 'Ingress', name: 'web' });
    server.put({ ...web, status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } });
    await becomes('web', ours);
    // One that leaves us keeps what it says until its new owner writes it: two controllers must not fight over it.
    server.put(ingress({ name: 'web', host: 'web.test', className: 'other' }));
    await eventually(async () => expect((await ask({ port: one.http, host: 'web.test' })).status).to.equal(404));
    const before = writes();
    const left = server.get({ kind: 'Ingress', name: 'web' });
    server.put({ ...left, status: { loadBalancer: { ingress: [{ ip: '203.0.113.2' }] } } });
    server.put(ingress({ name: 'later', host: 'later.test' }));
    await becomes('later', ours);
    expect(statusOf('web')).to.deep.equal([{ ip: '203.0.113.2' }]);
    expect(statusOf('theirs')).to.equal(undefined);
    expect(writes() - before).to.equal(1);
  });

  it('keeps labels, annotations and what others write at the same time; a conflict is looked at again', async () => {
    server.put(edge([{ ip: '192.0.2.1' }]));
    await replicas.start('one', PUBLISH);
    await becomes('web', [{ ip: '192.0.2.1' }]);
    // The watch is deaf, so that the version that is known is not the newest one.
    server.disturbWatches('freeze', { resource: 'ingresses' });
    server.put(ingress({ name: 'web', host: 'web.test', annotations: { 'proxy-body-size': '1m' } }));
    server.put(edge([{ ip: '192.0.2.2' }]));
    await eventually(() => expect(writes()).to.be.above(1), 20_000);
    expect(statusOf('web'), 'refused: it is another object by now').to.deep.equal([{ ip: '192.0.2.1' }]);
    server.disturbWatches('reset', { resource: 'ingresses' });
    await becomes('web', [{ ip: '192.0.2.2' }]);
    const { metadata } = server.get({ kind: 'Ingress', name: 'web' }) ?? {};
    expect(metadata?.annotations).to.deep.equal({ 'nginx.ingress.kubernetes.io/proxy-body-size': '1m' });
  });

  it('node addresses: of the nodes with ready Pods of ours, of any version; internal ones where asked for, or alone', async () => {
    server.fill([
      node('node-1', { InternalIP: '10.0.0.1', ExternalIP: '192.0.2.1', Hostname: 'node-1' }),
      node('node-2', { InternalIP: '10.0.0.2' }),
      node('node-3', { ExternalIP: '192.0.2.3' }),
      pod('old', { node: 'node-2', hash: 'zero' }),
      pod('sick', { node: 'node-3', state: 'unready' }),
    ]);
    const flags = ['--status-update-interval=5', '--election-ttl=4s'];
    const one = await replicas.start('one', flags);
    await becomes('web', [{ ip: '10.0.0.2' }, { ip: '192.0.2.1' }]);
    await replicas.end(one);
    await replicas.start('one', [...flags, '--report-node-internal-ip-address']);
    await becomes('web', [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }]);
    server.remove({ kind: 'Pod', namespace: NAMESPACE, name: 'old' });
    await becomes('web', [{ ip: '10.0.0.1' }]);
  });

  it('the last replica that is removed on purpose empties the status', async () => {
    const one = await replicas.start('one', ['--publish-status-address=192.0.2.1,192.0.2.2']);
    await becomes('web', [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }]);
    server.fill(deployment(0));
    expect(await replicas.remove('one', one)).to.equal(0);
    expect(statusOf('web')).to.equal(undefined);
  });

  for (const [title, change, flags] of [
    ['its Deployment wants a successor (a rollout, an eviction)', () => undefined, []],
    ['another replica goes on', () => void server.fill([...deployment(0), pod('two')]), []],
    ['--update-status-on-shutdown=false', () => void server.fill(deployment(0)), ['--update-status-on-shutdown=false']],
  ] as const) {
    it(`a replica that is removed leaves the status as it is: ${title}`, async () => {
      const one = await replicas.start('one', ['--publish-status-address=192.0.2.1', ...flags]);
      await becomes('web', [{ ip: '192.0.2.1' }]);
      change();
      expect(await replicas.remove('one', one)).to.equal(0);
      expect(statusOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]);
      expect(writes()).to.equal(1);
    });
  }

  it('may not look whether it was removed on purpose: the status stays, and the log says what to grant', async () => {
    server.fault({ kind: 'forbidden' }, { resource: 'deployments' });
    const one = await replicas.start('one', ['--publish-status-address=192.0.2.1']);
    await becomes('web', [{ ip: '192.0.2.1' }]);
    server.fill(deployment(0));
    replicas.markDeleting('one');
    one.process.kill('SIGTERM');
    await says(one, 'the status of Ingresses stays as it is: GET /apis/apps/v1/namespaces/ingress-nginx/deployments');
    await says(one, '403');
    await says(one, 'grant get there');
    expect(statusOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]);
  });

  it('a container that is restarted leaves the status as it is, and leads again at once', async () => {
    const one = await replicas.start('one', ['--publish-status-address=192.0.2.1']);
    await becomes('web', [{ ip: '192.0.2.1' }]);
    server.fill(deployment(0)); // not looked at: the Pod itself stays
    await replicas.end(one);
    const again = await replicas.start('one', ['--publish-status-address=192.0.2.1']);
    await says(again, 'leads: holds Lease');
    expect(statusOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]);
    expect(writes()).to.equal(1);
  });

  it('may only update, as by the Roles of ingress-nginx: the whole object is read and updated', async () => {
    server.fault({ kind: 'forbidden' }, { ...WRITES, verb: 'patch' });
    server.put(ingress({ name: 'web', host: 'web.test', annotations: { 'proxy-body-size': '1m' } }));
    await replicas.start('one', ['--publish-status-address=192.0.2.1']);
    await becomes('web', [{ ip: '192.0.2.1' }]);
    const { metadata } = server.get({ kind: 'Ingress', name: 'web' }) ?? {};
    expect(metadata?.annotations).to.deep.equal({ 'nginx.ingress.kubernetes.io/proxy-body-size': '1m' });
  });

  it('may not write at all: a Problem says what to grant, and serving goes on', async () => {
    server.fault({ kind: 'forbidden' }, WRITES);
    const one = await replicas.start('one', ['--publish-status-address=192.0.2.1']);
    await says(one, 'error write-refused: ApiResource ingresses.networking.k8s.io/status: 403');
    await says(one, 'grant patch (or get of ingresses and update)');
    server.put(ingress({ name: 'later', host: 'later.test' }));
    await eventually(async () => expect((await ask({ port: one.http, host: 'later.test' })).status).to.equal(503));
    expect(writes(), 'it is not hammered').to.be.below(25);
  });

  it('the API server goes away in the middle: the rest is written when it is back', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `many-${index}`);
    server.fill(names.map((name) => ingress({ name, host: `${name}.test` })));
    const one = await replicas.start('one', ['--publish-status-address=192.0.2.1', '--election-ttl=4s']);
    await eventually(() => expect(writes()).to.be.above(10));
    await server.stop();
    await says(one, 'it is tried again (status)');
    await server.start();
    for (const name of names) await becomes(name, [{ ip: '192.0.2.1' }]);
  });
});
