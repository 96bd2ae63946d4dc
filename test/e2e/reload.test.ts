import { access, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { isAlive } from '../../controller/apply/process.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { countersOf } from '../support/counters.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { ingress, workload } from '../support/objects.ts';
import { sampleValue, scrape } from '../support/prometheus.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe('the reload law', () => {
  let pod: Pod;
  let sluice: Sluice;

  const web = (annotations: Record<string, string>): object => ingress({ name: 'web', host: 'web.test', annotations });
  const reloads = async (): Promise<number> => count((await sluice.logs()).err, 'nginx reloaded');
  const post = async (bytes: number): Promise<number> =>
    (await ask({ port: sluice.http, host: 'web.test', method: 'POST', body: Buffer.alloc(bytes) })).status;

  before(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      manifests: { 'pods.json': workload('web', [pod]), 'web.json': [web({})] },
      flags: ['--enable-metrics'],
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('timeouts are data: no reload', async () => {
    await sluice.write('web.json', [web({ 'proxy-read-timeout': '77' })]);
    await eventually(async () => {
      const text = await sluice.control.get('/v1/state/host/web.test', AbortSignal.timeout(1000));
      expect(text).to.contain('"read":77');
    });
    expect(await reloads()).to.equal(0);
  });

  it('a directive that is missing reloads once, and loses no request of HTTP/1 keepalive clients', async () => {
    const load = startLoad(sluice.http, 'web.test');
    const workers = new Set((await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid));
    for (const [round, size] of ['2m', '3m', '4m'].entries()) {
      await sluice.write('web.json', [web({ 'proxy-body-size': size })]);
      await eventually(async () => expect(await post((round + 2) * 1024 ** 2 - 10)).to.equal(200));
      expect(await reloads()).to.equal(round + 1);
    }
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    expect(load.served).to.be.above(500);
    const after = (await sluice.control.status(AbortSignal.timeout(1000))).workers;
    expect(after.some(({ pid }) => workers.has(pid))).to.equal(false);
  });

  it('its drain step asks HTTP/1 clients to reconnect, in every worker at once, and stops at once', async () => {
    const connectionHeaders = async (): Promise<string[]> => {
      const question = { port: sluice.http, host: 'web.test', headers: { Connection: 'keep-alive' } };
      const answers = await Promise.all(Array.from({ length: 16 }, () => ask(question)));
      return [...new Set(answers.map(({ headers }) => headers.connection ?? ''))];
    };
    expect(await connectionHeaders()).to.deep.equal(['keep-alive']);
    await sluice.control.drain('on', AbortSignal.timeout(1000));
    expect(await connectionHeaders()).to.deep.equal(['close']);
    await sluice.control.drain('off', AbortSignal.timeout(1000));
    expect(await connectionHeaders()).to.deep.equal(['keep-alive']);
  });

  it('replicas do not reload in step: a reload waits for a random time up to --reload-jitter, the start does not', async () => {
    expect((await sluice.logs()).err).to.not.contain('in step'); // manifests have one instance
    const replica = await startSluice({
      manifests: { 'pods.json': workload('web', [pod]), 'web.json': [web({ 'proxy-body-size': '2m' })] },
      flags: ['--reload-jitter=1'],
    });
    try {
      expect((await replica.logs()).err).to.not.contain('in step');
      const began = performance.now();
      await replica.write('web.json', [web({ 'proxy-body-size': '3m' })]);
      await eventually(async () => expect((await replica.logs()).err).to.contain('nginx reloaded'));
      const waited = Number(/reloading in (\d+) ms, so that replicas/.exec((await replica.logs()).err)?.[1]);
      expect(waited).to.be.within(1, 1000);
      expect(performance.now() - began).to.be.above(waited);
    } finally {
      await replica.stop();
    }
  });

  it('a profile that is loaded already does not reload', async () => {
    const before = await reloads();
    await sluice.write('other.json', [
      ingress({ name: 'other', host: 'other.test', annotations: { 'proxy-body-size': '4m' } }),
    ]);
    await eventually(() => askEcho({ port: sluice.http, host: 'other.test' }));
    expect(await reloads()).to.equal(before);
  });

  it('no request is missing from the counters, though the workers that counted it are gone', async () => {
    await sluice.write('count.json', [ingress({ name: 'count', host: 'count.test' })]);
    await eventually(() => askEcho({ port: sluice.http, host: 'count.test' }));
    const counted = async (): Promise<number> => (await countersOf(sluice.control))['default|count|web|200'] ?? 0;
    const workers = (await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid);
    await eventually(async () => expect(await counted()).to.be.above(0));
    const before = await counted();
    for (let i = 0; i < 50; i += 1) await askEcho({ port: sluice.http, host: 'count.test' });
    await sluice.write('web.json', [web({ 'proxy-body-size': '6m' })]);
    await eventually(() => expect(workers.some(isAlive)).to.equal(false));
    await eventually(async () => expect(await counted()).to.equal(before + 50));
  });
});

/**
 * An nginx that refuses what real files rarely hold: everything while a marker is there, and two body sizes. While another
 * marker is there its test goes on and on.
 */
