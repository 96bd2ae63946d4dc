// What the logs say: a line for each change that was applied, and the access log where the ConfigMap sends it.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { configMap, ingress, site } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly changed?: readonly string[];
  readonly sent?: readonly string[];
  readonly reload?: string | null;
  readonly reason?: string;
  readonly ms?: number;
}

describe('logs', () => {
  let pod: Pod;
  let sluice: Sluice;
  let syslog: Socket;
  let folder: string;
  const received: string[] = [];

  const settings = (data: Readonly<Record<string, string>>): Promise<void> =>
    sluice.write('config.json', [configMap('sluice', data)]);
  const get = (path: string, headers: Readonly<Record<string, string>> = {}): ReturnType<typeof ask> =>
    ask({ port: sluice.http, host: 'web.test', path, headers });
  /** The lines of the controller; nginx writes to the same stream. */
  const lines = async (): Promise<Line[]> =>
    (await sluice.logs()).err
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  const said = (check: (line: Line) => boolean): Promise<Line> =>
    eventually(async () => {
      const line = (await lines()).find(check);
      if (line === undefined) throw new Error(`not among ${JSON.stringify(await lines())}`);
      return line;
    });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-logs-'));
    syslog = createSocket('udp4');
    syslog.on('message', (message) => received.push(message.toString()));
    syslog.bind(0, '127.0.0.1');
    await once(syslog, 'listening');
    pod = await startPod('web');
    sluice = await startSluice({
      manifests: { 'web.json': site('web', [pod]), 'config.json': [configMap('sluice', {})] },
      flags: ['--log-format=json', '--configmap=default/sluice'],
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
    syslog.close();
    await rm(folder, { recursive: true });
  });

  it('a change that is data has one line: what came, what was sent for it, how long it took', async () => {
    await sluice.write('new.json', [ingress({ name: 'new', host: 'new.test' })]);
    const line = await said(({ sent }) => sent?.includes('host/new.test') === true);
    expect(line.level).to.equal('info');
    expect(line.time).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(line.changed?.join()).to.contain('default/new');
    expect(line.reload).to.equal(null);
    expect(line.ms).to.be.within(0, 1000);
    await sluice.remove('new.json');
    await said(({ sent }) => sent?.includes('-host/new.test') === true);
  });

  it('a change that needs a reload says why, and the reload how long it took', async () => {
    await sluice.write('new.json', [
      ingress({ name: 'new', host: 'new.test', annotations: { 'proxy-body-size': '3m' } }),
    ]);
    const line = await said(({ reload }) => /@|p_[0-9a-f]+ is not loaded/.test(reload ?? ''));
    expect(line.msg).to.contain('a reload is needed');
    const reloaded = await said(({ msg }) => msg === 'nginx reloaded');
    expect(reloaded.reason).to.contain('not loaded');
    expect(reloaded.ms).to.be.above(0);
  });

  it('a storm of changes is one line, too, and not a long one', async () => {
    await sluice.write(
      'storm.json',
      Array.from({ length: 200 }, (_, index) => ingress({ name: `s-${index}`, host: `s-${index}.test` })),
    );
    const line = await said(({ sent }) => /more$/.test(sent?.at(-1) ?? ''));
    expect(JSON.stringify(line).length).to.be.below(2000);
  });

  it('enable-syslog: both logs go to the server, and standard output gets none', async () => {
    const { port } = syslog.address() as AddressInfo;
    await settings({ 'enable-syslog': 'true', 'syslog-host': '127.0.0.1', 'syslog-port': String(port) });
    await eventually(async () => {
      await get('/by-syslog');
      expect(received.join('\n')).to.match(/<190>.* nginx: 127\.0\.0\.1 - - .*"GET \/by-syslog HTTP\/1\.1" 200 /);
    });
    await said(({ reason }) => /settings that are directives changed/.test(reason ?? '')); // no old worker is left
    const before = (await sluice.logs()).out.length;
    await get('/only-syslog');
    await eventually(async () => expect(received.join('\n')).to.contain('/only-syslog'));
    expect((await sluice.logs()).out.slice(before)).to.not.contain('/only-syslog');
  });

  it('access-log-path, access-log-params: a file, written at once unless buffered', async () => {
    const file = join(folder, 'access.log');
    await settings({ 'access-log-path': file, 'log-format-upstream': '$request_id|$uri|$ingress_name' });
    await eventually(async () => {
      await get('/in-file');
      expect(await readFile(file, 'utf8')).to.match(/^[0-9a-f]{32}\|\/in-file\|web$/m);
    });
  });

  it('what clients send cannot forge a line, as text or as JSON', async () => {
    await settings({ 'log-format-upstream': '{"agent":"$http_user_agent"}', 'log-format-escape-json': 'true' });
    const agent = 'x"\\}forged\t';
    await eventually(async () => {
      await get('/json', { 'User-Agent': agent });
      const line = (await sluice.logs()).out.split('\n').find((each) => each.includes('forged'));
      expect((JSON.parse(line ?? '') as { agent: string }).agent).to.equal(agent);
    });
    await settings({ 'log-format-upstream': 'text "$http_user_agent" end' });
    await eventually(async () => {
      await get('/text', { 'User-Agent': 'y"\\forged' });
      expect((await sluice.logs()).out).to.contain('text "y\\x22\\x5Cforged" end');
    });
  });

  it('disable-access-log: none', async () => {
    await settings({ 'disable-access-log': 'true' });
    await eventually(async () => expect(await sluice.config()).to.contain('access_log off;\n\n'));
    await eventually(async () => {
      const before = (await sluice.logs()).out;
      await get('/unheard');
      await get('/unheard');
      expect((await sluice.logs()).out).to.equal(before);
    });
  });
});
