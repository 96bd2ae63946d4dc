// Pods that are killed, hang or answer 503 cost no idempotent request of clients, as long as others serve.
import { createServer, type RequestListener } from 'node:http';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { askEcho } from '../../support/client.ts';
import type { StartPod, Workload } from '../../support/deployment.ts';
import { eventually } from '../../support/eventually.ts';
import { figure } from '../../support/figure.ts';
import { listen } from '../../support/listener.ts';
import { openStage, type Stage } from '../../support/stage.ts';
import { startTraffic, type Traffic } from '../../support/traffic.ts';

const IDEMPOTENT = ['kept', 'new', 'http2'] as const;

describe('no request is lost: Pods that fail', function () {
  this.timeout(40_000);
  let stage: Stage;
  let traffic: Traffic | null = null;

  const open = (name: string): Promise<string> =>
    eventually(async () => (await askEcho({ port: stage.sluice.http, host: `${name}.test` })).backend);
  const start = (name: string): Traffic => {
    traffic = startTraffic(stage.sluice, `${name}.test`, IDEMPOTENT);
    return traffic;
  };

  before(async () => {
    stage = await openStage('127.81');
  });
  afterEach(async () => {
    await traffic?.stop();
    traffic = null;
  });
  after(() => stage?.stop());

  const ALGORITHMS = {
    'killed-by-turns': {},
    'killed-ewma': { 'load-balance': 'ewma' },
    'killed-hashed': { 'upstream-hash-by': '$request_id' },
    'killed-moving': { affinity: 'cookie', 'session-cookie-change-on-failure': 'true' },
  };
  for (const [name, annotations] of Object.entries(ALGORITHMS)) {
    it(`${name}: two of five Pods are killed without notice, one after the other (GLOB-01)`, async () => {
      const web = await stage.site<Pod>({ name, annotations }, 5, startPod);
      await open(name);
      const during = start(name);
      for (const victim of web.ready.slice(0, 2)) {
        await during.more(20);
        await web.kill(victim);
        await during.more(50);
      }
      const retries = await stage.retries(name);
      figure(`${retries} requests went on to another Pod`);
      expect(retries, 'the killed Pods were asked').to.be.above(0);
      web.forget();
      await during.more(20);
      await during.expectNoLoss(100);
    });
  }

  /** A Deployment whose first Pod is bad. */
  const firstIs =
    (bad: RequestListener): StartPod<Workload> =>
    async (name, address, port) => {
      if (!name.endsWith('-1')) return startPod(name, address, port);
      const listener = await listen(createServer(bad), address, port);
      return { ...listener, drain: listener.stop };
    };

  it('one Pod that hangs: after proxy-read-timeout the next one answers', async () => {
    let hung = 0;
    const hang = firstIs(() => {
      hung += 1; // and never answers
    });
    await stage.site(
      { name: 'hangs', annotations: { 'proxy-read-timeout': '1', 'proxy-connect-timeout': '1' } },
      3,
      hang,
    );
    await open('hangs');
    const during = start('hangs');
    await during.more(100);
    await during.expectNoLoss(100);
    figure(`${hung} requests reached the Pod that hangs`);
    expect(hung).to.be.above(0);
  });

  it('one Pod that answers 503, with proxy-next-upstream: error timeout http_503', async () => {
    let refused = 0;
    const refuse = firstIs((_, response) => {
      refused += 1;
      response.writeHead(503).end('busy');
    });
    const annotations = { 'proxy-next-upstream': 'error timeout http_503' };
    await stage.site({ name: 'busy', annotations }, 3, refuse);
    await open('busy');
    const during = start('busy');
    await during.more(200);
    await during.expectNoLoss(200);
    figure(`the Pod said 503 ${refused} times`);
    expect(refused).to.be.at.least(3);
  });
});
