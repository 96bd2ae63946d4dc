// A reflector against an API server double: what a client of the real one must live with.
import { expect } from 'chai';
import { normalise } from '../../controller/kube/normalise.ts';
import { RESOURCES } from '../../controller/kube/resources.ts';
import type { Pace } from '../../controller/watch/reflector.ts';
import { eventually } from '../support/eventually.ts';
import { type Following, follow } from '../support/follow.ts';
import { type ApiServerDouble, type ApiServerOptions, startApiServer } from '../support/kube/server.ts';
import { ingress, service } from '../support/objects.ts';

const SERVICES = { resource: 'services' } as const;
const LISTS = { ...SERVICES, verb: 'list' } as const;
const WATCHES = { ...SERVICES, verb: 'watch' } as const;

describe('reflector', () => {
  let server: ApiServerDouble;
  let following: Following | null = null;

  async function begin(names: readonly string[], options: ApiServerOptions = {}): Promise<void> {
    server = await startApiServer(options);
    for (const name of names) server.put(service(name));
  }

  /** Starts, and waits until the first watch is open. */
  async function started(pace: Partial<Pace> = {}): Promise<Following> {
    following = await follow(server, pace);
    await eventually(() => expect(server.watches(WATCHES)).to.equal(1));
    return following;
  }

  async function holds(...names: string[]): Promise<void> {
    await eventually(() => expect([...(following?.objects.keys() ?? [])].sort()).to.deep.equal(names));
  }

  /** Lists that read all; a look at the version alone asks for one object. */
  function lists(): number {
    return server.requests(LISTS).filter(({ query }) => query.get('limit') !== '1').length;
  }

  afterEach(async () => {
    await following?.stop();
    following = null;
    await server.stop();
  });

  it('lists in pages, then watches from the version of the list', async () => {
    await begin(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    const { told } = await started();
    await holds('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(told).to.deep.equal(['replace 7']);
    expect(lists()).to.equal(3);
    const [watch] = server.requests(WATCHES);
    expect(watch?.query.get('allowWatchBookmarks')).to.equal('true');
    expect(watch?.query.get('resourceVersion')).to.equal(String(server.revision));
    expect(Number(watch?.query.get('timeoutSeconds'))).to.be.within(300, 600);
    server.put(service('h'));
    server.remove({ kind: 'Service', namespace: 'default', name: 'a' });
    await holds('b', 'c', 'd', 'e', 'f', 'g', 'h');
    expect(told).to.deep.equal(['replace 7', 'put h', 'remove a']);
  });

  it('brings listed and watched objects in one shape, without managedFields', async () => {
    server = await startApiServer();
    const of = (name: string): object => ingress({ name, host: 'a.test' });
    server.put(of('a'));
    following = await follow(server, {}, RESOURCES.Ingress);
    await eventually(() => expect(server.watches()).to.equal(1));
    server.put(of('b'));
    await holds('a', 'b');
    const [listed, watched] = ['a', 'b'].map((name) => following?.objects.get(name));
    expect(listed).to.include({ kind: 'Ingress', apiVersion: 'networking.k8s.io/v1' });
    expect(Object.keys(listed ?? {}).sort()).to.deep.equal(Object.keys(watched ?? {}).sort());
    expect(server.get({ kind: 'Ingress', namespace: 'default', name: 'a' })?.metadata).to.have.property(
      'managedFields',
    );
    for (const object of [listed, watched]) {
      expect(object?.metadata).to.not.have.property('managedFields');
      expect(normalise(object, '').kind).to.equal('object');
    }
  });

  it('starts the list over, and whole, when its pages expire half way', async () => {
    await begin(['a', 'b', 'c', 'd', 'e']);
    server.fault({ kind: 'held' }, { ...LISTS, times: 1 });
    following = await follow(server);
    await eventually(() => expect(lists()).to.equal(1));
    server.clearFaults();
    server.fault({ kind: 'gone' }, { ...LISTS, times: 1 });
    await holds('a', 'b', 'c', 'd', 'e');
    const limits = server.requests(LISTS).map(({ query }) => query.get('limit'));
    expect(limits).to.deep.equal(['3', '3', null]);
    expect(following.told).to.deep.equal(['replace 5']);
  });

  it('resumes after a normal close at the version of the last bookmark, without a pause and without a list', async () => {
    await begin(['a']);
    // A pause would outlast the test.
    const { told } = await started({ backOff: { firstMs: 600_000, mostMs: 600_000 } });
    server.put(ingress({ name: 'elsewhere', host: 'a.test' })); // moves the version on
    server.bookmark(WATCHES);
    server.put(service('b'));
    await holds('a', 'b');
    server.bookmark(WATCHES);
    for (const round of [2, 3, 4]) {
      server.bookmark(WATCHES);
      server.disturbWatches('end', WATCHES);
      await eventually(() => expect(server.requests(WATCHES)).to.have.length(round));
      await eventually(() => expect(server.watches(WATCHES)).to.equal(1));
    }
    expect(server.requests(WATCHES).at(-1)?.query.get('resourceVersion')).to.equal(String(server.revision));
    expect(lists()).to.equal(1);
    expect(told).to.deep.equal(['replace 1', 'put b']);
  });

  it('pauses when watches are closed at once again and again', async () => {
    await begin(['a']);
    await started({ settledMs: 600_000, backOff: { firstMs: 200, mostMs: 10_000 } });
    server.disturbWatches('end', WATCHES); // once is free
    await eventually(() => expect(server.requests(WATCHES)).to.have.length(2));
    await eventually(() => expect(server.watches(WATCHES)).to.equal(1));
    const since = performance.now();
    server.disturbWatches('end', WATCHES);
    await eventually(() => expect(server.requests(WATCHES)).to.have.length(3));
    expect(performance.now() - since).to.be.at.least(190); // half of the second pause, at least
    expect(lists()).to.equal(1);
  });

  it('resumes a watch that was cut, and misses nothing', async () => {
    await begin(['a']);
    const { told } = await started();
    server.put(service('b'));
    await holds('a', 'b');
    server.disturbWatches('reset', WATCHES);
    server.put(service('c'));
    server.remove({ kind: 'Service', namespace: 'default', name: 'a' });
    await holds('b', 'c');
    expect(lists()).to.equal(1);
    expect(told).to.deep.equal(['replace 1', 'put b', 'put c', 'remove a']);
  });

  for (const expiredWatch of ['event', 'status'] as const) {
    it(`lists again when its version is forgotten, said by ${expiredWatch}, and drops what is gone`, async () => {
      await begin(['a', 'b'], { expiredWatch });
      const { told } = await started();
      const release = server.fault({ kind: 'held' }, WATCHES);
      server.disturbWatches('end', WATCHES);
      await eventually(() => expect(server.requests(WATCHES)).to.have.length(2));
      server.remove({ kind: 'Service', namespace: 'default', name: 'a' });
      server.put(service('c'));
      server.compact();
      release();
      await holds('b', 'c');
      expect(lists()).to.equal(2);
      expect(told).to.deep.equal(['replace 2', 'replace 2']);
      await eventually(() => expect(server.watches(WATCHES)).to.equal(1));
      server.put(service('d'));
      await holds('b', 'c', 'd');
    });
  }

  it('lists again when an open watch loses its place', async () => {
    await begin(['a']);
    await started();
    server.disturbWatches('expire', WATCHES);
    await eventually(() => expect(lists()).to.equal(2));
    await eventually(() => expect(server.watches(WATCHES)).to.equal(1));
    server.put(service('b'));
    await holds('a', 'b');
  });

  it('gives up a connection that fell silent, and resumes', async () => {
    await begin(['a']);
    const { told } = await started({ idleMs: 300 });
    server.put(service('b'));
    await holds('a', 'b');
    server.disturbWatches('freeze', WATCHES);
    server.put(service('c')); // lost on the frozen connection
    await holds('a', 'b', 'c');
    expect(told.slice(0, 3)).to.deep.equal(['replace 1', 'put b', 'put c']);
  });

  it('gives up a list that falls silent', async () => {
    await begin(['a']);
    server.fault({ kind: 'silent' }, { ...LISTS, times: 1 });
    await started({ idleMs: 300 });
    await holds('a');
    await eventually(() => expect(following?.told).to.deep.equal(['trouble idle', 'replace 1', 'well']));
  });

  for (const [how, what] of [
    ['truncate', 'half an event'],
    ['garble', 'a line that is no JSON'],
  ] as const) {
    it(`resumes after ${what}`, async () => {
      await begin(['a']);
      const { told } = await started();
      server.put(service('b'));
      await holds('a', 'b');
      server.disturbWatches(how, WATCHES);
      server.put(service('c'));
      await holds('a', 'b', 'c');
      expect(lists()).to.equal(1);
      expect(told).to.deep.equal(['replace 1', 'put b', 'put c']);
    });
  }

  it('starts over when watches break again and again', async () => {
    await begin(['a']);
    server.fault({ kind: 'malformed' }, { ...WATCHES, times: 2 });
    await started();
    await eventually(() => expect(lists()).to.equal(2));
    server.put(service('b'));
    await holds('a', 'b');
  });

  for (const kind of ['truncated', 'malformed', 'reset'] as const) {
    it(`asks again for a list that is ${kind}`, async () => {
      await begin(['a', 'b', 'c', 'd']);
      server.fault({ kind }, { ...LISTS, times: 2 });
      await started();
      await holds('a', 'b', 'c', 'd');
      expect(following?.told.filter((line) => line.startsWith('replace'))).to.deep.equal(['replace 4']);
      await eventually(() => expect(following?.told.at(-1)).to.equal('well'));
    });
  }

  for (const [fault, code] of [
    [{ kind: 'forbidden' }, 'http-403'],
    [{ kind: 'unauthorized' }, 'http-401'],
    [{ kind: 'server-error', code: 503 }, 'http-503'],
    [{ kind: 'server-error', code: 500 }, 'http-500'],
  ] as const) {
    it(`says ${code}, keeps trying, and says when it is over`, async () => {
      await begin(['a']);
      const release = server.fault(fault, SERVICES);
      following = await follow(server);
      await eventually(() => expect(lists()).to.be.at.least(3));
      expect(following.told).to.include(`trouble ${code}`);
      release();
      await holds('a');
      await eventually(() => expect(following?.told.at(-1)).to.equal('well'));
    });
  }

  it('a watch that may be listed but not watched is trouble, and polled', async () => {
    await begin(['a']);
    const release = server.fault({ kind: 'forbidden' }, WATCHES);
    following = await follow(server);
    await eventually(() => expect(following?.told).to.include('trouble http-403'));
    server.put(service('b'));
    await holds('a', 'b');
    release();
    await eventually(() => expect(following?.told.at(-1)).to.equal('well'));
  });

  it('waits as long as a busy server asks for, and resumes without a list', async () => {
    await begin(['a']);
    const { told } = await started();
    server.put(service('b'));
    await holds('a', 'b');
    server.fault({ kind: 'too-many-requests', retryAfterSeconds: 1 }, { ...WATCHES, times: 1 });
    const since = performance.now();
    server.disturbWatches('end', WATCHES);
    await eventually(() => expect(server.requests(WATCHES)).to.have.length(3));
    expect(performance.now() - since).to.be.at.least(990);
    expect(lists()).to.equal(1);
    expect(told).to.deep.equal(['replace 1', 'put b']);
  });

  it('keeps what it has while the server is away, and follows again', async () => {
    await begin(['a', 'b']);
    const { told } = await started();
    await server.stop();
    await eventually(() => expect(told).to.include('trouble ECONNREFUSED'));
    expect([...(following?.objects.keys() ?? [])]).to.deep.equal(['a', 'b']);
    server.remove({ kind: 'Service', namespace: 'default', name: 'a' });
    await server.start();
    await holds('b');
    await eventually(() => expect(told.at(-1)).to.equal('well'));
  });

  it('takes up the other history of a server that was restored from a backup', async () => {
    await begin(['a', 'b']);
    const { told } = await started();
    for (const round of Array(50).keys()) server.put(service('a', { ports: [{ port: 81 + round }] }));
    await eventually(() => expect(told).to.have.length(51));
    await server.stop();
    await eventually(() => expect(told).to.include('trouble ECONNREFUSED'));
    server.remove({ kind: 'Service', namespace: 'default', name: 'b' });
    await server.start('replaced');
    await holds('a');
    await eventually(() => expect(server.watches(WATCHES)).to.equal(1));
    server.put(service('c'));
    await holds('a', 'c');
  });

  it('takes up other history also where the server was back before anybody asked', async () => {
    await begin(['a', 'b']);
    const { told } = await started({ backOff: { firstMs: 1000, mostMs: 1000 } });
    for (const round of Array(50).keys()) server.put(service('a', { ports: [{ port: 81 + round }] }));
    await eventually(() => expect(told).to.have.length(51));
    await server.stop();
    server.remove({ kind: 'Service', namespace: 'default', name: 'b' });
    await server.start('replaced');
    await holds('a');
    expect(told.at(-1)).to.equal('replace 1');
    expect(told.join()).to.not.contain('trouble');
  });

  it('asks for one namespace only, and with selectors', async () => {
    server = await startApiServer();
    server.put(service('a', {}, 'one'));
    server.put(service('b', {}, 'two'));
    following = await follow(server, {}, RESOURCES.Service, 'one');
    await holds('a');
    await following.stop();
    for (const [name, type] of [
      ['kept', 'Opaque'],
      ['release', 'helm.sh/release.v1'],
    ]) {
      server.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'one' }, type });
    }
    following = await follow(server, {}, RESOURCES.Secret, 'one');
    await holds('kept');
  });

  it('reads events of a megabyte', async () => {
    server = await startApiServer();
    following = await follow(server, {}, RESOURCES.ConfigMap);
    await eventually(() => expect(server.watches()).to.equal(1));
    const big = 'ü'.repeat(500_000);
    server.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'big' }, data: { big } });
    await holds('big');
    expect(following.objects.get('big')?.data).to.deep.equal({ big });
  });
});
