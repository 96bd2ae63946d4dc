// The end of the program under load: not ready at once, still serving for the grace, then nginx tells its clients to go and
// finishes what is under way.
import { once } from 'node:events';
import { expect } from 'chai';
import { isAlive } from '../../controller/apply/process.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { figure } from '../support/figure.ts';
import { startHttp1Clients, startHttp2Clients } from '../support/leaving.ts';
import { execIn, mayIsolate, OWN_PROCESSES, programIn } from '../support/mounts.ts';
import { ingress, workload } from '../support/objects.ts';
import { type SlowPod, startSlowPod } from '../support/slow.ts';
import { SLUICE, type Sluice, startSluice } from '../support/sluice.ts';

const GRACE_SECONDS = 1;
const SLOW_MS = 3500;

describe('the end of the program', function () {
  this.timeout(40_000);
  let pod: Pod;
  let slow: SlowPod;
  let sluice: Sluice;

  const start = (flags: readonly string[], prefix: readonly string[] = []): Promise<Sluice> =>
    startSluice({
      manifests: {
        'web.json': [ingress({ name: 'web', host: 'web.test' }), ...workload('web', [pod])],
        'slow.json': [
          ingress({ name: 'slow', host: 'slow.test', paths: [{ service: 'slow' }] }),
          ...workload('slow', [slow]),
        ],
      },
      flags,
      prefix,
    });

  /** A request that takes longer than the graces; `arrived` when the backend has it. */
  const slowly = () => {
    const before = slow.requests();
    const answer = askEcho({ port: sluice.http, host: 'slow.test' });
    return { answer, arrived: eventually(() => void expect(slow.requests()).to.equal(before + 1)) };
  };

  before(async () => {
    pod = await startPod('web');
    slow = await startSlowPod('slow', '127.0.0.31', SLOW_MS);
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
    await slow.stop();
  });

  it('SIGTERM under load: no request fails on HTTP/1 and HTTP/2, what is under way is finished, the status is 0', async () => {
    sluice = await start([`--shutdown-grace-period=${GRACE_SECONDS}`]);
    const clients = [startHttp1Clients(sluice.http, 'web.test', 8), startHttp2Clients(sluice.https, 'web.test', 4)];
    await eventually(() => {
      for (const { served } of clients) expect(served).to.be.above(200);
    });
    const { workers } = await sluice.control.status(AbortSignal.timeout(1000));
    const ended = once(sluice.process, 'exit');
    const underWay = slowly();
    await underWay.arrived;
    const asked = performance.now();
    sluice.process.kill('SIGTERM');
    await eventually(async () => {
      expect((await ask({ port: sluice.health, path: '/readyz' })).status).to.equal(503);
    });
    expect((await ask({ port: sluice.health, path: '/healthz' })).status).to.equal(500);
    // During the grace new clients are served: not everybody knows yet.
    expect(performance.now() - asked).to.be.below(GRACE_SECONDS * 1000);
    await askEcho({ port: sluice.http, host: 'web.test' });
    await eventually(async () => expect((await sluice.logs()).err).to.contain('nginx finishes its requests'));
    for (const all of clients) all.goWhenTold(); // from here on, so that it is the drain that tells them
    expect((await underWay.answer).backend).to.equal('slow');
    expect((await ended)[0]).to.equal(0);
    await Promise.all(clients.map((all) => all.done()));
    figure(`${clients.map(({ served }) => served).join(' + ')} requests on ${8 + 4} connections`);
    expect(clients.map(({ lost }) => lost)).to.deep.equal([[], []]);
    expect(clients.map(({ left }) => left)).to.deep.equal([8, 4]);
    expect(workers.filter(({ pid }) => isAlive(pid))).to.deep.equal([]);
    const { err } = await sluice.logs();
    expect(err).to.match(/ready: every nginx worker.*stopping.*nginx finishes its requests and ends.*: stopped/s);
    await sluice.stop();
  });

  it('a preStop hook (/wait-shutdown) ends the program of its container, and waits until nginx is gone', async function () {
    if (!(await mayIsolate())) this.skip(); // outside of a container it would end every sluice of this folder
    sluice = await start([], OWN_PROCESSES);
    const program = await programIn(sluice.process.pid ?? 0);
    const ended = once(sluice.process, 'exit');
    try {
      const underWay = slowly();
      await underWay.arrived;
      // The hook's container ends under it: whether it is still there to say so does not matter.
      const hook = execIn(program, [SLUICE, 'wait-shutdown']);
      expect((await underWay.answer).backend).to.equal('slow');
      expect((await ended)[0]).to.equal(0);
      await hook;
    } finally {
      if (isAlive(program)) process.kill(program, 'SIGKILL');
    }
    expect((await sluice.logs()).err).to.contain('stopped');
    await sluice.stop();
  });
});
