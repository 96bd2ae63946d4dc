// load-balance, upstream-hash-by* and service-upstream, as clients see them.
import { createServer } from 'node:http';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { type Address, configMap, ingress, service, site, slices, workload } from '../../support/objects.ts';
import { type SlowPod, startSlowPod } from '../../support/slow.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const MIXED = `$${'{arg_user}'}-$location_path`;

describe('balancing', () => {
  let sluice: Sluice;
  const pods: Pod[] = [];
  let slow: SlowPod;
  let dead: Address;
  let ill: Listener;

  const served = async (host: string, path = '/', headers: Record<string, string> = {}): Promise<string> =>
    (await askEcho({ port: sluice.http, host: `${host}.test`, path, headers })).backend;

  /** How many of the requests each backend served, asked one after the other. */
  async function tally(count: number, one: (index: number) => Promise<string>): Promise<Map<string, number>> {
    const tallies = new Map<string, number>();
    for (let index = 0; index < count; index += 1) {
      const backend = await one(index);
      tallies.set(backend, (tallies.get(backend) ?? 0) + 1);
    }
    return tallies;
  }

  before(async () => {
    for (const index of [1, 2, 3, 4, 5, 6]) pods.push(await startPod(`pod-${index}`, `127.0.0.${100 + index}`));
    const [one, two, three] = pods as [Pod, Pod, Pod];
    slow = await startSlowPod('slow', '127.0.0.110', 150);
    ill = await listen(
      createServer((_, response) => response.writeHead(500).end()),
      '127.0.0.112',
    );
    dead = { address: '127.0.0.111', port: one.port }; // nobody listens there
    sluice = await startSluice({
      manifests: {
        'config.json': [configMap('sluice', { 'worker-processes': '2', 'service-upstream': 'false' })],
        'even.json': site('even', pods.slice(0, 3), { 'load-balance': 'round_robin' }),
        'keyless.json': site('keyless', pods.slice(0, 3), { 'load-balance': 'chash' }),
        'ewma.json': site('ewma', [one, two, three, slow], { 'load-balance': 'ewma' }),
        'ewma-dead.json': site('ewma-dead', [one, dead], { 'load-balance': 'ewma' }),
        'ewma-ill.json': site('ewma-ill', [one, ill], { 'load-balance': 'ewma' }),
        'hash.json': site('hash', pods, { 'upstream-hash-by': '$request_uri' }),
        'mixed.json': site('mixed', pods, { 'upstream-hash-by': MIXED }),
        'hash-dead.json': site('hash-dead', [...pods, dead], { 'upstream-hash-by': '$arg_key' }),
        'subset.json': site('subset', pods, {
          'upstream-hash-by': '$request_uri',
          'upstream-hash-by-subset': 'true',
          'upstream-hash-by-subset-size': '2',
        }),
        'subset-three.json': site('subset-three', pods, {
          'upstream-hash-by': '$request_uri',
          'upstream-hash-by-subset': 'true',
        }),
        'first.json': [
          ingress({
            name: 'older',
            host: 'first.test',
            created: '2024-01-01T00:00:00Z',
            paths: [{ service: 'first' }],
            annotations: { 'upstream-hash-by': '$request_uri' },
          }),
          ingress({
            name: 'younger',
            host: 'other.test',
            created: '2024-01-02T00:00:00Z',
            paths: [{ service: 'first' }],
            annotations: { 'load-balance': 'round_robin', 'upstream-hash-by': '$arg_other' },
          }),
          ...workload('first', pods),
        ],
        'moving.json': site('moving', pods, { 'load-balance': 'round_robin' }),
        'cluster-ip.json': [
          ingress({
            name: 'cluster-ip',
            host: 'cluster-ip.test',
            paths: [{ service: 'cluster-ip' }],
            annotations: { 'service-upstream': 'true' },
          }),
          service('cluster-ip', { clusterIP: two.address, ports: [{ port: two.port, name: 'x' }, { port: 80 }] }),
          ...slices('cluster-ip', [one]),
        ],
      },
      flags: ['--configmap=default/sluice'],
    });
  });
  after(async () => {
    await sluice?.stop();
    await slow?.stop();
    await ill?.stop();
    for (const pod of pods) await pod.stop();
  });

  it('load-balance round_robin spreads 30 requests evenly over 3 endpoints in each worker', async () => {
    const tallies = await tally(30, () => served('even'));
    expect([...tallies.keys()].sort()).to.deep.equal(['pod-1', 'pod-2', 'pod-3']);
    // Two workers with a position of their own each: at most one off in either.
    for (const [name, count] of tallies) expect(count, name).to.be.within(8, 12);
  });

  it('load-balance chash without upstream-hash-by has no key to work on: round robin', async () => {
    const tallies = await tally(30, () => served('keyless', '/same'));
    for (const count of tallies.values()) expect(count).to.be.within(8, 12);
  });

  it('load-balance ewma: a slow endpoint gets clearly fewer requests than its share', async () => {
    const tallies = await tally(200, () => served('ewma'));
    expect(slow.requests()).to.be.below(20); // 50 by turns
    for (const name of ['pod-1', 'pod-2', 'pod-3']) expect(tallies.get(name), name).to.be.above(10); // 67 in the mean; one stall is held against an endpoint for a while
  });

  it('load-balance ewma: an endpoint that refuses is tried seldom, and never costs the request', async () => {
    const tallies = await tally(60, (index) => served('ewma-dead', `/ewma-dead-${index}`));
    expect([...tallies]).to.deep.equal([['pod-1', 60]]);
    const tried = await eventually(async () => {
      const lines = (await sluice.logs()).out.split('\n').filter((line) => line.includes('GET /ewma-dead-'));
      if (lines.length < 60) throw new Error(`${lines.length} lines`);
      return lines.filter((line) => line.includes(`${dead.address}:${dead.port}`)).length;
    });
    expect(tried).to.be.below(20); // 30 by turns
  });

  it('load-balance ewma: an endpoint that is quick to answer with errors does not attract requests', async () => {
    let errors = 0;
    for (let index = 0; index < 100; index += 1) {
      if ((await ask({ port: sluice.http, host: 'ewma-ill.test' })).status === 500) errors += 1;
    }
    expect(errors).to.be.below(20); // 50 by turns
  });

  it('upstream-hash-by $request_uri: 100 requests for one URI hit one endpoint, others other ones', async () => {
    expect((await tally(100, () => served('hash', '/a'))).size).to.equal(1);
    expect((await tally(60, (index) => served('hash', `/${index}`))).size).to.equal(6);
  });

  it('upstream-hash-by mixes text, variables of the request and of the rule', async () => {
    const of = (user: string) => served('mixed', `/${Math.random()}?user=${user}`);
    for (const user of ['ann', 'bob', 'eve']) expect((await tally(10, () => of(user))).size, user).to.equal(1);
    expect((await tally(60, (index) => of(`user-${index}`))).size).to.equal(6);
  });

  it('upstream-hash-by: a retry goes to the next endpoint of the ring, the same one each time', async () => {
    const users = Array.from({ length: 60 }, (_, index) => `key-${index}`);
    const first = new Map<string, string>();
    for (const user of users) first.set(user, await served('hash-dead', `/?key=${user}`));
    for (const user of users) expect(await served('hash-dead', `/?key=${user}`), user).to.equal(first.get(user));
    expect(new Set(first.values()).size).to.be.above(1);
  });

  it('upstream-hash-by-subset-size 2, and the default of 3: one URI hits exactly that many endpoints', async () => {
    for (const [host, size] of [
      ['subset', 2],
      ['subset-three', 3],
    ] as const) {
      const tallies = await tally(100, () => served(host, '/a'));
      expect(tallies.size, host).to.equal(size);
      for (const count of tallies.values()) expect(count, host).to.be.above(15);
    }
  });

  it('upstream-hash-by-subset: other URIs have other subsets', async () => {
    expect((await tally(120, (index) => served('subset', `/${index}`))).size).to.equal(6);
  });

  it('the first Ingress of a Service port decides load-balance and upstream-hash-by for all (HOST-13)', async () => {
    const path = '/?other=1';
    const [a] = await tally(20, () => served('first', path));
    const [b] = await tally(20, () => served('other', path));
    expect(a?.[1]).to.equal(20);
    expect(b).to.deep.equal(a);
  });

  it('load-balance and upstream-hash-by change without a reload, in both workers (DYN-01)', async () => {
    const before = (await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid).sort();
    expect((await tally(12, () => served('moving', '/one'))).size).to.be.above(3);
    await sluice.write('moving.json', site('moving', pods, { 'upstream-hash-by': '$request_uri' }));
    await eventually(async () => expect((await tally(12, () => served('moving', '/one'))).size).to.equal(1));
    expect((await tally(40, () => served('moving', '/one'))).size).to.equal(1);
    const after = (await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid).sort();
    expect(after).to.deep.equal(before);
  });

  it('service-upstream sends to the ClusterIP, not to the endpoints; a refused value means false', async () => {
    // The ClusterIP is the second Pod, at the Service's port 80: nobody listens there, and that is no 503.
    expect((await ask({ port: sluice.http, host: 'cluster-ip.test' })).status).to.equal(502);
    const [one, two] = pods as [Pod, Pod];
    const cluster = (annotations: Record<string, string>, addresses: readonly Address[]): object[] => [
      ingress({
        name: 'cluster-ip',
        host: 'cluster-ip.test',
        paths: [{ service: 'cluster-ip', port: two.port }],
        annotations,
      }),
      service('cluster-ip', { clusterIP: two.address, ports: [{ port: two.port }] }),
      ...slices('cluster-ip', addresses),
    ];
    await sluice.write('cluster-ip.json', cluster({ 'service-upstream': 'true' }, [one]));
    await eventually(async () => expect(await served('cluster-ip')).to.equal('pod-2'));
    // No ready Pod at all: the ClusterIP is asked all the same.
    await sluice.write('cluster-ip.json', cluster({ 'service-upstream': 'true' }, []));
    expect(await served('cluster-ip')).to.equal('pod-2');

    await sluice.write('config.json', [configMap('sluice', { 'worker-processes': '2', 'service-upstream': 'true' })]);
    await sluice.write('cluster-ip.json', cluster({ 'service-upstream': 'yes' }, [one]));
    await eventually(async () => expect(await served('cluster-ip')).to.equal('pod-1'));
    await sluice.write('cluster-ip.json', cluster({}, [one]));
    await eventually(async () => expect(await served('cluster-ip')).to.equal('pod-2'));
    await sluice.write('config.json', [
      configMap('sluice', { 'worker-processes': '2', 'load-balance': 'round_robin' }),
    ]);
    await eventually(async () => expect(await served('cluster-ip')).to.equal('pod-1'));
  });
});
