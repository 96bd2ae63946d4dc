// Canaries that grow, reloads and killed workers, in the middle of it all, lose no request.
import { expect } from 'chai';
import { inspectNginx } from '../../../controller/apply/binary.ts';
import { isAlive } from '../../../controller/apply/process.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { askEcho } from '../../support/client.ts';
import { connectionsOf } from '../../support/connections.ts';
import { eventually } from '../../support/eventually.ts';
import { figure } from '../../support/figure.ts';
import { startLoad } from '../../support/load.ts';
import { ingress } from '../../support/objects.ts';
import { openStage, type Stage } from '../../support/stage.ts';
import { startTraffic, type Traffic } from '../../support/traffic.ts';
import { workersOf } from '../../support/workers.ts';

const STEPS = [10, 25, 50, 75, 100];
/** Requests of which a step's share is taken; 5 points are almost four standard deviations of so many draws. */
const SAMPLE = 1500;
const TOLERANCE = 5;

describe('no request is lost: changes', function () {
  this.timeout(40_000);
  let stage: Stage;
  let traffic: Traffic | null = null;

  const open = (name: string): Promise<string> =>
    eventually(async () => (await askEcho({ port: stage.sluice.http, host: `${name}.test` })).backend);
  const said = async (text: string): Promise<number> => (await stage.sluice.logs()).err.split(text).length - 1;

  before(async () => {
    stage = await openStage('127.82');
  });
  afterEach(async () => {
    await traffic?.stop();
    traffic = null;
  });
  after(() => stage?.stop());

  it('a canary from 0 to 100 % in steps takes its share at each, and all at the last (CAN-07)', async () => {
    await stage.site<Pod>({ name: 'shop' }, 2, startPod);
    await stage.deploy<Pod>('shop-next', 2, startPod);
    await open('shop');
    const before = await workersOf(stage.sluice);
    let [toCanary, all] = [0, 0];
    const during = startTraffic(stage.sluice, 'shop.test', ['kept', 'new', 'http2', 'post'], {
      connections: 6,
      onAnswer: ({ body }) => {
        all += 1;
        if ((JSON.parse(body) as { backend: string }).backend.startsWith('shop-next-')) toCanary += 1;
      },
    });
    traffic = during;
    const shares: string[] = [];
    for (const weight of STEPS) {
      stage.server.put(
        ingress({
          name: 'shop-canary',
          host: 'shop.test',
          paths: [{ service: 'shop-next' }],
          annotations: { canary: 'true', 'canary-weight': String(weight) },
        }),
      );
      await eventually(async () => {
        [toCanary, all] = [0, 0];
        await eventually(() => expect(all).to.be.at.least(SAMPLE));
        const percent = (toCanary / all) * 100;
        const tolerance = weight === 100 ? 0 : TOLERANCE;
        expect(percent).to.be.within(weight - tolerance, weight + tolerance);
        shares.push(`${percent.toFixed(1)} of ${weight}`);
      });
    }
    await during.more(20);
    await during.expectNoLoss(100);
    figure(`shares in %: ${shares.join(', ')}`);
    expect(await workersOf(stage.sluice), 'no reload').to.deep.equal(before);
  });

  it('a reload in the middle of a rolling update', async () => {
    const web = await stage.site<Pod>({ name: 'reloaded' }, 3, startPod);
    await open('reloaded');
    const reloads = await said('nginx reloaded');
    const during = startTraffic(stage.sluice, 'reloaded.test');
    traffic = during;
    await during.more(20);
    let size = 7_000_000;
    await web.roll(async () => {
      size += 1;
      const annotations = { 'proxy-body-size': String(size) };
      const paths = [{ service: 'reloaded' }];
      stage.server.put(ingress({ name: 'reloaded', host: 'reloaded.test', paths, annotations }));
      await during.more(20);
    });
    await eventually(async () => {
      const body = await stage.sluice.config();
      expect(body).to.contain(`client_max_body_size ${size}`);
      expect(await said('nginx reloaded')).to.be.above(reloads);
    });
    await during.more(20);
    // nginx 1.22 ends a connection of HTTP/2 without GOAWAY now and then (test/e2e/faults/reloads.test.ts).
    const { abilities } = await inspectNginx(process.env);
    await during.expectNoLoss(100, abilities.http2Directive ? 0 : 2);
    expect(web.ready.map((member) => member.name)).to.deep.equal(['reloaded-4', 'reloaded-5', 'reloaded-6']);
  });

  it('a worker killed in the middle of a rolling update costs at most what its own connections carried, and nothing of clients that repeat', async () => {
    const web = await stage.site<Pod>({ name: 'killed' }, 3, startPod);
    await open('killed');
    const counting = startLoad(stage.sluice.http, 'killed.test', 4);
    const repeating = startTraffic(stage.sluice, 'killed.test', ['kept'], { onBreak: 'repeat', connections: 4 });
    traffic = repeating;
    let bound = 0;
    try {
      await repeating.more(50);
      await web.roll(async () => {
        const before = await workersOf(stage.sluice);
        const victim = before[0] as number;
        process.kill(victim, 'SIGSTOP'); // so that its connections can be counted while they stay
        bound += await connectionsOf(victim, stage.sluice.http);
        process.kill(victim, 'SIGKILL');
        await eventually(async () => {
          const after = await workersOf(stage.sluice);
          expect(after).to.have.length(before.length);
          expect(after).to.not.include(victim);
          expect(after.every(isAlive)).to.equal(true);
        });
        await repeating.more(50);
      });
    } finally {
      await counting.stop();
    }
    figure(
      `3 workers with ${bound} connections: ${counting.lost.length} lost of ${counting.served} by clients that do not repeat`,
    );
    expect(bound).to.be.above(0);
    expect(counting.lost.length).to.be.at.most(bound);
    expect(counting.served).to.be.above(100);
    await repeating.expectNoLoss(200);
    const after = startTraffic(stage.sluice, 'killed.test');
    traffic = after;
    await after.more(50);
    await after.expectNoLoss(50);
  });
});
