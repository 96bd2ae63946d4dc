// Leader election with real controllers on the API server double: who leads, and how soon another does.
import { once } from 'node:events';
import { expect } from 'chai';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { valueAt } from '../support/kube/raw.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import { ingress, service } from '../support/objects.ts';
import { deployment, LEASE, NAMESPACE, Replicas } from '../support/replicas.ts';
import type { Sluice } from '../support/sluice.ts';

const TTL_SECONDS = 4;
const FLAGS = [`--election-ttl=${TTL_SECONDS}s`, '--publish-status-address=192.0.2.1'];

describe('status: election', function () {
  this.timeout(60_000);
  let server: ApiServerDouble;
  let replicas: Replicas;

  beforeEach(async () => {
    server = await startApiServer();
    server.fill([...deployment(2), service('web'), ingress({ name: 'web', host: 'web.test' })]);
    replicas = new Replicas(server);
  });
  afterEach(async () => {
    await replicas.stop();
    await server.stop();
  });

  const holder = (): unknown => valueAt(server.get(LEASE), 'spec.holderIdentity');
  const leads = (name: string): Promise<unknown> =>
    eventually(() => expect(holder()).to.equal(name), (TTL_SECONDS + 10) * 1000);
  const addressOf = (name: string): unknown =>
    valueAt(server.get({ kind: 'Ingress', name }), 'status.loadBalancer.ingress');
  const says = (sluice: Sluice, text: string): Promise<unknown> =>
    eventually(async () => expect((await sluice.logs()).err).to.contain(text));
  const metricsOf = async (sluice: Sluice): Promise<string> =>
    (await ask({ port: sluice.health, path: '/metrics' })).body;

  it('the first one leads, as the Lease, the log and the metric say; the other waits and never writes', async () => {
    const one = await replicas.start('one', FLAGS);
    await leads('one');
    expect(valueAt(server.get(LEASE), 'spec.leaseDurationSeconds')).to.equal(TTL_SECONDS);
    const two = await replicas.start('two', FLAGS);
    await says(two, 'one leads: it holds Lease ingress-nginx/ingress-controller-leader');
    const series = 'nginx_ingress_controller_leader_election_status{name="ingress-controller-leader"';
    expect(await metricsOf(one)).to.match(new RegExp(`${series}[^}]*controller_pod="one"\\} 1`));
    expect(await metricsOf(two), 'one that never led has no series').to.not.contain(series);
    await eventually(() => expect(addressOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]));
    server.put(ingress({ name: 'later', host: 'later.test' }));
    await eventually(() => expect(addressOf('later')).to.deep.equal([{ ip: '192.0.2.1' }]));
    expect((await two.logs()).err).to.not.contain('wrote the status');
    // One request an Ingress, and none for what says it already.
    expect(server.requests({ resource: 'ingresses/status' })).to.have.length(2);
  });

  it('killed: the other one leads within the TTL, and the status is never empty', async () => {
    const one = await replicas.start('one', FLAGS);
    await leads('one');
    const two = await replicas.start('two', FLAGS);
    await says(two, 'one leads');
    await eventually(() => expect(addressOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]));
    const killed = Date.now();
    one.process.kill('SIGKILL');
    await once(one.process, 'exit');
    await leads('two');
    // The last renewal was a while before, and a look at the Lease takes a moment.
    expect((Date.now() - killed) / 1000).to.be.below(TTL_SECONDS + 1);
    expect(valueAt(server.get(LEASE), 'spec.leaseTransitions')).to.equal(1);
    expect(addressOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]);
    server.put(ingress({ name: 'later', host: 'later.test' }));
    await eventually(() => expect(addressOf('later')).to.deep.equal([{ ip: '192.0.2.1' }]));
  });

  it('asked to end: it gives the Lease away, the other one leads at once, and the status stays', async () => {
    const flags = ['--election-ttl=60s', '--publish-status-address=192.0.2.1'];
    const one = await replicas.start('one', flags);
    await leads('one');
    const two = await replicas.start('two', flags);
    await says(two, 'one leads');
    await eventually(() => expect(addressOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]));
    const writes = server.requests({ resource: 'ingresses/status' }).length;
    const asked = Date.now();
    expect(await replicas.remove('one', one)).to.equal(0);
    await leads('two');
    expect(Date.now() - asked).to.be.below(10_000);
    await says(two, 'leads: holds Lease');
    expect(addressOf('web')).to.deep.equal([{ ip: '192.0.2.1' }]);
    expect(server.requests({ resource: 'ingresses/status' })).to.have.length(writes);
  });

  it('a Lease of a clock that is an hour ahead, or behind, is waited for as long as any other', async () => {
    for (const [name, renewTime] of [
      ['ahead', new Date(Date.now() + 3_600_000)],
      ['behind', new Date(Date.now() - 3_600_000)],
    ] as const) {
      server.put({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace: NAMESPACE, name },
        spec: {
          holderIdentity: 'somebody',
          leaseDurationSeconds: 2,
          renewTime: renewTime.toISOString().replace('Z', '000Z'),
        },
      });
      const started = Date.now();
      const one = await replicas.start(`of-${name}`, [...FLAGS, `--election-id=${name}`]);
      await says(one, 'somebody leads');
      await eventually(() =>
        expect(valueAt(server.get({ ...LEASE, name }), 'spec.holderIdentity')).to.equal(`of-${name}`),
      );
      expect(Date.now() - started).to.be.above(2000);
      await replicas.end(one);
    }
  });

  it('cut off from the API server: it stops to lead before its Lease ends, serves on, and takes part again', async () => {
    const one = await replicas.start('one', FLAGS);
    await leads('one');
    await server.stop();
    await says(one, 'leads no longer: Lease ingress-nginx/ingress-controller-leader: it could not be renewed in time');
    expect(await metricsOf(one)).to.match(/leader_election_status\{[^}]*\} 0/);
    expect((await ask({ port: one.health, path: '/readyz' })).status).to.equal(200);
    await server.start();
    await eventually(async () => expect(await metricsOf(one)).to.match(/leader_election_status\{[^}]*\} 1/), 20_000);
  });

  it('somebody else takes the Lease: it stops to lead at the next renewal', async () => {
    const one = await replicas.start('one', FLAGS);
    await leads('one');
    const lease = server.get(LEASE);
    server.put({ ...lease, spec: { ...(lease?.['spec'] as object), holderIdentity: 'thief' } });
    await says(one, 'leads no longer: Lease ingress-nginx/ingress-controller-leader: thief holds it');
    await leads('one'); // the thief never renews
  });

  it('may not touch Leases: a Problem says what to grant, serving goes on, and the permission mends it', async () => {
    server.fault({ kind: 'forbidden' }, { resource: 'leases' });
    const one = await replicas.start('one', FLAGS);
    await says(one, 'error write-refused: ApiResource leases.coordination.k8s.io: 403');
    await says(one, 'grant get, create, update, list and watch');
    expect((await ask({ port: one.http, host: 'web.test' })).status).to.equal(503); // no endpoints, but served
    server.clearFaults();
    await leads('one');
    await says(one, 'solved: error write-refused');
  });

  it('--disable-leader-election: nobody leads, and nobody writes the status', async () => {
    const one = await replicas.start('one', [...FLAGS, '--disable-leader-election']);
    await says(one, '--disable-leader-election: nobody writes the status');
    server.put(ingress({ name: 'bad', host: 'bad.test', annotations: { 'proxy-body-size': 'much' } }));
    await eventually(() => expect(server.list('Event')).to.not.be.empty); // told by every replica
    expect(server.get(LEASE)).to.equal(null);
    expect(server.requests({ resource: 'ingresses/status' })).to.be.empty;
  });
});
