// The commands that look at a running controller: sluice routes, backends, certs, problems, conf. One Sluice for all.
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { CONFIG_FILES } from '../../controller/render/folders.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { makePair, type Pair } from '../support/certificates.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, opaque, secret, site, workload } from '../support/objects.ts';
import { runSluice, type Sluice, startSluice } from '../support/sluice.ts';

const DAY_MS = 86_400_000;
const HASH = '$apr1$vT5tHVzp$Z4lJyEZSHtlqFsqcJbmLh0';

describe('sluice routes, backends, certs, problems, conf', () => {
  let sluice: Sluice;
  const pods: Pod[] = [];
  let pair: Pair;
  const run = (...args: string[]) => runSluice([...args, `--run-dir=${sluice.runDir}`]);

  before(async () => {
    for (const index of [1, 2]) pods.push(await startPod(`pod-${index}`, `127.0.0.${190 + index}`));
    pair = await makePair(['shop.test', '*.shop.test'], { notAfter: new Date(Date.now() + 20.5 * DAY_MS) });
    const dead = { address: '127.0.0.199', port: pods[0]?.port ?? 0 };
    sluice = await startSluice({
      flags: ['--enable-metrics'],
      manifests: {
        'shop.json': [
          ...workload('main', pods),
          ...workload('next', pods.slice(0, 1)),
          secret('shop-tls', pair),
          opaque('passwords', { auth: `ann:${HASH}\n` }),
          ingress({
            name: 'shop',
            host: 'shop.test',
            paths: [{ service: 'main' }, { path: '/cart', pathType: 'Exact', service: 'main' }],
            tls: [{ hosts: ['shop.test'], secretName: 'shop-tls' }],
            annotations: { 'auth-type': 'basic', 'auth-secret': 'passwords', 'ssl-redirect': 'false' },
          }),
          ingress({
            name: 'shop-next',
            host: 'shop.test',
            paths: [{ service: 'next' }],
            annotations: { canary: 'true', 'canary-by-header': 'X-Next', 'canary-weight': '20' },
          }),
        ],
        'others.json': [
          ...site('plain', pods, { 'load-balance': 'ewma' }),
          ...site('failing', [dead], { 'proxy-next-upstream-tries': '1' }),
          ingress({
            name: 'broken',
            namespace: 'other',
            host: 'broken.test',
            tls: [{ hosts: ['broken.test'], secretName: 'nowhere' }],
            annotations: { 'proxy-read-timeout': 'soon', 'no-such-thing': 'x' },
          }),
        ],
      },
    });
  });

  after(async () => {
    await sluice?.stop();
    for (const pod of pods) await pod.stop();
  });

  it('sluice routes lists them in the order of the router, with what is done to requests', async () => {
    const { status, out, err } = await run('routes');
    expect({ status, err }).to.deep.equal({ status: 0, err: '' });
    expect(out).to.equal(
      [
        'HOST          PATH   MATCH   BACKEND             READY  INGRESS          POLICIES',
        'broken.test   /      prefix  other/web/80          0/0  other/broken     to HTTPS',
        'failing.test  /      prefix  default/failing/80    1/1  default/failing  -',
        'plain.test    /      prefix  default/plain/80      2/2  default/plain    -',
        'shop.test     /cart  exact   default/main/80       2/2  default/shop     basic auth, canary default/next/80 (header X-Next, else 20 of 100)',
        'shop.test     /      prefix  default/main/80       2/2  default/shop     basic auth, canary default/next/80 (header X-Next, else 20 of 100)',
        '_             /      prefix  built-in 404            -  -                not logged',
        '',
      ].join('\n'),
    );
  });

  it('sluice routes filters by a glob, a namespace and an Ingress; JSON and YAML say the same', async () => {
    const rows = async (...args: string[]) =>
      JSON.parse((await run('routes', '-o', 'json', ...args)).out) as { host: string }[];
    const hosts = async (...args: string[]) => (await rows(...args)).map(({ host }) => host);
    expect(await hosts('*op.test')).to.deep.equal(['shop.test', 'shop.test']);
    expect(await hosts('--namespace=other')).to.deep.equal(['broken.test']);
    expect(await hosts('--ingress=default/plain')).to.deep.equal(['plain.test']);
    expect(await hosts('--ingress', 'shop', 'plain.test')).to.deep.equal([]);
    expect(parse((await run('routes', '-oyaml', 'shop.test')).out)).to.deep.equal(await rows('shop.test'));
    const [wide] = (await run('routes', '-o', 'wide', 'plain.test')).out.split('\n');
    expect(wide).to.match(/PROFILE +SERVER +ALIASES +POLICIES$/);
    expect(await run('routes', 'nobody.test')).to.deep.equal({ status: 0, out: '', err: 'no route is like that\n' });
  });

  it('sluice backends counts requests and errors, and says for how long an endpoint is ejected', async () => {
    const row = async (name: string) => {
      const [found] = JSON.parse((await run('backends', name, '-o', 'json')).out) as {
        requests: number;
        errors: number;
        balancing: string;
        endpoints: { state: string; secondsLeft: number | null }[];
      }[];
      if (found === undefined) throw new Error(`no backend ${name}`);
      return found;
    };
    expect((await row('default/plain/80')).balancing).to.equal('ewma');
    for (let i = 0; i < 3; i++) await ask({ port: sluice.http, host: 'plain.test' });
    await eventually(async () => {
      await ask({ port: sluice.http, host: 'failing.test' });
      const { endpoints, requests, errors } = await row('failing/80');
      expect(endpoints[0]?.state).to.equal('ejected');
      expect(endpoints[0]?.secondsLeft).to.be.within(1, 60);
      expect(errors).to.equal(requests);
      expect((await run('backends', '127.0.0.199')).out).to.match(
        /^BACKEND +READY +REQUESTS +ERRORS +BALANCING +CANARIES +ENDPOINTS\ndefault\/failing\/80 +0\/1 .* ejected \d+ s\n$/,
      );
    }, 30_000);
    await eventually(async () => expect(await row('plain/80')).to.include({ requests: 3, errors: 0 }));
    expect((await run('backends', 'main')).out).to.contain('default/next/80 (header X-Next, else 20 of 100)');
  });

  it('sluice certs has days, issuer, names and Secret; --expiring is for CI', async () => {
    const { status, out } = await run('certs');
    expect(status).to.equal(0);
    expect(out).to.match(
      /^HOST +DAYS +SECRET +USE +ISSUER +NAMES\nshop\.test +20 +default\/shop-tls +host +shop\.test +shop\.test, \*\.shop\.test\n_ +\d+ +- +default /,
    );
    const late = await run('certs', '--expiring=21');
    expect({ status: late.status, lines: late.out.split('\n').length }).to.deep.equal({ status: 1, lines: 3 });
    expect(await run('certs', '--expiring=20')).to.deep.equal({ status: 0, out: '', err: '' });
  });

  it('sluice problems groups by object, errors first, with an exit status for them', async () => {
    const { status, out } = await run('problems', '--namespace=other');
    expect(status).to.equal(1);
    const lines = out.split('\n').slice(1, -1);
    expect(lines[0]).to.match(/^Ingress other\/broken +error +/);
    expect(lines[1]).to.match(/^ +warning +annotation-/);
    expect(await run('problems', '--namespace=none')).to.deep.equal({ status: 0, out: '', err: 'no problems\n' });
    expect((await run('problems', '--namespace=none', '-o', 'json')).out).to.equal('[]\n');
  });

  it('sluice conf prints nginx.conf as it is, the part of a host or profile, and an object of the data', async () => {
    expect((await run('conf')).out).to.equal(await readFile(join(sluice.runDir, CONFIG_FILES.config), 'utf8'));
    const part = (await run('conf', 'plain.test')).out;
    expect(part).to.match(/^ {4}# profile (p_\w+)\n {4}location @\1 \{\n[\s\S]*\n {4}# end profile \1\n$/);
    const [, profile = ''] = /# profile (p_\w+)/.exec(part) ?? [];
    expect((await run('conf', profile)).out).to.equal(part);
    expect((await run('conf', 'shared')).out).to.match(/^ {2}# server shared\n[\s\S]*# end server shared\n$/);
    expect(JSON.parse((await run('conf', '--state=host/plain.test')).out)).to.deep.include({ name: 'plain.test' });
    const missing = await run('conf', 'nobody.test');
    expect(missing).to.deep.equal({
      status: 66,
      out: '',
      err: 'sluice: no host "nobody.test" is served; sluice routes lists them\n',
    });
  });

  it('no answer has a key or a password hash, and only GET with the secret is answered (R12)', async () => {
    const socketPath = join(sluice.runDir, CONFIG_FILES.inspection);
    expect((await stat(join(socketPath, '..'))).mode & 0o777).to.equal(0o700);
    const headers = {
      'Sluice-Secret': await readFile(join(sluice.runDir, CONFIG_FILES.secret), 'utf8').then((text) => text.trim()),
    };
    const get = (path: string, method = 'GET'): Promise<{ status: number; text: string }> =>
      new Promise((resolve, reject) => {
        const sent = request({ socketPath, path, method, headers }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        sent.on('error', reject);
        sent.end();
      });
    const names = JSON.parse(await sluice.control.get('/v1/names', AbortSignal.timeout(1000))) as string[];
    const secrets = names.filter((name) => /^(pem|users)\//.test(name));
    expect(secrets.length).to.equal(2);
    for (const name of secrets) expect((await get(`/v1/state?name=${name}`)).status).to.equal(404);
    const lists = ['routes', 'backends', 'certificates', 'problems', 'traffic', 'running', 'config'];
    const objects = names.map((name) => `state?name=${encodeURIComponent(name)}`);
    const body = pair.key.split('\n')[1] ?? '';
    for (const path of [...lists, ...objects]) {
      const { text } = await get(`/v1/${path}`);
      for (const hidden of [HASH, 'PRIVATE KEY', body]) expect(text, path).not.to.contain(hidden);
    }
    expect(await get('/v1/routes', 'POST')).to.deep.include({ status: 400 });
    expect(await get('/v1/nothing')).to.deep.include({ status: 404 });
    headers['Sluice-Secret'] = '0'.repeat(64);
    expect(await get('/v1/routes')).to.deep.include({ status: 403 });
  });

  it('without a controller the error says where it was looked for', async () => {
    const { status, err } = await runSluice(['routes', `--run-dir=${sluice.folder}`]);
    expect(status).to.equal(69);
    expect(err).to.equal(
      `sluice: no controller answers at ${sluice.folder}/inspect/inspect.sock; --conf-dir or --run-dir names another\n`,
    );
  });
});
