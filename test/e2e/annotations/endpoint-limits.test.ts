// upstream-max-connections, upstream-slow-start, upstream-hash-by-load-factor and proxy-next-upstream-budget: Sluice's own
// annotations about what one endpoint, and an outage, may cost.
import { Agent, createServer, request } from 'node:http';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type HoldingPod, startHoldingPod } from '../../support/holding.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { configMap, site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { openWebSocket, startWebSocketPod, type WebSocketPod } from '../../support/websocket.ts';

describe('what one endpoint may be given', () => {
  let sluice: Sluice;
  const busy: HoldingPod[] = [];
  const pods: Pod[] = [];
  let chat: WebSocketPod;
  let refused: Listener;
  let refusals = 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });

  before(async () => {
    for (const index of [1, 2, 3, 4, 5]) busy.push(await startHoldingPod(`busy-${index}`, `127.0.0.${200 + index}`));
    for (const index of [1, 2, 3]) pods.push(await startPod(`pod-${index}`, `127.0.0.${210 + index}`));
    chat = await startWebSocketPod('127.0.0.220');
    refused = await listen(
      createServer((_, response) => {
        refusals += 1;
        response.writeHead(503).end();
      }),
      '0.0.0.0',
    );
    const ill = [221, 222, 223].map((last) => ({ address: `127.0.0.${last}`, port: refused.port }));
    const everything = { 'proxy-next-upstream': 'error timeout http_503', 'proxy-next-upstream-tries': '3' };
    sluice = await startSluice({
      manifests: {
        'config.json': [configMap('sluice', { 'worker-processes': '2' })],
        'limited.json': site('limited', busy.slice(0, 2), { 'upstream-max-connections': '2' }),
        'hashed.json': site('hashed', busy, {
          'upstream-hash-by': '$request_uri',
          'upstream-hash-by-load-factor': '150',
        }),
        'sticky.json': site('sticky', busy.slice(0, 2), { 'upstream-max-connections': '1', affinity: 'cookie' }),
        'chat.json': site('chat', [chat], { 'upstream-max-connections': '1' }),
        'young.json': site('young', pods.slice(0, 2), { 'upstream-slow-start': '3' }),
        'ill.json': site('ill', ill, everything),
        'patient.json': site('patient', ill, { ...everything, 'proxy-next-upstream-budget': '0' }),
      },
      flags: ['--configmap=default/sluice'],
    });
  });
  afterEach(() => {
    for (const pod of busy) {
      pod.release();
      pod.hold();
    }
  });
  after(async () => {
    agent.destroy();
    await sluice?.stop();
    for (const pod of [...busy, ...pods]) await pod.stop();
    await chat?.stop();
    await refused?.stop();
  });

  const waiting = (): number => busy.reduce((sum, pod) => sum + pod.waiting(), 0);
  const begin = (host: string, count: number, headers: Record<string, string> = {}): Promise<number>[] =>
    Array.from({ length: count }, async () => (await ask({ port: sluice.http, host, headers })).status);

  it('upstream-max-connections: full endpoints are passed over, 503 when all are, in both workers', async () => {
    const first = begin('limited.test', 4);
    await eventually(() => expect(waiting()).to.equal(4));
    expect(busy.slice(0, 2).map((pod) => pod.waiting())).to.deep.equal([2, 2]);
    for (const answer of begin('limited.test', 8)) expect(await answer).to.equal(503);
    for (const pod of busy) pod.release();
    expect(await Promise.all(first)).to.deep.equal([200, 200, 200, 200]);
    // What was held is given back.
    for (const answer of begin('limited.test', 4)) expect(await answer).to.equal(200);
    expect(Math.max(...busy.map((pod) => pod.peak()))).to.equal(2);
    expect((await sluice.logs()).err).to.match(/every endpoint of default-limited-80 has 2 requests under way/);
  });

  it('upstream-max-connections: a client that leaves gives its place back', async () => {
    const leavers = Array.from({ length: 4 }, () => {
      const outgoing = request({
        port: sluice.http,
        host: '127.0.0.1',
        headers: { Host: 'limited.test' },
        agent: false,
      });
      outgoing.on('error', () => undefined); // it is cut below
      outgoing.end();
      return outgoing;
    });
    await eventually(() => expect(waiting()).to.equal(4));
    for (const leaver of leavers) leaver.destroy();
    await eventually(() => expect(waiting()).to.equal(0));
    const after = begin('limited.test', 4);
    await eventually(() => expect(waiting()).to.equal(4));
    for (const pod of busy) pod.release();
    expect(await Promise.all(after)).to.deep.equal([200, 200, 200, 200]);
  });

  it('upstream-max-connections: an open WebSocket holds its place until it ends', async () => {
    const socket = await openWebSocket(sluice.http, 'chat.test');
    expect((await ask({ port: sluice.http, host: 'chat.test' })).status).to.equal(503);
    socket.terminate();
    await eventually(async () => expect((await ask({ port: sluice.http, host: 'chat.test' })).status).to.equal(426));
  });

  it('upstream-max-connections: a session waits for nobody else, it stays on its endpoint', async () => {
    for (const pod of busy) pod.release();
    const { headers } = await ask({ port: sluice.http, host: 'sticky.test' });
    const cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    for (const pod of busy) pod.hold();
    const [first] = begin('sticky.test', 1, { Cookie: cookie });
    await eventually(() => expect(waiting()).to.equal(1));
    expect(await begin('sticky.test', 1, { Cookie: cookie })[0]).to.equal(503);
    const [other] = begin('sticky.test', 1);
    await eventually(() => expect(waiting()).to.equal(2));
    for (const pod of busy) pod.release();
    expect(await Promise.all([first, other])).to.deep.equal([200, 200]);
  });

  it('upstream-hash-by-load-factor: what one URI has over 150 percent of the mean goes to the next endpoints', async () => {
    const answers = begin('hashed.test', 30);
    await eventually(() => expect(waiting()).to.equal(30));
    // 1.5 times 30 / 5, rounded up in each of two workers; unbounded it would be 30.
    expect(Math.max(...busy.map((pod) => pod.waiting()))).to.be.within(7, 11);
    for (const pod of busy) pod.release();
    expect(new Set(await Promise.all(answers))).to.deep.equal(new Set([200]));
    // One at a time: always the same.
    const alone = new Set<string>();
    for (let index = 0; index < 6; index += 1) {
      alone.add((await askEcho({ port: sluice.http, host: 'hashed.test' })).backend);
    }
    expect(alone.size).to.equal(1);
  });

  it('upstream-slow-start: an endpoint that joins gets its part little by little, also after a reload', async () => {
    const shareOfThird = async (): Promise<number> => {
      let count = 0;
      for (let index = 0; index < 60; index += 1) {
        if ((await askEcho({ port: sluice.http, host: 'young.test' })).backend === 'pod-3') count += 1;
      }
      return count / 60;
    };
    expect(await shareOfThird()).to.equal(0); // both workers know the first two
    const joined = Date.now();
    await sluice.write('young.json', site('young', pods, { 'upstream-slow-start': '3' }));
    // A new profile: the workers that come know nothing but what the dictionary says.
    await sluice.write('reload.json', site('reload', pods, { 'proxy-buffer-size': '9k' }));
    await eventually(async () => expect((await ask({ port: sluice.http, host: 'reload.test' })).status).to.equal(200));
    const early = await shareOfThird();
    const seconds = (Date.now() - joined) / 1000;
    // At most what is due at the end of the count: a weight of seconds / 3 beside two of 1.
    const due = Math.min(1, seconds / 3);
    expect(early, `after ${seconds} s`).to.be.at.most(due / (2 + due) + 0.05);
    await eventually(async () => expect(await shareOfThird()).to.be.above(0.28));
  });

  it('proxy-next-upstream-budget: retries do not multiply an outage; 0 sets no limit', async () => {
    const load = async (host: string): Promise<number> => {
      refusals = 0;
      const one = (): Promise<number> =>
        new Promise((resolve, reject) => {
          const outgoing = request(
            { agent, host: '127.0.0.1', port: sluice.http, headers: { Host: host } },
            (response) => {
              response.resume().on('end', () => resolve(response.statusCode ?? 0));
            },
          );
          outgoing.on('error', reject);
          outgoing.end();
        });
      const answers = await Promise.all(Array.from({ length: 1500 }, one));
      expect(new Set(answers)).to.deep.equal(new Set([503]));
      return refusals;
    };
    expect(await load('patient.test')).to.equal(4500);
    // 20 percent, 100 that each of two workers has free, and what the 16 clients had under way.
    expect(await load('ill.test')).to.be.within(1500 + 200, 1500 + 300 + 200 + 16);
    await eventually(async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${sluice.health}/metrics`)).text();
      expect(Number(/^sluice_retries_total (\d+)/m.exec(metrics)?.[1])).to.be.above(3000);
      expect(Number(/^sluice_retries_withheld_total (\d+)/m.exec(metrics)?.[1])).to.be.above(500);
    });
    expect((await sluice.logs()).err).to.match(/default-ill-80 fails so often that its requests are not tried again/);
  });
});
