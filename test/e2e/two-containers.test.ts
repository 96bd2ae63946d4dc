// Controller and nginx as two containers: one folder with the configuration, which the controller writes, one with the sockets,
// which nginx writes, each read-only for the other. Under load, with every lost request counted.
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isAlive } from '../../controller/apply/process.ts';
import { CONFIG_FILES, RUN_FILES } from '../../controller/render/folders.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { figure, tally } from '../support/figure.ts';
import { startHttp1Clients, startHttp2Clients } from '../support/leaving.ts';
import { type Http1Load, startLoad } from '../support/load.ts';
import { execIn, isolated, mayIsolate } from '../support/mounts.ts';
import { ingress, workload } from '../support/objects.ts';
import { type Options, runSluice, type Sluice, startSluice } from '../support/sluice.ts';
import { type NginxContainer, startNginxContainer } from '../support/supervisor.ts';
import { workersOf } from '../support/workers.ts';

/** From the kill of the nginx container until the next one serves: its program starts, then nginx, on two busy cores. */
const MAX_GAP_MS = 8000;
const GONE = ['ECONNREFUSED', 'ECONNRESET', 'socket hang up', 'aborted', '503'];

describe('two containers', function () {
  this.timeout(60_000);
  let isolation: 'container' | 'none';
  let home: string;
  let folders: { confDir: string; runDir: string };
  let pod: Pod;
  let nginx: NginxContainer | null;
  let sluice: Sluice | null;
  let loads: Http1Load[];

  const web = (annotations: Record<string, string> = {}): object =>
    ingress({ name: 'web', host: 'web.test', annotations });
  const startNginx = async (flags: readonly string[] = []): Promise<NginxContainer> => {
    nginx = await startNginxContainer({ ...folders, logFile: join(home, 'nginx.log'), isolation, flags });
    return nginx;
  };
  const startController = async (options: Options = {}): Promise<Sluice> => {
    sluice = await startSluice({
      manifests: { 'pods.json': workload('web', [pod]), 'web.json': [web()] },
      ...folders,
      nginx: 'elsewhere',
      prefix: isolation === 'container' ? isolated(folders.runDir, 'shared') : [],
      ...options,
      flags: ['--nginx-mode=remote', ...(options.flags ?? [])],
    });
    return sluice;
  };
  const startBoth = async (
    flags: readonly string[] = [],
  ): Promise<{ controller: Sluice; container: NginxContainer }> => {
    const container = await startNginx();
    return { container, controller: await startController({ flags }) };
  };
  const load = (controller: Sluice): Http1Load => {
    const started = startLoad(controller.http, 'web.test');
    loads.push(started);
    return started;
  };
  const moreServed = (by: Http1Load, count: number): Promise<void> => {
    const before = by.served;
    return eventually(() => void expect(by.served).to.be.above(before + count), 20_000);
  };
  const errOf = async (controller: Sluice): Promise<string> => (await controller.logs()).err;
  const endOf = async (controller: Sluice): Promise<number | null> => {
    const { process: program } = controller;
    if (program.exitCode === null && program.signalCode === null) await once(program, 'exit');
    return program.exitCode;
  };
  const expectHealth = async (controller: Sluice): Promise<void> => {
    await controller.write('late.json', [ingress({ name: 'late', host: 'late.test' })]);
    await eventually(() => askEcho({ port: controller.http, host: 'late.test' }));
    const after = load(controller);
    await moreServed(after, 300);
    await after.stop();
    expect(after.lost, 'after the fault').to.deep.equal([]);
  };

  before(async () => {
    isolation = (await mayIsolate()) ? 'container' : 'none';
    if (isolation === 'none') figure('this machine makes no namespaces for us: plain processes, folders not read-only');
  });
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice-two-'));
    folders = { confDir: join(home, 'conf'), runDir: join(home, 'run') };
    await mkdir(folders.confDir, { mode: 0o700 });
    await mkdir(folders.runDir, { mode: 0o711 });
    [nginx, sluice, loads] = [null, null, []];
    pod = await startPod('web');
  });
  afterEach(async () => {
    for (const started of loads) await started.stop();
    await Promise.all([sluice?.stop(), nginx?.end('SIGTERM')]);
    await pod.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('serve; rules change without a reload, directives with one; what nginx refuses is left out', async () => {
    const { controller, container } = await startBoth();
    const during = load(controller);
    const before = await workersOf(controller);
    await controller.write('late.json', [ingress({ name: 'late', host: 'late.test' })]);
    await eventually(() => askEcho({ port: controller.http, host: 'late.test' }));
    expect(await workersOf(controller)).to.deep.equal(before);
    await controller.write('web.json', [web({ 'proxy-body-size': '5m' })]);
    await eventually(async () => expect(await errOf(controller)).to.contain('nginx reloaded'));
    expect(await workersOf(controller)).to.not.include.members(before);
    await controller.write('bad.json', [
      ingress({ name: 'bad', host: 'bad.test', annotations: { 'ssl-ciphers': 'NO-SUCH-CIPHER' } }),
    ]);
    await eventually(async () => {
      expect(await errOf(controller)).to.match(/directives-refused: Ingress default\/bad: .*NO-SUCH-CIPHER/);
    });
    expect((await ask({ port: controller.http, host: 'bad.test' })).status).to.equal(403);
    expect(await controller.config()).to.not.contain('NO-SUCH-CIPHER');
    await during.stop();
    expect(during.lost).to.deep.equal([]);
    expect(during.served).to.be.above(300);
    expect(await container.log()).to.contain('nginx was told to load its configuration');
  });

  it('sluice routes and the like ask the controller in the folder that is its own to write (R11, R12)', async () => {
    await startBoth();
    const where = [`--conf-dir=${folders.confDir}`, `--run-dir=${folders.runDir}`];
    const { status, out, err } = await runSluice(['routes', 'web.test', ...where]);
    expect({ status, err }).to.deep.equal({ status: 0, err: '' });
    expect(out).to.match(/\nweb\.test +\/ +prefix +default\/web\/80 +1\/1 /);
    expect((await stat(join(folders.confDir, CONFIG_FILES.inspection))).isSocket()).to.equal(true);
  });

  it('each folder is written by one side, and for our user only (R11, R12)', async function () {
    const { controller, container } = await startBoth();
    const modes = async (folder: string, names: readonly string[]): Promise<string[]> =>
      Promise.all(names.map(async (name) => ((await stat(join(folder, name))).mode & 0o077).toString(8)));
    expect(await modes(folders.confDir, Object.values(CONFIG_FILES))).to.deep.equal(
      Object.values(CONFIG_FILES).map(() => '0'),
    );
    expect(await modes(folders.runDir, ['sockets'])).to.deep.equal(['0']);
    expect((await stat(join(folders.runDir, RUN_FILES.control))).isSocket()).to.equal(true);
    if (isolation === 'none') this.skip();
    const touch = (pid: number, folder: string) => execIn(pid, ['touch', join(folder, 'written')]);
    expect((await touch(container.pid, folders.confDir)).err).to.contain('Read-only file system');
    expect((await touch(controller.process.pid ?? 0, folders.runDir)).err).to.contain('Read-only file system');
    expect((await touch(container.pid, folders.runDir)).status).to.equal(0);
  });

  for (const first of ['controller', 'nginx'] as const) {
    it(`start in any order: the ${first} first`, async () => {
      if (first === 'nginx') {
        const container = await startNginx();
        await eventually(async () => expect(await container.log()).to.contain('waiting for the controller'));
        await askEcho({ port: (await startController()).http, host: 'web.test' });
        return;
      }
      // It is alive while it waits, and not ready.
      const controller = await startController({ until: 'healthy' });
      await eventually(async () => expect(await errOf(controller)).to.match(/does not answer at .*Waiting for it/));
      expect((await ask({ port: controller.health, path: '/readyz' })).status).to.equal(503);
      await startNginx();
      await eventually(async () => {
        expect((await ask({ port: controller.health, path: '/readyz' })).status).to.equal(200);
      });
      await askEcho({ port: controller.http, host: 'web.test' });
      expect((await errOf(controller)).match(/Waiting for it/g)).to.have.length(1);
    });
  }

  it('the nginx container is killed and started again: it is sent everything, and until then we are not ready', async () => {
    const { controller, container } = await startBoth();
    const during = load(controller);
    await moreServed(during, 200);
    await container.end('SIGKILL');
    await eventually(async () => {
      expect((await ask({ port: controller.health, path: '/readyz' })).status).to.equal(503);
    });
    expect((await ask({ port: controller.health, path: '/healthz' })).status).to.equal(200);
    await startNginx();
    await moreServed(during, 300);
    await during.stop();
    figure(`the nginx container killed: ${tally(during.lost)} lost of ${during.served}, ${during.longestGap} ms`);
    expect(during.lost.filter((why) => !GONE.includes(why))).to.deep.equal([]);
    expect(during.longestGap).to.be.below(MAX_GAP_MS);
    await eventually(async () => {
      expect((await ask({ port: controller.health, path: '/readyz' })).status).to.equal(200);
    });
    await expectHealth(controller);
  });

  it('nginx itself is killed: the controller has it started again', async () => {
    const { controller, container } = await startBoth();
    const during = load(controller);
    await moreServed(during, 200);
    const [master] = /master: (\d+)/.exec(await errOf(controller))?.slice(1) ?? [];
    if (isolation === 'container') await execIn(container.pid, ['kill', '-KILL', String(master)]);
    else process.kill(Number(master), 'SIGKILL');
    await eventually(async () => expect(await errOf(controller)).to.contain('nginx started again'));
    await moreServed(during, 300);
    await during.stop();
    figure(`nginx killed: ${tally(during.lost)} lost of ${during.served}, ${during.longestGap} ms`);
    expect(during.lost.filter((why) => !GONE.includes(why))).to.deep.equal([]);
    await expectHealth(controller);
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`the controller alone gets ${signal}: nginx serves on, the next controller adopts it, and nothing is lost`, async () => {
      const { controller } = await startBoth();
      const during = load(controller);
      const before = await workersOf(controller);
      await moreServed(during, 200);
      controller.process.kill(signal);
      const status = await endOf(controller);
      if (signal === 'SIGTERM') expect(status).to.equal(0);
      await moreServed(during, 200);
      const next = await controller.restart();
      sluice = next;
      expect(await errOf(next)).to.contain('nginx adopted');
      expect(await workersOf(next)).to.have.members(before);
      await expectHealth(next);
      await during.stop();
      expect(during.lost).to.deep.equal([]);
    });
  }

  it('the end of a Pod: both get SIGTERM under load, no request fails, and both end with 0', async () => {
    const { controller, container } = await startBoth(['--shutdown-grace-period=1']);
    const clients = [
      startHttp1Clients(controller.http, 'web.test', 8),
      startHttp2Clients(controller.https, 'web.test', 4),
    ];
    const newcomers = load(controller);
    await moreServed(newcomers, 200);
    const workers = await workersOf(controller);
    const ended = container.end('SIGTERM');
    controller.process.kill('SIGTERM');
    await eventually(async () => {
      expect((await ask({ port: controller.health, path: '/readyz' })).status).to.equal(503);
    });
    await newcomers.stop(); // nobody sends new clients to a Pod that is not ready
    await eventually(async () => expect(await errOf(controller)).to.contain('nginx finishes its requests'));
    for (const all of clients) all.goWhenTold(); // from here on, so that it is the drain that tells them
    const status = await endOf(controller);
    expect(await ended).to.equal(0);
    expect(status).to.equal(0);
    await Promise.all(clients.map((all) => all.done()));
    figure(
      `${clients.map(({ served }) => served).join(' + ')} requests on ${8 + 4} connections, ${newcomers.served} others`,
    );
    expect(newcomers.lost).to.deep.equal([]);
    expect(clients.map(({ lost }) => lost)).to.deep.equal([[], []]);
    expect(clients.map(({ left }) => left)).to.deep.equal([8, 4]);
    if (isolation === 'none') expect(workers.some(isAlive)).to.equal(false);
    expect(await container.log()).to.match(/waiting for the controller to say.*nginx has ended.*stopped/s);
    expect(await readFile(join(folders.runDir, RUN_FILES.pid), 'utf8').catch(() => 'none')).to.equal('none');
  });

  it('the nginx container alone gets SIGTERM without a controller: its own grace, then nginx tells clients to go', async () => {
    const container = await startNginx(['--shutdown-grace-period=1']);
    const controller = await startController();
    const clients = startHttp1Clients(controller.http, 'web.test', 8);
    await eventually(() => void expect(clients.served).to.be.above(200));
    controller.process.kill('SIGKILL');
    await endOf(controller);
    clients.goWhenTold();
    expect(await container.end('SIGTERM')).to.equal(0);
    await clients.done();
    expect(clients.lost).to.deep.equal([]);
    expect(clients.left).to.equal(8);
    nginx = null;
  });

  it('a preStop hook (/wait-shutdown) of the nginx container has nginx serve until the controller says that it may go', async function () {
    if (isolation === 'none') this.skip();
    const { controller, container } = await startBoth();
    const ended = once(container.process, 'exit');
    // The hook's own container ends under it: whether it is still there to say so does not matter.
    const hook = execIn(container.pid, [join(import.meta.dirname, '../../bin/sluice'), 'wait-shutdown']);
    controller.process.kill('SIGTERM');
    expect(await endOf(controller)).to.equal(0);
    expect((await ended)[0]).to.equal(0);
    await hook;
    expect(await container.log()).to.contain('nginx has ended');
    nginx = null;
  });
});