async function pickyNginx(home: string): Promise<string> {
  const wrapper = join(home, 'nginx');
  const { path } = await inspectNginx(process.env);
  const lines = [
    '#!/bin/sh',
    'if [ "$1" = -t ]; then', // -t -p FOLDER -c FILE …
    `  while [ -e "${home}/hold" ]; do touch "${home}/held"; sleep 0.02; done`,
    `  if [ -e "${home}/refuse" ]; then echo 'nginx: [emerg] refused for the test' >&2; exit 1; fi`,
    `  line=$(grep -n ${7 * 1024 ** 2} "$5" | cut -d: -f1)`,
    '  if [ -n "$line" ]; then echo "nginx: [emerg] seven is too much in $5:$line" >&2; exit 1; fi',
    `  if grep -q ${8 * 1024 ** 2} "$5"; then echo 'nginx: [emerg] eight is unknown' >&2; exit 1; fi`,
    'fi',
    `exec "${path}" "$@"`,
  ];
  await writeFile(wrapper, `${lines.join('\n')}\n`);
  await chmod(wrapper, 0o755);
  return wrapper;
}

describe('configurations that nginx refuses', () => {
  let pod: Pod;
  let sluice: Sluice;
  let home: string;

  const host = (name: string, annotations: Record<string, string> = {}): object =>
    ingress({ name, host: `${name}.test`, annotations });
  const served = async (name: string): Promise<string> =>
    (await askEcho({ port: sluice.http, host: `${name}.test` })).backend;
  const logged = (pattern: RegExp): Promise<unknown> =>
    eventually(async () => expect((await sluice.logs()).err).to.match(pattern));
  const config = (): Promise<string> => sluice.config();

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice-refuse-'));
    pod = await startPod('web');
    sluice = await startSluice({
      environment: { SLUICE_NGINX: await pickyNginx(home) },
      flags: ['--enable-metrics'],
      manifests: {
        'pods.json': workload('web', [pod]),
        'a.json': [host('a')],
        'b.json': [host('b')],
        'bad.json': [host('bad', { 'proxy-body-size': '8m' })],
      },
    });
  });
  afterEach(async () => {
    await sluice?.stop();
    await pod.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('one set of directives that is refused, at the start or later, stops nobody else', async () => {
    await logged(
      /problem: error directives-refused: Ingress default\/bad: .* host bad\.test, path "\/": eight is unknown/,
    );
    expect((await ask({ port: sluice.http, host: 'bad.test' })).status).to.equal(503);
    expect(await served('a')).to.equal('web');

    // Two at once, one named by its line and one not; a third one is good.
    await sluice.write('two.json', [
      host('a', { 'proxy-body-size': '7m' }),
      host('c', { 'proxy-body-size': '8m', 'proxy-buffering': 'on' }),
      host('d', { 'proxy-body-size': '9m' }),
    ]);
    await sluice.remove('a.json');
    await eventually(() => served('d'));
    await logged(/directives-refused: Ingress default\/a: .*seven is too much/);
    await logged(/directives-refused: Ingress default\/c: .*eight is unknown/);
    expect(await served('a'), 'the last good version of a').to.equal('web');
    expect((await ask({ port: sluice.http, host: 'c.test' })).status).to.equal(503);
    expect(await config())
      .to.contain(String(9 * 1024 ** 2))
      .and.not.contain(String(7 * 1024 ** 2));

    await sluice.write('two.json', [host('a'), host('c', { 'proxy-buffering': 'on' }), host('d')]);
    await eventually(() => served('c'));
    await logged(/solved: error directives-refused: Ingress default\/a/);
  });

  it('other changes are live while a reload is under way', async () => {
    await writeFile(join(home, 'hold'), '');
    await sluice.write('a.json', [host('a', { 'proxy-buffering': 'on' })]);
    await eventually(() => access(join(home, 'held')));
    await sluice.write('c.json', [host('c')]);
    await eventually(() => served('c'));
    expect(count((await sluice.logs()).err, 'nginx reloaded')).to.equal(0);
    await rm(join(home, 'hold'));
    await logged(/nginx reloaded/);
  });

  it('a refusal of everything is a Problem; what ran goes on, other changes are live, and it recovers', async () => {
    await writeFile(join(home, 'refuse'), '');
    await sluice.write('a.json', [host('a', { 'proxy-buffering': 'on' })]);
    await logged(/problem: error reload-failed:.*refused for the test/);
    const metric = async (name: string): Promise<number | null> =>
      sampleValue(await scrape(sluice.health), `nginx_ingress_controller_${name}`);
    expect(await metric('config_last_reload_successful')).to.equal(0);
    expect(await metric('config_hash')).to.equal(0);
    expect(await metric('errors')).to.equal(1);
    expect(await served('a')).to.equal('web');
    expect(await config()).to.not.contain('proxy_buffering on');

    await sluice.write('c.json', [host('c')]);
    await eventually(() => served('c'));

    await rm(join(home, 'refuse'));
    await sluice.write('b.json', [host('b', { 'proxy-request-buffering': 'off' })]);
    await logged(/solved: error reload-failed/);
    expect(await metric('config_last_reload_successful')).to.equal(1);
    expect(await metric('config_hash')).to.be.above(0);
    expect(await config())
      .to.contain('proxy_buffering on')
      .and.contain('proxy_request_buffering off');
  });
});
