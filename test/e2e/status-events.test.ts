// Events with real controllers on the API server double: what is told, once, by one replica, and slowly.
import { expect } from 'chai';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { valueAt } from '../support/kube/raw.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import { ingress, service } from '../support/objects.ts';
import { deployment, Replicas } from '../support/replicas.ts';
import type { Sluice } from '../support/sluice.ts';

const FLAGS = ['--update-status=false', '--election-ttl=4s'];
const BAD = { annotations: { 'proxy-body-size': 'much' } };

describe('status: Events', function () {
  this.timeout(60_000);
  let server: ApiServerDouble;
  let replicas: Replicas;

  beforeEach(async () => {
    server = await startApiServer();
    server.fill([...deployment(2), service('web', { type: 'ExternalName', externalName: '192.0.2.7' })]);
    replicas = new Replicas(server);
  });
  afterEach(async () => {
    await replicas.stop();
    await server.stop();
  });

  const events = (kind: string, name: string): string[] =>
    server
      .list('Event')
      .filter(
        (event) => valueAt(event, 'involvedObject.kind') === kind && valueAt(event, 'involvedObject.name') === name,
      )
      .map((event) => `${event['type']} ${event['reason']} x${event['count']}: ${event['message']}`)
      .sort();
  const told = (name: string, pattern: RegExp): Promise<unknown> =>
    eventually(() => expect(events('Ingress', name).join('\n')).to.match(pattern), 20_000);
  const says = (sluice: Sluice, text: string): Promise<unknown> =>
    eventually(async () => expect((await sluice.logs()).err).to.contain(text), 20_000);
  const posts = (): number => server.requests({ resource: 'events', verb: 'create' }).length;

  it('a Problem is one Event of its object, a change of it another one, and its end is told', async () => {
    server.put(ingress({ name: 'bad', host: 'bad.test', ...BAD }));
    await replicas.start('one', FLAGS);
    await told('bad', /^Warning AnnotationParsingFailed x1: .*proxy-body-size/);
    const [event] = server.list('Event').filter((one) => valueAt(one, 'involvedObject.name') === 'bad');
    expect(event).to.deep.include({
      source: { component: 'nginx-ingress-controller' },
      reportingInstance: 'one',
      involvedObject: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        namespace: 'default',
        name: 'bad',
        uid: server.get({ kind: 'Ingress', name: 'bad' })?.metadata.uid,
      },
    });
    server.put(ingress({ name: 'bad', host: 'bad.test', annotations: { 'proxy-body-size': 'more' } }));
    await told('bad', /"more"/);
    server.put(ingress({ name: 'bad', host: 'bad.test' }));
    await told('bad', /Normal Solved x1: solved: AnnotationParsingFailed: .*"more"/);
  });

  it('the leader alone tells of Problems, and neither the next leader nor a restart says them again', async () => {
    server.put(ingress({ name: 'bad', host: 'bad.test', ...BAD }));
    const one = await replicas.start('one', FLAGS);
    await told('bad', /x1/);
    const two = await replicas.start('two', FLAGS);
    await says(two, 'one leads');
    const before = posts();
    await replicas.remove('one', one);
    await says(two, 'leads: holds Lease');
    server.put(ingress({ name: 'worse', host: 'worse.test', ...BAD }));
    await told('worse', /Warning AnnotationParsingFailed x1/);
    expect(events('Ingress', 'bad')).to.have.length(1);
    expect(events('Ingress', 'bad')[0]).to.contain(' x1: ');
    expect(posts()).to.be.above(before);
  });

  it('the first sync of an Ingress is told, but not of those that were there before', async () => {
    server.put(ingress({ name: 'old', host: 'old.test' }));
    const one = await replicas.start('one', FLAGS);
    await says(one, 'leads: holds Lease');
    server.put(ingress({ name: 'new', host: 'new.test' }));
    await told('new', /^Normal Sync x1: Scheduled for sync$/);
    server.put(ingress({ name: 'new', host: 'newer.test' }));
    server.put(ingress({ name: 'last', host: 'last.test' }));
    await told('last', /Sync/);
    expect(events('Ingress', 'new')).to.deep.equal(['Normal Sync x1: Scheduled for sync']);
    expect(events('Ingress', 'old')).to.deep.equal([]);
  });

  it('each replica tells of its reloads, of its own Pod; --disable-sync-events leaves these alone', async () => {
    server.put(ingress({ name: 'bad', host: 'bad.test', ...BAD }));
    await replicas.start('one', [...FLAGS, '--disable-sync-events']);
    await replicas.start('two', [...FLAGS, '--disable-sync-events']);
    server.put(ingress({ name: 'buffered', host: 'b.test', annotations: { 'proxy-buffering': 'on' } }));
    for (const name of ['one', 'two']) {
      await eventually(() => expect(events('Pod', name)).to.have.length(1), 20_000);
      expect(events('Pod', name)[0]).to.equal(
        'Normal RELOAD x1: NGINX reload triggered due to a change in configuration',
      );
    }
    expect(events('Ingress', 'buffered').concat(events('Ingress', 'bad'))).to.deep.equal([]);
  });

  it('thousands of Problems do not flood the API server, and nothing waits for their Events', async () => {
    server.fill(
      Array.from({ length: 3000 }, (_, index) => ingress({ name: `bad-${index}`, host: `h-${index}.test`, ...BAD })),
    );
    const one = await replicas.start('one', FLAGS);
    await says(one, 'leads: holds Lease');
    await eventually(() => expect(posts()).to.be.above(30), 20_000);
    const seen = server.requests({ resource: 'events' }).map(({ at }) => at);
    const [first = 0, last = 0] = [seen.at(0), seen.at(-1)];
    // A burst of 25, then 5 a second.
    expect(seen.length).to.be.below(25 + (5 * (last - first)) / 1000 + 2);
    const redirect = { 'permanent-redirect': 'https://elsewhere.test' };
    const from = Date.now();
    server.put(ingress({ name: 'quick', host: 'quick.test', annotations: redirect }));
    await eventually(async () => expect((await ask({ port: one.http, host: 'quick.test' })).status).to.equal(301));
    expect(Date.now() - from).to.be.below(3000);
    expect((await one.logs()).err).to.not.contain('a duty for the cluster failed');
  });

  it('may not send Events: a Problem says what to grant, and serving goes on', async () => {
    server.fault({ kind: 'forbidden' }, { resource: 'events' });
    server.put(ingress({ name: 'bad', host: 'bad.test', ...BAD }));
    const one = await replicas.start('one', FLAGS);
    await says(one, 'error write-refused: ApiResource events: 403');
    await says(one, 'grant create and patch');
    expect((await ask({ port: one.health, path: '/readyz' })).status).to.equal(200);
    expect(posts()).to.be.below(5);
  });

  it('the API server fails for a moment: the Event is sent when it is well again', async () => {
    server.put(ingress({ name: 'bad', host: 'bad.test', ...BAD }));
    server.fault({ kind: 'server-error', code: 503 }, { resource: 'events', times: 2 });
    await replicas.start('one', FLAGS);
    await told('bad', /x1/);
    expect(posts()).to.be.above(2);
  });

  it('outside of a Pod nothing is written', async () => {
    server.put(ingress({ name: 'bad', host: 'bad.test', ...BAD }));
    const one = await replicas.start('one', FLAGS, { environment: { POD_NAME: '', POD_NAMESPACE: '' } });
    await says(one, 'no leader is elected, no status written, no Event sent');
    await says(one, 'ready: every nginx worker has the whole state');
    expect(server.requests().filter(({ verb }) => !['list', 'watch'].includes(verb))).to.deep.equal([]);
  });
});
