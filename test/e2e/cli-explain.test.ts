// sluice explain on a running controller and on manifests.
import { once } from 'node:events';
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask } from '../support/client.ts';
import { countersOf } from '../support/counters.ts';
import { ingress, workload } from '../support/objects.ts';
import { runSluice, type Sluice, startSluice } from '../support/sluice.ts';

const AGE = { created: '2024-01-01T00:00:00Z' };

describe('sluice explain', () => {
  let [pod, canary]: [Pod, Pod] = [] as unknown as [Pod, Pod];
  let sluice: Sluice;

  before(async () => {
    [pod, canary] = [await startPod('web'), await startPod('next')];
    sluice = await startSluice({
      manifests: {
        'shop.json': [
          ingress({
            ...AGE,
            name: 'shop',
            host: 'shop.test',
            annotations: { 'proxy-read-timeout': '7', 'proxy-body-size': '2m' },
          }),
          ingress({
            ...AGE,
            name: 'api',
            host: 'shop.test',
            annotations: { 'server-alias': 'old.test' },
            paths: [{ path: '/api', service: 'missing' }],
          }),
          ingress({ name: 'late', created: '2025-01-01T00:00:00Z', host: 'shop.test', paths: [{ service: 'next' }] }),
          ingress({
            name: 'next',
            host: 'shop.test',
            annotations: { canary: 'true', 'canary-weight': '25', 'canary-by-header': 'X-Next' },
            paths: [{ service: 'next' }],
          }),
          ingress({
            ...AGE,
            name: 'wild',
            host: '*.test',
            annotations: { 'permanent-redirect': 'https://shop.example/' },
          }),
          ingress({
            ...AGE,
            name: 'rewrite',
            host: 'rewrite.test',
            annotations: { 'rewrite-target': '/$2', 'whitelist-source-range': '10.0.0.0/8' },
            paths: [{ path: '/old(/|$)(.*)', pathType: 'ImplementationSpecific' }],
          }),
          ...workload('web', [pod]),
          ...workload('next', [canary]),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await Promise.all([pod.stop(), canary.stop()]);
  });

  const live = (...args: string[]) => runSluice(['explain', ...args, `--run-dir=${sluice.runDir}`]);
  const still = (...args: string[]) =>
    runSluice(['explain', ...args, `--manifests=${sluice.folder}`, '--watch-ingress-without-class']);

  it('a running controller says which Ingress, path, profile and endpoints serve a URL, and the chances of a canary', async () => {
    const { status, out, err } = await live('http://shop.test/cart');
    expect({ status, err }).to.deep.equal({ status: 0, err: '' });
    expect(out).to.match(/^GET http:\/\/shop\.test\/cart\n/);
    expect(out).to.match(/path +prefix \/\n +Ingress +default\/shop\n/);
    expect(out).to.contain('sent to default/web/80 or default/next/80');
    expect(out).to.match(/timeouts +connect 5 s, send 60 s, read 7 s/);
    expect(out).to.contain('Backend default/web/80 (75 % of such requests, main; round_robin)');
    expect(out).to.contain('Backend default/next/80 (25 % of such requests, canary, by weight; round_robin)');
    expect(out).to.match(new RegExp(`${pod.address}:${pod.port} +ready`));
  });

  it('what the request says decides: header, cookie, method, client', async () => {
    const { out } = await live('http://shop.test/', '--header=X-Next: always', '-o', 'json');
    const { backends } = JSON.parse(out) as { backends: { id: string; chance: number; why: string }[] };
    expect(backends).to.have.length(1);
    expect(backends[0]).to.include({ id: 'default/next/80', chance: 1, why: 'by its header' });
    const inside = await live('http://rewrite.test/old/a?b', '--client-ip=10.1.2.3');
    expect(inside.out).to.match(/rewrite +to \/a\n/);
    const outside = await live('http://rewrite.test/old/a?b', '--client-ip=192.0.2.1');
    expect(outside.status).to.equal(1);
    expect(outside.out).to.match(/answer +access list: 403/);
  });

  it('asking changes nothing: no request is counted, and no backend gets one', async () => {
    const before = await countersOf(sluice.control);
    let connections = 0;
    pod.server.on('connection', () => {
      connections += 1;
    });
    for (let i = 0; i < 3; i += 1) await live('http://shop.test/');
    expect(await countersOf(sluice.control)).to.deep.equal(before);
    expect(connections).to.equal(0);
    await ask({ port: sluice.http, host: 'shop.test', headers: { 'X-Next': 'never' } });
    expect(connections, 'a request that is one').to.equal(1);
  });

  const expectReasons = ({ status, out }: Awaited<ReturnType<typeof live>>): void => {
    expect(status).to.equal(1);
    expect(out).to.match(/Ingress +default\/api\n/);
    expect(out).to.match(/answer +backend: 503, default\/missing\/80 has no endpoints/);
    expect(out).to.contain('server-alias: "old.test"');
    expect(out).to.match(/default\/shop +host shop\.test, prefix \/: the longer path \/api wins/);
    expect(out).to.match(
      /default\/late +host shop\.test, prefix \/: an older Ingress defines the same path \(HOST-08\)/,
    );
    expect(out).to.match(/default\/wild +host \*\.test, prefix \/: host shop\.test is more specific/);
    expect(out).to.contain('warning service-missing: Service default/missing');
    expect(out).to.contain('warning path-conflict: Ingress default/late');
  };

  it('both say which annotations count, who else matches and lost, and the Problems', async () => {
    expectReasons(await live('http://shop.test/api/v1'));
    const reasons = async (ask: typeof live, url: string): Promise<object> =>
      (JSON.parse((await ask(url, '-o', 'json')).out) as { reasons: object }).reasons;
    for (const url of [
      'http://shop.test/',
      'http://shop.test/api',
      'http://old.test/',
      'http://x.test/y',
      'http://rewrite.test/old/a',
    ]) {
      expect(await reasons(live, url), url).to.deep.equal(await reasons(still, url));
    }
  });

  it('manifests are enough: without nginx', async () => {
    const before = process.env.SLUICE_NGINX;
    process.env.SLUICE_NGINX = '/nowhere';
    try {
      expectReasons(await still('http://shop.test/api/v1'));
    } finally {
      if (before === undefined) delete process.env.SLUICE_NGINX;
      else process.env.SLUICE_NGINX = before;
    }
  });

  it('objects and the running controller agree, also about redirects, aliases and hosts that nobody has', async () => {
    for (const url of [
      'http://shop.test/',
      'http://old.test/api',
      'http://x.test/',
      'http://rewrite.test/OLD/x',
      'http://a.b.c/',
    ]) {
      const { out } = await still(url, '--live', `--run-dir=${sluice.runDir}`);
      expect(out, url).to.contain('agrees\n');
    }
  });

  it('where it says that the request ends, the client gets that answer', async () => {
    const cases: [host: string, path: string, status: number][] = [
      ['x.test', '/y', 301],
      ['shop.test', '/api/v1', 503],
      ['rewrite.test', '/old/a', 403],
      ['unknown.example', '/', 404],
    ];
    for (const [host, path, expected] of cases) {
      const { out } = await live(`http://${host}${path}`, '-o', 'json', '--client-ip=127.0.0.1');
      const { outcome } = JSON.parse(out) as { outcome: { status: number } };
      expect(outcome.status, host).to.equal(expected);
      expect((await ask({ port: sluice.http, host, path })).status, host).to.equal(expected);
    }
  });

  const mistakes: [title: string, args: string[], status: number, message: RegExp][] = [
    ['no URL', [], 64, /explain needs a URL/],
    ['a URL that is none', ['http://a b/'], 64, /is no URL/],
    ['a header without a value', ['a.test', '--header=X'], 64, /--header: "X" is not accepted/],
    ['an address that is none', ['a.test', '--client-ip=here'], 64, /"here" is no IP address/],
    ['no controller that runs', ['a.test', '--run-dir=/nowhere'], 69, /no running controller answers in \/nowhere/],
  ];
  for (const [title, args, status, message] of mistakes) {
    it(`says what is wrong: ${title}`, async () => {
      const { status: found, err } = await runSluice(['explain', ...args]);
      expect(err).to.match(message).and.not.contain('    at ');
      expect(found).to.equal(status);
    });
  }

  it('without the controller nginx still says where a request goes, and that it does not know why', async () => {
    sluice.process.kill('SIGKILL');
    await once(sluice.process, 'exit');
    const { out } = await live('http://shop.test/api/v1');
    expect(out).to.match(/Ingress +default\/api\n/);
    expect(out).to.contain('the controller does not answer');
    sluice = await sluice.restart();
  });
});
