// sluice diff and top on a running controller, where a command finds it, and the kubectl plugin. One Sluice for all.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { makePair } from '../support/certificates.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeKubectl, makeKubectl } from '../support/fake-kubectl.ts';
import { configMap, ingress, opaque, secret, site } from '../support/objects.ts';
import { manifestText, runSluice, SLUICE, type Sluice, startSluice } from '../support/sluice.ts';

const PLUGIN = join(dirname(SLUICE), 'kubectl-sluice');

describe('sluice diff, top and kubectl sluice', () => {
  let sluice: Sluice;
  let pod: Pod;
  let edited: string;
  const kubectls: FakeKubectl[] = [];
  const run = (...args: string[]) => runSluice([...args, `--run-dir=${sluice.runDir}`]);

  before(async () => {
    pod = await startPod('pod', '127.0.0.195');
    sluice = await startSluice({
      manifests: {
        'config.json': [configMap('sluice', { 'worker-processes': '1' })],
        'a.json': site('a', [pod], { 'proxy-read-timeout': '60' }),
        'b.json': [
          ...site('b', [pod]),
          secret('b-tls', await makePair(['b.test'])),
          opaque('passwords', { auth: 'ann:$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0\n' }),
          ingress({
            name: 'b-in',
            host: 'b-in.test',
            paths: [{ service: 'b' }],
            tls: [{ hosts: ['b.test'], secretName: 'b-tls' }],
            annotations: { 'auth-type': 'basic', 'auth-secret': 'passwords' },
          }),
        ],
      },
      flags: ['--configmap=default/sluice', '--enable-metrics'],
    });
    edited = await mkdtemp(join(tmpdir(), 'sluice-edited-'));
  });

  beforeEach(async () => {
    await rm(edited, { recursive: true });
    await cp(sluice.folder, edited, { recursive: true });
  });

  after(async () => {
    await sluice?.stop();
    await pod.stop();
    for (const kubectl of kubectls) await kubectl.remove();
    await rm(edited, { recursive: true, force: true });
  });

  const diff = async (...args: string[]) => run('diff', `--manifests=${edited}`, ...args);
  const edit = (file: string, content: readonly object[]) => writeFile(join(edited, file), manifestText(content));

  it('sluice diff finds nothing in the manifests that are served', async () => {
    expect(await diff()).to.deep.equal({ status: 0, out: '', err: 'no differences\n' });
    expect((await diff('-o', 'json')).out).to.equal('{\n  "changes": [],\n  "reload": null\n}\n');
  });

  it('sluice diff says which fields change, what comes and goes, and that data needs no reload', async () => {
    await edit('a.json', site('a', [pod], { 'proxy-read-timeout': '5' }));
    await edit('c.json', site('c', [pod], { 'no-such-thing': 'x' }));
    await rm(join(edited, 'b.json'));
    const { status, out, err } = await diff();
    expect(status).to.equal(1);
    expect(out.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).to.deep.equal([
      'CHANGE  KIND  NAME  WHAT',
      'changed  host  a.test  routes.prefix /.policy.timeouts.read: 60 → 5',
      'removed  host  b-in.test  -',
      'removed  host  b.test  -',
      'added  host  c.test  -',
      'removed  backend  default/b/80  -',
      'added  backend  default/c/80  -',
      'no reload: all of it is data',
      '',
    ]);
    expect(err).to.match(/^warning annotation-unknown: Ingress default\/c: /);
  });

  it('sluice diff says why nginx would be reloaded, and is right: then the controller does', async () => {
    await edit('a.json', site('a', [pod], { 'proxy-buffering': 'on' }));
    await edit('config.json', [
      configMap('sluice', { 'worker-processes': '1', 'gzip-level': '9', 'use-gzip': 'true' }),
    ]);
    const { out } = await diff('-o', 'json');
    const { changes, reload } = JSON.parse(out) as {
      changes: { change: string; kind: string; name: string }[];
      reload: string;
    };
    expect(reload).to.match(/^settings that are directives changed; p_\w+ is not loaded$/);
    const profiles = changes.filter(({ kind }) => kind === 'profile').map(({ change }) => change);
    expect(profiles).to.deep.equal(['added']);
    const name = changes.find(({ kind }) => kind === 'profile')?.name ?? '';
    await sluice.write('a.json', site('a', [pod], { 'proxy-buffering': 'on' }));
    await eventually(async () => expect(await sluice.config()).to.contain(`# profile ${name}\n`));
    await eventually(async () =>
      expect(JSON.parse((await diff('-o', 'json')).out)).to.deep.include({
        reload: 'settings that are directives changed',
      }),
    );
  });

  it('sluice explain is told by the same flags where the controller is', async () => {
    const { status, out } = await run('explain', 'http://a.test/');
    expect(status).to.equal(0);
    expect(out).to.contain('default/a');
  });

  it('sluice diff without a source says what it needs', async () => {
    const { status, err } = await run('diff');
    expect(status).to.equal(64);
    expect(err).to.contain('--manifests=DIR');
  });

  it('sluice top measures a second where no terminal is', async () => {
    const rates = await eventually(async () => {
      const measuring = run('top', '-o', 'json', '--by=backend');
      let isOver = false;
      void measuring.finally(() => {
        isOver = true;
      });
      while (!isOver) await ask({ port: sluice.http, host: 'a.test' });
      const { status, out } = await measuring;
      expect(status).to.equal(0);
      const found = (
        JSON.parse(out) as { name: string; perSecond: number; errorsPerSecond: number; p99: number | null }[]
      ).find(({ name }) => name === 'default/a');
      expect(found?.perSecond).to.be.above(1);
      return found;
    }, 30_000);
    expect(rates?.errorsPerSecond).to.equal(0);
    expect(rates?.p99).to.be.above(0).and.below(10);
    expect((await run('top', '--once', '--by=host')).out).to.match(/ a\.test\n/);
    const { out } = await run('top', '--once');
    expect(out).to.match(/^ *REQ\/S +4XX\/S +5XX\/S +P50 +P99 +REQUESTS +NAME\n/);
    expect(out).to.match(/ default\/a\n/);
  });

  it('sluice top paints a terminal each second, and leaves it as it was with q', async function () {
    if (spawnSync('script', ['--version']).error !== undefined) this.skip(); // util-linux makes the terminal
    const command = `stty cols 100 rows 30; ${SLUICE} top --run-dir=${sluice.runDir}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    const ended = once(child, 'exit');
    await eventually(() => expect(out.split('requests/s').length).to.be.above(2), 20_000);
    child.stdin.write('q');
    expect(await ended).to.deep.equal([0, null]);
    expect(out).to.contain('\u001b[?1049h');
    expect(out.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).to.equal(true);
  });

  describe('kubectl sluice', () => {
    const kubectl = async (...pods: string[]): Promise<FakeKubectl> => {
      const made = await makeKubectl(pods, dirname(SLUICE));
      kubectls.push(made);
      return made;
    };
    const plugin = (fake: FakeKubectl, ...args: string[]) => {
      const env = { ...process.env, PATH: `${fake.folder}:${process.env['PATH']}`, NO_COLOR: '' };
      const { status, stdout, stderr } = spawnSync(PLUGIN, args, { encoding: 'utf8', env });
      return { status, out: stdout, err: stderr };
    };

    it('finds a Pod by its labels, runs the command in it, and passes the exit status on', async () => {
      const fake = await kubectl('ctl-1', 'ctl-2');
      const where = `--run-dir=${sluice.runDir}`;
      const { status, out, err } = plugin(
        fake,
        '-n',
        'edge',
        '--context=test',
        'certs',
        'b.test',
        '--expiring',
        '400',
        where,
      );
      expect({ status, err }).to.deep.equal({ status: 0, err: 'asking Pod ctl-1, one of 2 (--pod names another)\n' });
      expect(out).to.equal('');
      const [get, exec] = await fake.calls();
      expect(get?.slice(0, 5)).to.deep.equal(['--context=test', 'get', 'pods', '-n', 'edge']);
      expect(get).to.include('app.kubernetes.io/name=ingress-nginx,app.kubernetes.io/component=controller');
      expect(exec).to.deep.equal([
        '--context=test',
        'exec',
        '-n',
        'edge',
        'ctl-1',
        '-c',
        'controller',
        '--',
        'sluice',
        'certs',
        'b.test',
        '--expiring',
        '400',
        where,
      ]);
    });

    it('--pod and -c name them; arguments with blanks and stars arrive as they are', async () => {
      const fake = await kubectl();
      const { status, err } = plugin(
        fake,
        '--pod=pod/mine',
        '-c',
        'ctl',
        'routes',
        '* x',
        `--run-dir=${sluice.runDir}`,
      );
      expect({ status, err }).to.deep.equal({ status: 0, err: 'no route is like that\n' });
      expect((await fake.calls()).map((call) => call.slice(0, 9))).to.deep.equal([
        ['exec', '-n', 'ingress-nginx', 'mine', '-c', 'ctl', '--', 'sluice', 'routes'],
      ]);
      expect(plugin(fake, '--pod', 'mine', 'conf', 'nobody.test', `--run-dir=${sluice.runDir}`).status).to.equal(66);
    });

    it('runs what reads local files here, and refuses diff of a local folder', async () => {
      const fake = await kubectl('ctl-1');
      const { status, out } = plugin(fake, 'render', `--manifests=${edited}`, '--watch-ingress-without-class');
      expect(status).to.be.oneOf([0, 1]);
      expect(out).to.contain('# host/a.test ');
      const linted = plugin(fake, 'lint', edited, '--watch-ingress-without-class');
      expect({ status: linted.status, calls: await fake.calls() }).to.deep.equal({ status: 0, calls: [] });
      const refused = plugin(fake, 'diff', `--manifests=${edited}`);
      expect(refused.status).to.equal(64);
      expect(refused.err).to.contain('kubectl cp');
      expect(await fake.calls()).to.deep.equal([]);
    });

    it('says what to do without a Pod, a command or a value', async () => {
      const fake = await kubectl();
      const none = plugin(fake, 'routes');
      expect(none.status).to.equal(69);
      expect(none.err).to.contain('no running Pod in namespace ingress-nginx');
      expect(plugin(fake).status).to.equal(64);
      expect(plugin(fake, '-n').err).to.contain('-n needs a value');
      expect(plugin(fake, '--colour', 'routes').err).to.contain('unknown option --colour');
      expect(plugin(fake, '--help').out).to.contain('usage: kubectl sluice');
    });
  });
});
