// What happens to the API server, under steady load, with every lost request counted.
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type ApiServerDouble, startApiServer } from '../../support/kube/server.ts';
import { type Load, startLoad } from '../../support/load.ts';
import { ingress, service, slices, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

/** SLUICE_OUTAGE_SECONDS=60 for a long one. */
const OUTAGE_SECONDS = Number(process.env.SLUICE_OUTAGE_SECONDS ?? 5);
const STORM = 5000;
const EXTRA = Array.from({ length: 20 }, (_, i) => `extra-${i}`);

describe('faults: the API server', function () {
  this.timeout(60_000);
  let pods: Pod[];
  let server: ApiServerDouble;
  let sluice: Sluice;
  let load: Load;

  const served = async (host: string): Promise<string> => (await askEcho({ port: sluice.http, host })).backend;
  const moveTo = (pod: Pod): void => {
    for (const { port } of pods) server.remove({ kind: 'EndpointSlice', namespace: 'default', name: `moving-${port}` });
    server.fill(slices('moving', [pod]));
  };

  beforeEach(async () => {
    pods = [await startPod('one', '127.0.0.71'), await startPod('two', '127.0.0.72')];
    const [one] = pods as [Pod];
    server = await startApiServer();
    server.fill([
      ...EXTRA.map((name) => service(name)),
      ingress({ name: 'web', host: 'web.test' }),
      ...workload('web', [one]),
      ingress({ name: 'moving', host: 'moving.test', paths: [{ service: 'moving' }] }),
      ...workload('moving', [one]),
    ]);
    sluice = await startSluice({ kubeconfig: server.kubeconfig(), flags: ['--watch-idle-timeout=3'] });
    load = startLoad(sluice.http, 'web.test', 4);
  });
  afterEach(async () => {
    await load.stop();
    await sluice?.stop();
    await server?.stop();
    for (const pod of pods) await pod.stop();
  });
  const nothingLost = async (): Promise<void> => {
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    expect(load.served).to.be.above(100);
  };

  it(`away for ${OUTAGE_SECONDS} s, then back with another history: what it said last is served, and changes are followed again`, async function () {
    this.timeout((OUTAGE_SECONDS + 60) * 1000);
    await server.stop();
    const since = Date.now();
    await eventually(
      async () => expect((await sluice.logs()).err).to.contain('problem: error api-unreachable'),
      20_000,
    );
    expect(await served('moving.test')).to.equal('one');
    moveTo(pods[1] as Pod);
    // Restored from an older backup: fewer objects, lower revisions.
    for (const name of EXTRA) server.remove({ kind: 'Service', namespace: 'default', name });
    await eventually(() => expect(Date.now() - since).to.be.above(OUTAGE_SECONDS * 1000), (OUTAGE_SECONDS + 5) * 1000);
    expect((await fetch(`http://127.0.0.1:${sluice.health}/readyz`)).status, 'readiness stays').to.equal(200);
    await server.start('replaced');
    await eventually(async () => expect(await served('moving.test')).to.equal('two'), 40_000);
    await eventually(async () => expect((await sluice.logs()).err).to.contain('solved: error api-unreachable'), 20_000);
    await nothingLost();
  });

  it('every watch is cut in the middle of a line: nothing is missed', async () => {
    for (let i = 0; i < 5; i += 1) {
      expect(server.disturbWatches('truncate')).to.be.above(3);
      moveTo(pods[(i + 1) % 2] as Pod);
      await eventually(async () => expect(await served('moving.test')).to.equal(i % 2 === 0 ? 'two' : 'one'), 20_000);
      await eventually(() => expect(server.watches()).to.be.above(3), 20_000);
    }
    await nothingLost();
  });

  it('every watch falls silent without a word: they are opened again, and nothing is missed', async () => {
    await eventually(() => expect(server.watches()).to.be.above(4));
    expect(server.disturbWatches('freeze')).to.be.above(4);
    moveTo(pods[1] as Pod);
    await eventually(async () => expect(await served('moving.test')).to.equal('two'), 30_000);
    await nothingLost();
  });

  it(`a storm of ${STORM} events ends in the last state, and is taken in few passes`, async () => {
    const applies = async (): Promise<number> => (await sluice.logs()).err.split('applied ').length - 1;
    const before = await applies();
    for (let i = 0; i < STORM; i += 1) {
      server.put(service(`storm-${i % 100}`, { ports: [{ port: 80, targetPort: 1000 + (i % 5000) }] }));
      moveTo(pods[i % 2] as Pod);
    }
    server.put(ingress({ name: 'last', host: 'last.test' }));
    await eventually(() => served('last.test'), 30_000);
    const last = pods[(STORM - 1) % 2]?.name;
    await eventually(async () => expect(await served('moving.test')).to.equal(last));
    expect((await applies()) - before).to.be.below(STORM / 10);
    await nothingLost();
  });
});
