// nginx tells what it measured since the controller asked last; nothing is told twice, and nothing is left out.
import { expect } from 'chai';
import type { SeriesReport } from '../../controller/apply/control.ts';
import { MeasuredRequests, type SeriesControl } from '../../controller/telemetry/measured.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, workload } from '../support/objects.ts';
import { seeded } from '../support/random-objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

const HOSTS = Array.from({ length: 120 }, (_, index) => `host-${index}.test`);

describe('what changed of the metrics', () => {
  let pod: Pod;
  let sluice: Sluice;
  const soon = (): AbortSignal => AbortSignal.timeout(5000);
  const go = (host: string): ReturnType<typeof ask> => ask({ port: sluice.http, host });
  const report = (since: string): Promise<SeriesReport> => sluice.control.series(since, soon());
  const hostsOf = ({ series }: Pick<SeriesReport, 'series'>): Record<string, number> =>
    Object.fromEntries(series.map(({ key, numbers }) => [key.split('\x1f')[4] ?? '', numbers[0] ?? 0] as const).sort());
  /** What changes after a report, once all workers have told of it. */
  const changed = async (since: string, wanted: Record<string, number>): Promise<SeriesReport> =>
    eventually(async () => {
      const found = await report(since);
      expect(found.isWhole).to.equal(false);
      expect(hostsOf(found)).to.deep.equal(wanted);
      return found;
    });

  before(async () => {
    pod = await startPod('web');
    const ingresses = HOSTS.map((host, index) => ingress({ name: `ing-${index}`, host }));
    sluice = await startSluice({
      manifests: { 'web.json': [...ingresses, ...workload('web', [pod])] },
      flags: ['--enable-metrics'],
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('a first report has everything, the next one what changed since, with its whole count', async () => {
    for (const host of HOSTS) await go(host);
    const first = await eventually(async () => {
      const found = await report('');
      expect(found.isWhole).to.equal(true);
      expect(hostsOf(found)).to.deep.equal(Object.fromEntries(HOSTS.map((host) => [host, 1] as const).sort()));
      return found;
    });
    expect(hostsOf(await report(first.position))).to.deep.equal({});
    await go('host-7.test');
    await go('host-7.test');
    await go('host-3.test');
    const second = await changed(first.position, { 'host-3.test': 1 + 1, 'host-7.test': 1 + 2 });
    await go('host-3.test');
    await changed(second.position, { 'host-3.test': 3 });
  });

  it('an answer that was lost can be asked for again, and includes what came after it', async () => {
    const { position } = await report('');
    await go('host-1.test');
    await changed(position, { 'host-1.test': 2 });
    await go('host-2.test');
    await changed(position, { 'host-1.test': 2, 'host-2.test': 2 });
  });

  it('who asks with a position that nobody gave, or one too old, gets everything', async () => {
    const { position } = await report('');
    const old = await report(position);
    const newer = await report(old.position);
    await report(newer.position); // "old" is no longer asked for
    const memory = position.slice(0, position.lastIndexOf(':'));
    for (const since of [position, `${memory}:999999`, `${memory}:-1`, `${memory}:x`, '1-2:3', 'nonsense', ':']) {
      const found = await report(since);
      expect(found.isWhole, since).to.equal(true);
      expect(found.series.length, since).to.equal(HOSTS.length);
    }
  });

  it('what is kept here is what nginx has, whatever is asked when, also when answers get lost, series are forgotten and workers are killed', async () => {
    const random = seeded(20_261_123);
    let isLost = false;
    const lossy: SeriesControl = {
      series: async (since, signal) => {
        const answer = await sluice.control.series(since, signal);
        if (isLost) throw new Error('the answer got lost');
        return answer;
      },
      forgetSeries: (keys, signal) => sluice.control.forgetSeries(keys, signal),
    };
    const kept = new MeasuredRequests(lossy);
    for (let step = 0; step < 400; step += 1) {
      await go(HOSTS[random(HOSTS.length)] ?? '').catch(() => undefined);
      if (step % 100 === 50) {
        const [victim] = (await sluice.control.status(soon())).workers;
        if (victim !== undefined) process.kill(victim.pid, 'SIGKILL');
        await eventually(() => go(HOSTS[0] ?? ''));
      }
      if (random(10) > 0) continue;
      isLost = random(3) === 0;
      await kept.read(soon()).catch(() => undefined);
      isLost = false;
      if (random(8) > 0) continue;
      const { series } = await kept.read(soon());
      await kept.forget(
        series.slice(0, 20).map(({ key }) => key),
        soon(),
      );
    }
    await eventually(async () => {
      const [mine, whole] = [await kept.read(soon()), await report('')];
      const sorted = ({ series }: Pick<SeriesReport, 'series'>) =>
        series.map(({ key, numbers }) => [key, ...numbers]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
      expect(sorted(mine)).to.deep.equal(sorted(whole));
      expect(whole.series.length).to.be.above(50);
    });
  });

  it('nginx that is started again has new numbers, and the old ones are gone', async () => {
    const kept = new MeasuredRequests(sluice.control);
    expect((await kept.read(soon())).series.length).to.be.above(50);
    const master = Number([...(await sluice.logs()).err.matchAll(/master: (\d+)/g)].at(-1)?.[1]);
    process.kill(master, 'SIGKILL');
    await eventually(async () => expect((await sluice.logs()).err).to.contain('nginx started again'));
    await eventually(() => go('host-5.test').then(({ status }) => expect(status).to.equal(200)));
    await eventually(async () => {
      const found = hostsOf(await kept.read(soon()));
      expect(Object.keys(found)).to.include('host-5.test');
      expect(Object.keys(found).length).to.be.below(5);
    });
  });
});
