import { createServer, type ServerResponse } from 'node:http';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { askHttp2, openHttp2 } from '../../support/http2.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { configMap, ingress, service, slices, workload } from '../../support/objects.ts';
import { openRaw } from '../../support/raw.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { workersOf } from '../../support/workers.ts';

describe('annotations limit-*', () => {
  let sluice: Sluice;
  let pod: Pod;
  let slow: Listener;
  const held: ServerResponse[] = [];
  const release = (): void => {
    for (const response of held.splice(0)) response.end('done');
  };
  const site = (name: string, annotations: Record<string, string>, target = 'web'): object =>
    ingress({
      name,
      host: `${name}.test`,
      paths: [
        { path: '/', service: target },
        { path: '/other', service: target },
      ],
      annotations,
    });
  const get = (host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${host}.test`, path, headers });
  /** How many of each status, when so many requests come at once. */
  const atOnce = async (count: number, host: string, path = '/'): Promise<Record<number, number>> => {
    const answers = await Promise.all(Array.from({ length: count }, () => get(host, path)));
    const statuses: Record<number, number> = {};
    for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
    return statuses;
  };
  /** Starts slow requests, and waits until they are at the backend. */
  const hold = async (count: number, host: string, path = '/'): Promise<Promise<Answer>[]> => {
    const before = held.length;
    // A request counts until nginx has logged it, which may be after its client has all of the answer.
    const admitted = async (): Promise<Answer> => {
      for (let tries = 1; ; tries += 1) {
        const answer = await get(host, path);
        if (answer.status === 200 || tries === 500) return answer;
      }
    };
    const requests = Array.from({ length: count }, admitted);
    for (const request of requests) request.catch(() => {}); // who awaits it is told
    await eventually(() => expect(held.length).to.equal(before + count));
    return requests;
  };

  before(async () => {
    pod = await startPod('web');
    const server = createServer((_, response) => held.push(response));
    slow = await listen(server, '127.0.0.1');
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'web.json': [
          ...workload('web', [pod]),
          service('slow'),
          ...slices('slow', [slow]),
          // A minute is long enough for a test to see one request at a time.
          site('rps', { 'limit-rps': '1' }),
          site('rpm', { 'limit-rpm': '1' }),
          site('shared', { 'limit-rpm': '1' }),
          site('burst', { 'limit-rpm': '1', 'limit-burst-multiplier': '1' }),
          site('both', { 'limit-rps': '1000', 'limit-rpm': '1', 'limit-burst-multiplier': '2' }),
          site('load', { 'limit-rpm': '60' }),
          site('zero', { 'limit-rps': '0', 'limit-rpm': '-1', 'limit-connections': '0' }),
          site('exempt', { 'limit-rpm': '1', 'limit-allowlist': '10.0.0.0/8, ::1, 127.0.0.0/30' }),
          site('alias', { 'limit-rpm': '1', 'limit-whitelist': '127.0.0.1' }),
          site('foreign', { 'limit-rpm': '1', 'limit-allowlist': '127.0.0.128/25, 10.0.0.0/8, ::/0' }),
          site('redirected', { 'limit-rpm': '1', 'limit-burst-multiplier': '0', 'force-ssl-redirect': 'true' }),
          site('preflight', { 'limit-rpm': '1', 'limit-burst-multiplier': '0', 'enable-cors': 'true' }),
          site('errors', { 'limit-rpm': '1', 'limit-burst-multiplier': '0', 'custom-http-errors': '503' }),
          site('headers', { 'limit-rpm': '1', 'limit-burst-multiplier': '0' }),
          site('many', { 'limit-connections': '8' }, 'slow'),
          site('streams', { 'limit-connections': '8' }, 'slow'),
          site('leaving', { 'limit-connections': '8' }, 'slow'),
          site('crash', { 'limit-connections': '2' }, 'slow'),
        ],
        'settings.json': [configMap('settings', { 'worker-processes': '2' })],
      },
    });
  });
  afterEach(release);
  after(async () => {
    release();
    await sluice?.stop();
    await pod.stop();
    await slow.stop();
  });

  it('limit-rps: a burst of five times the rate is served at once, what is over it gets 503 (GLOB-04)', async () => {
    const start = performance.now();
    const statuses = await atOnce(20, 'rps');
    expect(statuses[200]).to.be.within(6, 6 + Math.ceil((performance.now() - start) / 1000));
    expect(statuses[503]).to.equal(20 - (statuses[200] ?? 0));
    await eventually(async () => expect((await get('rps')).status).to.equal(200));
  });

  it('limit-rpm: one of six requests too many is refused, over all workers', async () => {
    expect(await atOnce(20, 'rpm')).to.deep.equal({ 200: 6, 503: 14 });
  });

  it('limit-rpm: the paths of an Ingress share a counter, Ingresses do not', async () => {
    expect(await atOnce(3, 'shared')).to.deep.equal({ 200: 3 });
    expect(await atOnce(10, 'shared', '/other')).to.deep.equal({ 200: 3, 503: 7 });
  });

  it('limit-rpm: no request is lost from the count when all workers count at once', async () => {
    const start = performance.now();
    let passed = 0;
    for (let round = 0; round < 10; round += 1) passed += (await atOnce(80, 'load'))[200] ?? 0;
    const drained = Math.ceil((performance.now() - start) / 1000);
    expect(passed).to.be.within(301, 301 + drained);
  });

  it('limit-burst-multiplier: sets the burst', async () => {
    expect(await atOnce(10, 'burst')).to.deep.equal({ 200: 2, 503: 8 });
  });

  it('limit-rps and limit-rpm: a request must pass both', async () => {
    expect(await atOnce(10, 'both')).to.deep.equal({ 200: 3, 503: 7 });
  });

  it('limit-rps, limit-rpm, limit-connections: 0 and less set no limit', async () => {
    expect(await atOnce(30, 'zero')).to.deep.equal({ 200: 30 });
  });

  it('limit-allowlist and limit-whitelist: clients in the list are not counted', async () => {
    for (const host of ['exempt', 'alias']) expect(await atOnce(20, host), host).to.deep.equal({ 200: 20 });
    expect(await atOnce(20, 'foreign')).to.deep.equal({ 200: 6, 503: 14 });
  });

  it('limit-rpm: redirected requests and preflights do not count (PHASE-01, PHASE-02)', async () => {
    expect(await atOnce(5, 'redirected')).to.deep.equal({ 308: 5 });
    expect((await ask({ port: sluice.https, host: 'redirected.test', tls: true })).status).to.equal(200);
    expect((await ask({ port: sluice.https, host: 'redirected.test', tls: true })).status).to.equal(503);
    for (const status of [204, 204, 204]) {
      expect((await ask({ port: sluice.http, host: 'preflight.test', method: 'OPTIONS' })).status).to.equal(status);
    }
    expect([(await get('preflight')).status, (await get('preflight')).status]).to.deep.equal([200, 503]);
  });

  it('limit-rpm: a refusal is an error like others: custom-http-errors replaces it', async () => {
    expect([(await get('errors')).status, (await get('errors')).status]).to.deep.equal([200, 404]);
  });

  it('limit-connections: so many requests at the same time, over all paths and workers', async () => {
    const running = await hold(5, 'many');
    running.push(...(await hold(3, 'many', '/other')));
    expect(await atOnce(12, 'many')).to.deep.equal({ 503: 12 });
    release();
    for (const { status } of await Promise.all(running)) expect(status).to.equal(200);
    await hold(8, 'many');
    expect((await get('many')).status).to.equal(503);
  });

  it('limit-connections: counts the streams of one HTTP/2 connection each', async () => {
    const session = await openHttp2('https', sluice.https, 'streams.test');
    const answers = Array.from({ length: 10 }, () => askHttp2(session, { ':authority': 'streams.test' }));
    await eventually(() => expect(held).to.have.length(8));
    const refused = await Promise.any(answers);
    expect(refused.status).to.equal(503);
    release();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.sort()).to.deep.equal([...Array<number>(8).fill(200), 503, 503]);
    session.destroy();
  });

  it('limit-connections: a client that goes away is no longer counted', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => openRaw(sluice.http)));
    for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: leaving.test\r\n\r\n');
    await eventually(() => expect(held).to.have.length(8));
    expect((await get('leaving')).status).to.equal(503);
    for (const client of clients) client.close();
    held.length = 0;
    await eventually(async () => {
      const probe = get('leaving');
      const arrived = eventually(() => expect(held).to.have.length(1)).then(() => null);
      expect(await Promise.race([probe, arrived])).to.equal(null);
    });
  });

  it('limit-connections: what a killed worker held is given back', async () => {
    await hold(2, 'crash');
    expect((await get('crash')).status).to.equal(503);
    const before = await workersOf(sluice);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const now = await workersOf(sluice);
      expect(now).to.have.length(2);
      expect(now.filter((pid) => before.includes(pid))).to.deep.equal([]);
    });
    held.length = 0;
    await hold(2, 'crash');
    expect((await get('crash')).status).to.equal(503);
  });

  it('limit-connections: a reload changes nothing in the count, and leaks nothing', async () => {
    const running = await hold(2, 'crash');
    const before = await workersOf(sluice);
    await sluice.write('late.json', [site('late', { 'proxy-body-size': '3m' })]);
    await eventually(async () => expect(await workersOf(sluice)).to.not.have.members(before));
    await eventually(async () => expect((await get('late')).status).to.equal(200));
    expect((await get('crash')).status).to.equal(503);
    release();
    await Promise.all(running);
    await hold(2, 'crash');
    expect((await get('crash')).status).to.equal(503);
  });

  it('limit-req-status-code, limit-conn-status-code and limit-conn-zone-variable of the ConfigMap (GLOB-04)', async () => {
    const before = await workersOf(sluice);
    await sluice.write('settings.json', [
      configMap('settings', {
        'worker-processes': '2',
        'limit-req-status-code': '429',
        'limit-conn-status-code': '420',
        'limit-conn-zone-variable': '$http_x_client',
      }),
    ]);
    await eventually(async () => {
      const unique = { 'X-Client': String(process.hrtime.bigint()) };
      expect((await get('headers', '/', unique)).status).to.equal(200);
      expect((await get('headers', '/', unique)).status).to.equal(429);
    });
    // An empty key is not counted.
    expect(await atOnce(5, 'headers')).to.deep.equal({ 200: 5 });
    const client = { 'X-Client': 'one' };
    const running = [1, 2].map(() => get('crash', '/', client));
    await eventually(() => expect(held).to.have.length(2));
    expect((await get('crash', '/', client)).status).to.equal(420);
    release();
    await Promise.all(running);
    expect(await workersOf(sluice)).to.have.members(before);
  });
});
