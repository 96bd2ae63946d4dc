import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isAlive } from '../../controller/apply/process.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, workload } from '../support/objects.ts';
import { freePorts } from '../support/ports.ts';
import { manifestText, runSluice, startSluice } from '../support/sluice.ts';

describe('the program', () => {
  let folder: string;
  let pod: Pod;

  before(async () => {
    pod = await startPod('web');
    folder = await mkdtemp(join(tmpdir(), 'sluice-program-'));
    await writeFile(
      join(folder, 'a.json'),
      manifestText([ingress({ name: 'a', host: 'a.test', className: 'nginx' }), ...workload('web', [pod])]),
    );
    await writeFile(
      join(folder, 'class.yaml'),
      'apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: k8s.io/ingress-nginx}\n',
    );
  });
  after(async () => {
    await pod.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('--help and --version print and end', async () => {
    const help = await runSluice(['--help']);
    expect(help.status).to.equal(0);
    expect(help.out).to.contain('usage: sluice').and.contain('--manifests');
    expect((await runSluice(['--version'])).out).to.match(/^sluice \d+\.\d+\.\d+/);
  });

  const refusals: [name: string, args: string[], message: RegExp][] = [
    ['an unknown flag, with a suggestion', ['--manifest=x'], /unknown flag --manifest; did you mean --manifests\?/],
    ['an unknown command', ['serve'], /unknown command "serve"/],
    [
      'a flag with a bad value',
      ['--manifests=x', '--http-port=http'],
      /--http-port: "http" is not accepted \(a whole number/,
    ],
    ['a flag without its value', ['--manifests'], /--manifests needs a value/],
    [
      'flags that exclude each other',
      ['--manifests=x', '--watch-namespace=a', '--watch-namespace-selector=b'],
      /exclude each other/,
    ],
    ['a folder that is not there', ['--manifests=/nowhere'], /there is no folder "\/nowhere"/],
    ['nothing to serve', [], /give --manifests=DIR/],
  ];
  for (const [name, args, message] of refusals) {
    it(`refuses ${name}`, async () => {
      const { status, err } = await runSluice(args);
      expect(status).to.equal(64);
      expect(err).to.match(message);
      expect(err).to.not.contain('    at '); // no stack for a mistake of the user
    });
  }

  it('warns of flags that have no effect yet', async () => {
    const { status, err } = await runSluice([
      'render',
      `--manifests=${folder}`,
      '--profiling',
      '--maxmind-edition-ids',
      'x',
      '--sort-backends',
      '-v=2',
    ]);
    expect(status).to.equal(0);
    expect(err).to.contain('--profiling has no effect').and.contain('--maxmind-edition-ids has no effect');
    expect(err).to.contain('--sort-backends was removed from ingress-nginx');
  });

  it('render prints the configuration and the data, and its status tells of Problems', async () => {
    const good = await runSluice(['render', `--manifests=${folder}`]);
    expect(good.status).to.equal(0);
    expect(good.out).to.contain('location @p_').and.contain('# host/a.test {"name":"a.test"');

    await writeFile(
      join(folder, 'warning.json'),
      manifestText([ingress({ name: 'b', host: 'b.test', className: 'nginx', paths: [{ service: 'missing' }] })]),
    );
    const warned = await runSluice(['render', `--manifests=${folder}`]);
    expect(warned.status).to.equal(1);
    expect(warned.err).to.contain('warning service-missing: Service default/missing');

    await writeFile(join(folder, 'error.yaml'), 'kind: [\n');
    const failed = await runSluice(['render', `--manifests=${folder}`]);
    expect(failed.status).to.equal(2);
    expect(failed.err).to.contain('error manifest-unreadable: File error.yaml');
    await rm(join(folder, 'warning.json'));
    await rm(join(folder, 'error.yaml'));
  });

  it('says how to get nginx where there is none', async () => {
    const before = process.env.SLUICE_NGINX;
    process.env.SLUICE_NGINX = join(folder, 'missing');
    try {
      const { status, err } = await runSluice(['render', `--manifests=${folder}`]);
      expect(status).to.equal(69);
      expect(err).to.match(/cannot be executed: install nginx with the Lua module/);
    } finally {
      if (before === undefined) delete process.env.SLUICE_NGINX;
      else process.env.SLUICE_NGINX = before;
    }
  });

  it('several instances run side by side, and a port that is taken is said', async () => {
    const one = await startSluice({
      manifests: { 'a.json': [ingress({ name: 'a', host: 'a.test' }), ...workload('web', [pod])] },
    });
    const two = await startSluice({
      manifests: { 'a.json': [ingress({ name: 'b', host: 'b.test' }), ...workload('web', [pod])] },
    });
    try {
      await askEcho({ port: one.http, host: 'a.test' });
      await askEcho({ port: two.http, host: 'b.test' });
      const [http, https, health] = await freePorts(3);
      const cases: [ports: (number | undefined)[], message: string][] = [
        [[http, https, one.health], `sluice: cannot listen on the health port ${one.health}: `],
        // nginx itself would share them.
        [
          [one.http, https, health],
          `sluice: port ${one.http} (0.0.0.0) is taken by another program: end that one, or `,
        ],
        [[http, one.https, health], `sluice: port ${one.https} (0.0.0.0) is taken by another program: `],
      ];
      for (const [ports, message] of cases) {
        const taken = await runSluice([
          `--manifests=${folder}`,
          `--run-dir=${join(folder, 'run')}`,
          `--http-port=${ports[0]}`,
          `--https-port=${ports[1]}`,
          `--healthz-port=${ports[2]}`,
        ]);
        expect(taken.status).to.equal(69);
        expect(taken.err.trimEnd().split('\n').at(-1)).to.satisfy(
          (line: string) => line.startsWith(message),
          taken.err,
        );
        expect(taken.err).to.not.contain('    at ');
      }
      await askEcho({ port: one.http, host: 'a.test' });
    } finally {
      expect(await one.stop()).to.equal(0);
      expect(await two.stop()).to.equal(0);
    }
  });

  it('answers /healthz, /readyz and /metrics, and ends cleanly on SIGINT', async () => {
    const sluice = await startSluice({
      manifests: { 'a.json': [ingress({ name: 'a', host: 'a.test', paths: [{ service: 'missing' }] })] },
      flags: ['--enable-metrics'],
    });
    const health = (path: string): ReturnType<typeof ask> => ask({ port: sluice.health, path });
    expect((await health('/healthz')).status).to.equal(200);
    expect((await health('/readyz')).status).to.equal(200);
    expect((await health('/nowhere')).status).to.equal(404);
    expect((await ask({ port: sluice.http, host: 'a.test' })).status).to.equal(503);
    await eventually(async () => {
      const { body, headers } = await health('/metrics');
      expect(headers['content-type']).to.contain('text/plain');
      expect(body).to.contain('sluice_problems{severity="warning",code="service-missing"} 1');
      expect(body).to.contain('sluice_reloads_total{reason="profile"} 0');
      expect(body).to.match(/nginx_ingress_controller_requests\{[^}]*status="503"\} 1/);
    });
    const { workers } = await sluice.control.status(AbortSignal.timeout(1000));
    const ended = once(sluice.process, 'exit');
    sluice.process.kill('SIGINT');
    expect((await ended)[0]).to.equal(0);
    await sluice.stop();
    expect(workers.filter(({ pid }) => isAlive(pid))).to.deep.equal([]);
  });

  it('answers in the access log format of the old controller', async () => {
    const sluice = await startSluice({
      manifests: { 'a.json': [ingress({ name: 'a', host: 'a.test' }), ...workload('web', [pod])] },
    });
    try {
      await ask({
        port: sluice.http,
        host: 'a.test',
        path: '/x?y',
        headers: { 'User-Agent': 'tester', 'X-Request-ID': 'abc' },
      });
      await eventually(async () => {
        expect((await sluice.logs()).out).to.match(
          /^127\.0\.0\.1 - - \[[^\]]+\] "GET \/x\?y HTTP\/1\.1" 200 \d+ "-" "tester" \d+ [\d.]+ \[default-web-80\] \[\] 127\.0\.0\.1:\d+ \d+ [\d.]+ 200 abc$/m,
        );
      });
      // Default backend traffic of the catch-all is not logged (DEF-07); requests that nginx itself refuses are.
      await ask({ port: sluice.http, host: 'unknown.test', path: '/unlogged' });
      await ask({ port: sluice.http, host: 'a b', path: '/malformed' }).catch(() => undefined);
      await eventually(async () => expect((await sluice.logs()).out).to.contain('" 400 '));
      expect((await sluice.logs()).out).to.not.contain('/unlogged');
    } finally {
      await sluice.stop();
    }
  });
});
