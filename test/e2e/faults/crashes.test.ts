// Processes that are killed, under steady load, with every lost request counted.
import { expect } from 'chai';
import { isAlive } from '../../../controller/apply/process.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { connectionsOf } from '../../support/connections.ts';
import { eventually } from '../../support/eventually.ts';
import { figure, tally } from '../../support/figure.ts';
import { type Http1Load, startLoad } from '../../support/load.ts';
import { ingress, workload } from '../../support/objects.ts';
import { freePorts } from '../../support/ports.ts';
import { runSluice, type Sluice, startSluice } from '../../support/sluice.ts';

const CONNECTIONS = 8;
const KILLS = 5;
/** From the kill of a master to the first answer of the next one: several times what it takes on two busy cores. */
const MAX_GAP_MS = 5000;
/** What clients meet while there is no nginx, or one that was not sent its state yet; "aborted" in the middle of an answer. */
const GONE = ['ECONNREFUSED', 'ECONNRESET', 'socket hang up', 'aborted', '503'];

describe('faults: crashes', function () {
  this.timeout(40_000);
  let pod: Pod;
  let sluice: Sluice;
  let loads: Http1Load[];

  const workers = async (): Promise<number[]> =>
    (await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid).filter(isAlive);
  const master = async (): Promise<number> =>
    Number([...(await sluice.logs()).err.matchAll(/master: (\d+)/g)].at(-1)?.[1]);
  const served = async (host = 'web.test'): Promise<string> => (await askEcho({ port: sluice.http, host })).backend;
  const load = (onBreak: 'count' | 'repeat' = 'count'): Http1Load => {
    const started = startLoad(sluice.http, 'web.test', CONNECTIONS, { onBreak });
    loads.push(started);
    return started;
  };
  const moreServed = (by: Http1Load, count: number): Promise<void> => {
    const before = by.served;
    return eventually(() => void expect(by.served).to.be.above(before + count));
  };
  /** After a fault: changes are followed, and a new load loses nothing. */
  const expectHealth = async (): Promise<void> => {
    await sluice.write('late.json', [ingress({ name: 'late', host: 'late.test' })]);
    await eventually(() => served('late.test'), 20_000);
    await sluice.remove('late.json');
    const after = load();
    await moreServed(after, 500);
    await after.stop();
    expect(after.lost, 'after the fault').to.deep.equal([]);
  };
  /** A time without nginx: bounded, with nothing lost but what such a time explains, and over. */
  const expectGap = async (what: string, during: Http1Load): Promise<void> => {
    await moreServed(during, 500);
    await during.stop();
    figure(`${what}: ${tally(during.lost)} lost of ${during.served}, ${during.longestGap} ms without an answer`);
    expect(during.lost.filter((why) => !GONE.includes(why))).to.deep.equal([]);
    expect(during.longestGap).to.be.below(MAX_GAP_MS);
    // Each client loses what is under way, then tries again every 10 ms.
    expect(during.lost.length).to.be.at.most(CONNECTIONS * (during.longestGap / 10 + 2));
    await expectHealth();
  };

  beforeEach(async () => {
    loads = [];
    pod = await startPod('web');
    sluice = await startSluice({
      manifests: { 'web.json': [ingress({ name: 'web', host: 'web.test' }), ...workload('web', [pod])] },
    });
  });
  afterEach(async () => {
    for (const started of loads) await started.stop();
    await sluice?.stop();
    await pod.stop();
  });

  it('a worker that is killed loses at most one request on each of its connections, none for clients that repeat', async () => {
    const [counting, repeating] = [load(), load('repeat')];
    let bound = 0;
    for (let i = 0; i < KILLS; i += 1) {
      await moreServed(counting, 200);
      await moreServed(repeating, 200);
      const before = await workers();
      const victim = before[i % before.length] as number;
      process.kill(victim, 'SIGSTOP'); // so that its connections can be counted while they stay
      bound += await connectionsOf(victim, sluice.http);
      process.kill(victim, 'SIGKILL');
      await eventually(async () => {
        const after = await workers();
        expect(after).to.have.length(before.length);
        expect(after).to.not.include(victim);
      });
    }
    await counting.stop();
    await repeating.stop();
    figure(`${KILLS} workers with ${bound} connections: ${tally(counting.lost)} lost of ${counting.served}`);
    figure(`clients that repeat: ${tally(repeating.lost)} lost of ${repeating.served}, ${repeating.repeated} repeated`);
    expect(bound).to.be.above(0);
    expect(counting.lost.length + repeating.repeated).to.be.at.most(bound);
    expect(repeating.lost).to.deep.equal([]);
    await expectHealth();
  });

  it('a master that is killed is started again, and nothing of the old one serves on', async () => {
    const during = load();
    await moreServed(during, 200);
    const old = await workers();
    process.kill(await master(), 'SIGKILL');
    await eventually(async () => expect((await sluice.logs()).err).to.contain('nginx started again'));
    expect((await sluice.logs()).err).to.contain('starting it again at once');
    expect(old.some(isAlive)).to.equal(false);
    await expectGap('a master killed', during);
  });

  it('both are killed, in either order: the next controller starts a new nginx, and nothing of the old one serves on', async () => {
    for (const order of ['controller first', 'nginx first']) {
      const during = load();
      await moreServed(during, 200);
      const old = await workers();
      const oldMaster = await master();
      const killers = [() => sluice.process.kill('SIGKILL'), () => process.kill(oldMaster, 'SIGKILL')];
      for (const kill of order === 'controller first' ? killers : killers.reverse()) kill();
      sluice = await sluice.restart();
      expect(old.some(isAlive), order).to.equal(false);
      await expectGap(`both killed, ${order}`, during);
    }
  });

  it('both are asked to end, in either order: the next controller starts a new nginx', async () => {
    for (const order of ['controller first', 'nginx first']) {
      const during = load();
      await moreServed(during, 200);
      if (order === 'nginx first') process.kill(await master(), 'SIGQUIT');
      sluice.process.kill('SIGTERM');
      sluice = await sluice.restart();
      await expectGap(`both ended, ${order}`, during);
    }
  });

  it('nginx that is asked to end is started again', async () => {
    const during = load();
    await moreServed(during, 200);
    process.kill(await master(), 'SIGQUIT');
    await eventually(async () => expect((await sluice.logs()).err).to.contain('nginx started again'));
    await expectGap('nginx asked to end', during);
  });

  it('a controller that cannot start leaves the nginx of a killed one as it is, uploads included', async () => {
    sluice.process.kill('SIGKILL');
    const failed = await runSluice([
      `--manifests=${sluice.folder}/missing`,
      `--run-dir=${sluice.runDir}`,
      `--healthz-port=${(await freePorts(1))[0]}`,
    ]);
    expect(failed.status).to.equal(64);
    // Larger than nginx keeps in memory: it needs its temporary folder.
    const body = Buffer.alloc(900_000);
    const answer = await ask({ port: sluice.http, host: 'web.test', method: 'POST', body });
    expect(answer.status).to.equal(200);
    sluice = await sluice.restart();
  });

  it('a controller that is killed leaves nginx serving; the next one adopts it and no request is lost', async () => {
    const during = load();
    const before = await workers();
    sluice.process.kill('SIGKILL');
    sluice = await sluice.restart();
    expect((await sluice.logs()).err).to.contain('nginx adopted');
    expect(await workers()).to.have.members(before);
    await expectHealth();
    await during.stop();
    expect(during.lost).to.deep.equal([]);
    expect(during.served).to.be.above(100);
  });

  it('a worker killed, then a reload, then the controller killed: the next one adopts nginx all the same', async () => {
    process.kill((await workers())[0] as number, 'SIGKILL');
    await eventually(() => served());
    await sluice.write('web.json', [
      ingress({ name: 'web', host: 'web.test', annotations: { 'proxy-body-size': '5m' } }),
      ...workload('web', [pod]),
    ]);
    await eventually(async () => expect((await sluice.logs()).err).to.contain('nginx reloaded'));
    const during = load();
    await moreServed(during, 200);
    sluice.process.kill('SIGKILL');
    sluice = await sluice.restart();
    expect((await sluice.logs()).err).to.contain('nginx adopted');
    await expectHealth();
    await during.stop();
    expect(during.lost).to.deep.equal([]);
  });
});
