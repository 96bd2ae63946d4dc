// Deployments that are rolled and scaled under steady load lose no request.
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { openSessions } from '../../support/sessions.ts';
import { openStage, type Stage } from '../../support/stage.ts';
import { startTraffic, type Traffic } from '../../support/traffic.ts';

const STICKY = { affinity: 'cookie' };
const ALGORITHMS = {
  'round-robin': {},
  ewma: { 'load-balance': 'ewma' },
  hashed: { 'upstream-hash-by': '$request_id' },
  subset: { 'upstream-hash-by': '$request_id', 'upstream-hash-by-subset': 'true' },
};

describe('no request is lost: rollouts', function () {
  this.timeout(40_000);
  let stage: Stage;
  let traffic: Traffic | null = null;

  const open = (name: string): Promise<string> =>
    eventually(async () => (await askEcho({ port: stage.sluice.http, host: `${name}.test` })).backend);

  before(async () => {
    stage = await openStage('127.80');
  });
  afterEach(async () => {
    await traffic?.stop();
    traffic = null;
  });
  after(() => stage?.stop());

  for (const [name, annotations] of Object.entries(ALGORITHMS)) {
    it(`a rolling update with ${name} needs not even a retry, POSTs included`, async () => {
      const web = await stage.site<Pod>({ name, annotations }, 3, startPod);
      await open(name);
      const during = startTraffic(stage.sluice, `${name}.test`);
      traffic = during;
      await during.more(20);
      await web.roll(() => during.more(20));
      await during.more(20);
      await during.expectNoLoss(100);
      expect(web.ready.map((member) => member.name)).to.deep.equal([4, 5, 6].map((number) => `${name}-${number}`));
      expect(await open(name)).to.match(/-[456]$/);
      expect(await stage.retries(name)).to.equal(0);
    });
  }

  it('scaled from 2 to 20 and back to 2, all Pods serve, and no retry is needed', async () => {
    const web = await stage.site<Pod>({ name: 'scaled' }, 2, startPod);
    await open('scaled');
    const seen = new Set<string>();
    const during = startTraffic(stage.sluice, 'scaled.test', ['kept', 'new', 'http2', 'post'], {
      onAnswer: ({ body }) => void seen.add((JSON.parse(body) as { backend: string }).backend),
    });
    traffic = during;
    await during.more(20);
    await web.scaleTo(20);
    await eventually(() => expect(seen.size).to.equal(20));
    await web.scaleTo(2);
    seen.clear();
    await during.more(50);
    await during.expectNoLoss(100);
    expect([...seen].every((name) => web.ready.some((member) => member.name === name))).to.equal(true);
    expect(await stage.retries('scaled')).to.equal(0);
  });

  for (const mode of ['persistent', 'balanced']) {
    it(`affinity-mode ${mode}: a session stays on its draining Pod until that is gone, and then begins elsewhere`, async () => {
      const name = `sticky-${mode}`;
      const web = await stage.site<Pod>({ name, annotations: { ...STICKY, 'affinity-mode': mode } }, 3, startPod);
      await open(name);
      const sessions = openSessions(stage.sluice.http, `${name}.test`, 6);
      const others = startTraffic(stage.sluice, `${name}.test`, ['new', 'http2', 'post']);
      traffic = others;
      try {
        await sessions.more(20);
        await web.roll(() => sessions.more(10));
        await sessions.more(10);
      } finally {
        await sessions.stop();
      }
      await others.expectNoLoss(50);
      sessions.expectNoLoss(100);
      const endOf = new Map(web.members.map(({ name: pod, ended }) => [pod, ended ?? Number.POSITIVE_INFINITY]));
      const fresh = new Set(web.ready.map((member) => member.name));
      const moves = sessions.moves();
      expect(moves.length, 'moves').to.be.at.least(6);
      for (const { from, to, at } of moves) {
        // On the ring a new Pod takes over some of the sessions at once.
        if (mode === 'balanced' && fresh.has(to)) continue;
        expect(at, `${from} to ${to}`).to.be.at.least(endOf.get(from) ?? 0);
      }
    });
  }
});
