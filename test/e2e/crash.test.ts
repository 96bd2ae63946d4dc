import { expect } from 'chai';
import { isAlive } from '../../controller/apply/process.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { ingress, workload } from '../support/objects.ts';
import { freePorts } from '../support/ports.ts';
import { runSluice, type Sluice, startSluice } from '../support/sluice.ts';

describe('crashes', () => {
  let pod: Pod;
  let sluice: Sluice;

  const workers = async (): Promise<number[]> =>
    (await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid).filter(isAlive);
  const master = async (): Promise<number> =>
    Number([...(await sluice.logs()).err.matchAll(/master: (\d+)/g)].at(-1)?.[1]);
  const served = async (host = 'web.test'): Promise<string> => (await askEcho({ port: sluice.http, host })).backend;

  beforeEach(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      manifests: { 'web.json': [ingress({ name: 'web', host: 'web.test' }), ...workload('web', [pod])] },
    });
  });
  afterEach(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('a worker that is killed comes back with the whole state', async () => {
    const before = await workers();
    process.kill(before[0] ?? 0, 'SIGKILL');
    await eventually(async () => {
      const after = await workers();
      expect(after).to.have.length(before.length);
      expect(after).to.not.include(before[0]);
    });
    for (let i = 0; i < 10; i += 1) expect(await served()).to.equal('web');
  });

  it('a master that is killed is started again, and nothing of the old one serves on', async () => {
    const old = await workers();
    process.kill(await master(), 'SIGKILL');
    await eventually(async () => expect((await sluice.logs()).err).to.contain('nginx started again'));
    expect(old.some(isAlive)).to.equal(false);
    await eventually(() => served());
    await sluice.write('late.json', [ingress({ name: 'late', host: 'late.test' })]);
    await eventually(() => served('late.test'));
  });

  it('both are killed, in either order: the next controller starts a new nginx, and nothing of the old one serves on', async () => {
    for (const order of ['controller first', 'nginx first']) {
      const old = await workers();
      const oldMaster = await master();
      const killers = [() => sluice.process.kill('SIGKILL'), () => process.kill(oldMaster, 'SIGKILL')];
      for (const kill of order === 'controller first' ? killers : killers.reverse()) kill();
      sluice = await sluice.restart();
      expect(old.some(isAlive), order).to.equal(false);
      expect(await served(), order).to.equal('web');
    }
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
    const load = startLoad(sluice.http, 'web.test');
    const before = await workers();
    sluice.process.kill('SIGKILL');
    sluice = await sluice.restart();
    expect((await sluice.logs()).err).to.contain('nginx adopted');
    expect(await workers()).to.have.members(before);
    await sluice.write('late.json', [ingress({ name: 'late', host: 'late.test' })]);
    await eventually(() => served('late.test'));
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    expect(load.served).to.be.above(100);
  });
});
