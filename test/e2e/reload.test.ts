import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { isAlive } from '../../controller/apply/process.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { ingress, workload } from '../support/objects.ts';
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
    sluice = await startSluice({ manifests: { 'pods.json': workload('web', [pod]), 'web.json': [web({})] } });
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
    const counted = async (): Promise<number> =>
      (await sluice.control.counters(AbortSignal.timeout(1000)))['default|count|web|200'] ?? 0;
    const workers = (await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid);
    await eventually(async () => expect(await counted()).to.be.above(0));
    const before = await counted();
    for (let i = 0; i < 50; i += 1) await askEcho({ port: sluice.http, host: 'count.test' });
    await sluice.write('web.json', [web({ 'proxy-body-size': '6m' })]);
    await eventually(() => expect(workers.some(isAlive)).to.equal(false));
    await eventually(async () => expect(await counted()).to.equal(before + 50));
  });

  it('other changes are live while a reload is under way', async () => {
    const before = await reloads();
    const asked = async (): Promise<number> => count((await sluice.logs()).err, 'a reload is needed');
    const askedBefore = await asked();
    await sluice.write('web.json', [web({ 'proxy-body-size': '5m' })]);
    await eventually(async () => expect(await asked()).to.be.above(askedBefore));
    await sluice.write('quick.json', [ingress({ name: 'quick', host: 'quick.test' })]);
    await eventually(() => askEcho({ port: sluice.http, host: 'quick.test' }));
    expect(await reloads(), 'the reload was over before the other change').to.equal(before);
    await eventually(async () => expect(await reloads()).to.equal(before + 1));
  });
});

describe('a reload that nginx refuses', () => {
  let pod: Pod;
  let sluice: Sluice;
  let home: string;

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice-refuse-'));
    const wrapper = join(home, 'nginx');
    const { path } = await inspectNginx(process.env);
    // Refuses a configuration test while the marker is there, as nginx does for a bad file.
    await writeFile(
      wrapper,
      `#!/bin/sh\nif [ "$1" = -t ] && [ -e "${home}/refuse" ]; then echo 'nginx: [emerg] refused for the test' >&2; exit 1; fi\nexec "${path}" "$@"\n`,
    );
    await chmod(wrapper, 0o755);
    pod = await startPod('web');
    sluice = await startSluice({
      environment: { SLUICE_NGINX: wrapper },
      manifests: {
        'pods.json': workload('web', [pod]),
        'a.json': [ingress({ name: 'a', host: 'a.test' })],
        'b.json': [ingress({ name: 'b', host: 'b.test' })],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('is a Problem; what ran goes on, other changes are live, and it recovers', async () => {
    await writeFile(join(home, 'refuse'), '');
    await sluice.write('a.json', [ingress({ name: 'a', host: 'a.test', annotations: { 'proxy-buffering': 'on' } })]);
    await eventually(async () => {
      expect((await sluice.logs()).err).to.match(/problem: error reload-failed:.*refused for the test/);
    });
    expect((await askEcho({ port: sluice.http, host: 'a.test' })).backend).to.equal('web');
    const config = await readFile(join(sluice.runDir, 'nginx.conf'), 'utf8');
    expect(config).to.not.contain('proxy_buffering on');

    await sluice.write('c.json', [ingress({ name: 'c', host: 'c.test' })]);
    await eventually(() => askEcho({ port: sluice.http, host: 'c.test' }));

    await rm(join(home, 'refuse'));
    await sluice.write('b.json', [
      ingress({ name: 'b', host: 'b.test', annotations: { 'proxy-request-buffering': 'off' } }),
    ]);
    await eventually(async () => expect((await sluice.logs()).err).to.contain('solved: error reload-failed'));
    const mended = await readFile(join(sluice.runDir, 'nginx.conf'), 'utf8');
    expect(mended).to.contain('proxy_buffering on').and.contain('proxy_request_buffering off');
  });
});
