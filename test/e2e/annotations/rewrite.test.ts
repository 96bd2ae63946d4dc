import { expect } from 'chai';
import { startPlainNginx } from '../../../bench/support/plain-nginx.ts';
import { inspectNginx } from '../../../controller/apply/binary.ts';
import type { EchoAnswer } from '../../../examples/echo.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask, askEcho } from '../../support/client.ts';
import { ingress, workload } from '../../support/objects.ts';
import { freePorts } from '../../support/ports.ts';
import { openRaw } from '../../support/raw.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const IMPLEMENTATION = 'ImplementationSpecific' as const;

describe('use-regex and rewrite-target', () => {
  let sluice: Sluice;
  const pods = new Map<string, Pod>();

  const get = (host: string, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host, path, headers });
  /** The backend that serves a path, or the status when none does. */
  const serves = async (host: string, path: string): Promise<string | number> => {
    const answer = await get(host, path);
    return answer.status === 200 ? (JSON.parse(answer.body) as { backend: string }).backend : answer.status;
  };
  const echo = (host: string, path: string, headers: Record<string, string> = {}): Promise<EchoAnswer> =>
    askEcho({ port: sluice.http, host, path, headers });
  /** What the backend sees of a path that no HTTP library would send. */
  const rawUrl = async (port: number, host: string, path: string): Promise<string> => {
    const client = await openRaw(port);
    client.send(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    return /"url": ("[^"]*")/.exec(await client.ended())?.[1] ?? 'none';
  };

  before(async () => {
    for (const name of ['web', 'api', 'deep', 'fallback']) pods.set(name, await startPod(name));
    sluice = await startSluice({
      flags: ['--default-backend-service=default/fallback'],
      manifests: {
        'all.json': [
          ...[...pods].flatMap(([name, pod]) => workload(name, [pod])),
          ingress({
            name: 'ids',
            host: 'ids.test',
            annotations: { 'use-regex': 'true' },
            paths: [{ path: '/id/[0-9]+$', pathType: IMPLEMENTATION }],
          }),
          ingress({
            name: 'captures',
            host: 'captures.test',
            annotations: { 'rewrite-target': '/$2', 'enable-rewrite-log': 'true' },
            paths: [{ path: '/foo(/|$)(.*)', pathType: IMPLEMENTATION }],
          }),
          ingress({
            name: 'fixed',
            host: 'fixed.test',
            annotations: { 'rewrite-target': '/one', 'x-forwarded-prefix': '/seen' },
            paths: [{ path: '/all', service: 'api' }],
          }),
          ingress({
            name: 'same',
            host: 'same.test',
            annotations: { 'rewrite-target': '/', 'x-forwarded-prefix': '/seen' },
            paths: [{ path: '/' }],
          }),
          ingress({
            name: 'spread',
            host: 'spread.test',
            created: '2024-01-01T00:00:00Z',
            paths: [
              { path: '/plain', service: 'api' },
              { path: '/exact', pathType: 'Exact', service: 'api' },
              { path: '/both', pathType: 'Exact', service: 'deep' },
              { path: '/both', service: 'api' },
              { path: '/slash/', service: 'api' },
              { path: '/foo/bar/bar', service: 'deep' },
            ],
          }),
          ingress({
            name: 'spreading',
            host: 'spread.test',
            created: '2024-01-02T00:00:00Z',
            annotations: { 'use-regex': 'true' },
            paths: [
              { path: '/foo/bar/[A-Z0-9]{3}', pathType: IMPLEMENTATION },
              { path: '/num/\\d+"', pathType: IMPLEMENTATION },
            ],
          }),
          ingress({
            name: 'dots',
            host: 'dots.test',
            annotations: { 'rewrite-target': '/$1', 'x-forwarded-prefix': '/p/$1' },
            paths: [{ path: '/api(.*)', pathType: IMPLEMENTATION }],
          }),
          ingress({
            name: 'bare',
            host: 'dots.test',
            annotations: { 'rewrite-target': '$1' },
            paths: [{ path: '/bare(.*)', pathType: IMPLEMENTATION }],
          }),
          ingress({
            name: 'segments',
            host: 'segments.test',
            annotations: { 'use-regex': 'true' },
            paths: [{ path: '/all(/[a-z]+)*/end$', pathType: IMPLEMENTATION }],
          }),
          ingress({
            name: 'url',
            host: 'url.test',
            annotations: { 'rewrite-target': 'https://new.test/$1', 'force-ssl-redirect': 'true' },
            paths: [{ path: '/old/(.*)', pathType: IMPLEMENTATION }],
          }),
          ingress({
            name: 'slow',
            host: 'slow.test',
            annotations: { 'use-regex': 'true' },
            paths: [
              { path: '/(a+)+$', pathType: IMPLEMENTATION, service: 'api' },
              { path: '/broken(', pathType: IMPLEMENTATION, service: 'api' },
              { path: '/o', pathType: IMPLEMENTATION, service: 'web' },
            ],
          }),
          ingress({
            name: 'nested',
            host: 'nested.test',
            annotations: { 'rewrite-target': '/x' },
            paths: [{ path: '/(x+x+)+[yz]', pathType: IMPLEMENTATION, service: 'api' }],
          }),
          ingress({
            name: 'catch-all',
            defaultBackend: { service: 'web' },
            annotations: { 'rewrite-target': '/lost', 'permanent-redirect': 'http://lost.test', 'app-root': '/lost' },
          }),
          ingress({ name: 'hostless', paths: [{ path: '/Hostless', service: 'api' }] }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of pods.values()) await pod.stop();
  });

  it('use-regex: paths are regular expressions from the start, in any case (PATH-07, PATH-08)', async () => {
    expect(await serves('ids.test', '/id/12')).to.equal('web');
    expect(await serves('ids.test', '/ID/12')).to.equal('web');
    for (const path of ['/id/12a', '/x/id/12', '/id/'])
      expect(await serves('ids.test', path), path).to.equal('fallback');
  });

  it('rewrite-target: captures of the path make the new one, the query stays (PATH-07)', async () => {
    expect((await echo('captures.test', '/foo/bar?x=1')).url).to.equal('/bar?x=1');
    expect((await echo('captures.test', '/FOO/bar')).url).to.equal('/bar');
    expect((await echo('captures.test', '/foo')).url).to.equal('/');
    expect(await serves('captures.test', '/foox')).to.equal('fallback');
  });

  it('rewrite-target: long paths, with many segments (PATH-08)', async () => {
    const long = '/segment'.repeat(900);
    expect((await echo('captures.test', `/foo${long}`)).url).to.equal(long);
    expect(await serves('segments.test', `/all${long}/end`)).to.equal('web');
  });

  it('enable-rewrite-log: the error log has the rewritten path, at level notice', async () => {
    await echo('captures.test', '/foo/logged');
    expect((await sluice.logs()).err).to.match(/\[notice\].*rewritten "\/foo\/logged" to "\/logged"/);
  });

  it('rewrite-target: without captures every path below becomes the target; the "/" of the host too (HOST-06)', async () => {
    for (const path of ['/all', '/all/x/y', '/allx', '/']) {
      expect((await echo('fixed.test', `${path}?q`)).url, path).to.equal('/one?q');
    }
    expect(await serves('fixed.test', '/all')).to.equal('api');
    expect(await serves('fixed.test', '/')).to.equal('fallback');
  });

  it('rewrite-target: a target equal to the path changes nothing, and makes no regular expressions (PATH-07)', async () => {
    expect((await echo('same.test', '/a%20b//c', { 'X-Forwarded-Prefix': '/client' })).url).to.equal('/a%20b//c');
  });

  it("x-forwarded-prefix: only beside a rewrite; else the client's passes", async () => {
    const sent = { 'X-Forwarded-Prefix': '/client' };
    expect((await echo('fixed.test', '/all', sent)).headers['x-forwarded-prefix']).to.equal('/seen');
    expect((await echo('same.test', '/', sent)).headers['x-forwarded-prefix']).to.equal('/client');
    expect((await echo('captures.test', '/foo', sent)).headers['x-forwarded-prefix']).to.equal('/client');
    expect((await echo('dots.test', '/api/v1')).headers['x-forwarded-prefix']).to.equal('/p//v1');
  });

  it('x-forwarded-prefix: captures cannot split the header', async () => {
    const { headers } = await echo('dots.test', '/api/a%0d%0aX-Evil:%201');
    expect(headers).to.not.have.property('x-evil');
  });

  it('use-regex: spreads over the other Ingresses of the host (PATH-07, PATH-08)', async () => {
    for (const path of ['/exact', '/exact/x', '/exactly', '/EXACT'])
      expect(await serves('spread.test', path)).to.equal('api');
    for (const path of ['/plain', '/plainer', '/Plain/x'])
      expect(await serves('spread.test', path), path).to.equal('api');
  });

  it('use-regex: "^/p/" before "^/p", an Exact path keeps its own; no slash is added (PATH-04, PATH-05, PATH-09)', async () => {
    expect(await serves('spread.test', '/both/x')).to.equal('api');
    expect(await serves('spread.test', '/both')).to.equal('deep');
    expect(await serves('spread.test', '/bothx')).to.equal('deep');
    expect(await serves('spread.test', '/slash')).to.equal('fallback');
    expect(await serves('spread.test', '/slash/x')).to.equal('api');
  });

  it('use-regex: the longest pattern is tried first (PATH-06, PATH-10)', async () => {
    expect(await serves('spread.test', '/foo/bar/bar')).to.equal('web');
    expect(await serves('spread.test', '/foo/bar/ba')).to.equal('fallback');
  });

  it("use-regex: backslashes and quotes in paths are the user's (PATH-12)", async () => {
    expect(await serves('spread.test', '/num/12%22')).to.equal('web');
    expect(await serves('spread.test', '/num/d%22')).to.equal('fallback');
  });

  it('rewrite-target: what nginx itself sends after "rewrite … break", byte for byte', async () => {
    const { path: binary } = await inspectNginx(process.env);
    const [port = 0] = await freePorts(1);
    const { address, port: backend } = pods.get('web') as Pod;
    // A build with Lua inside looks for its own library even where no Lua is used.
    const luaPath = process.env.SLUICE_LUA_PATH;
    const http = `${luaPath === undefined ? '' : `lua_package_path "${luaPath};;";`}
    access_log off;
    server {
      listen ${port};
      location ~* "^/foo(/|$)(.*)" {
        rewrite "(?i)/foo(/|$)(.*)" /$2 break;
        proxy_pass http://${address}:${backend};
      }
    }`;
    const reference = await startPlainNginx({ binary, http, port });
    try {
      const paths = [
        '/foo/a%20b',
        '/foo/a%2Fb',
        '/foo/a%252Fb',
        '/foo/a%3Fb=c?d=e',
        '/foo/100%25',
        '/foo/%C3%A9t%C3%A9',
        '/foo/a%23b?c%20d',
        '/foo/a%00b',
        '/foo/a+b;c=d,e:f@g&h',
        '/foo//x///y',
        '/foo/x/../y/./z',
        '/foo/%22%3Cx%3E%5C',
        '/foo/?only',
        '/foo/%0d%0ax',
      ];
      for (const path of paths) {
        const wanted = await rawUrl(port, 'captures.test', path);
        expect(await rawUrl(sluice.http, 'captures.test', path), path).to.equal(wanted);
      }
    } finally {
      await reference.stop();
    }
  });

  it('rewrite-target: dot segments that captures make are refused, and what does not start with "/" (R20)', async () => {
    for (const path of ['/api../admin', '/api..', '/api.', '/api./x', '/api..%2Fx', '/api.%2e/x']) {
      expect(await serves('dots.test', path), path).to.equal(400);
    }
    expect((await echo('dots.test', '/api.x/..y')).url).to.equal('/.x/..y');
    expect(await serves('dots.test', '/bare../admin')).to.equal(400);
    expect(await serves('dots.test', '/barex')).to.equal(400);
    expect((await echo('dots.test', '/bare/..x/.well-known')).url).to.equal('/..x/.well-known');
  });

  it('use-regex: a pattern that backtracks for ever is a 500 of its route in bounded time (PATH-08)', async () => {
    const started = performance.now();
    for (let i = 0; i < 20; i += 1) expect(await serves('slow.test', `/${'a'.repeat(60)}!`)).to.equal(500);
    expect(await serves('nested.test', `/${'x'.repeat(200)}`)).to.equal(500);
    expect(performance.now() - started).to.be.below(2000);
    expect(await serves('slow.test', '/aaa')).to.equal('api');
    const told = (await sluice.logs()).err.match(/matching path \/\(a\+\)\+\$/g) ?? [];
    expect(told.length, 'once a worker').to.be.within(1, 16);
  });

  it('use-regex: a path that is no regular expression serves nothing, the others go on (PATH-12)', async () => {
    expect(await serves('slow.test', '/broken')).to.equal(503);
    expect(await serves('slow.test', '/Broken(')).to.equal(503);
    expect(await serves('slow.test', '/ok')).to.equal('web');
    expect((await sluice.logs()).err).to.contain('path-pattern: Ingress default/slow: host slow.test: path /broken(');
  });

  it('rewrite-target: a URL is a redirect, before the one to HTTPS (PHASE-01)', async () => {
    const { status, headers } = await get('url.test', '/old/a%20b%0d?c=d');
    expect([status, headers.location]).to.deep.equal([302, 'https://new.test/a%20b%0D?c=d']);
  });

  it('rewrite-target: a catch-all Ingress does not rewrite (DEF-02)', async () => {
    expect((await echo('unknown.test', '/x')).url).to.equal('/x');
    expect(await serves('unknown.test', '/')).to.equal('web');
    expect(await serves('unknown.test', '/Hostless/x')).to.equal('api');
    expect(await serves('unknown.test', '/hostless')).to.equal('web');
  });
});

describe('--isolate-regex', () => {
  let sluice: Sluice;
  const pods = new Map<string, Pod>();
  const serves = async (path: string): Promise<string | number> => {
    const answer = await ask({ port: sluice.http, host: 'mixed.test', path });
    return answer.status === 200 ? (JSON.parse(answer.body) as { backend: string }).backend : answer.status;
  };

  before(async () => {
    for (const name of ['regex', 'plain', 'exact']) pods.set(name, await startPod(name));
    sluice = await startSluice({
      flags: ['--isolate-regex'],
      manifests: {
        'all.json': [
          ...[...pods].flatMap(([name, pod]) => workload(name, [pod])),
          ingress({
            name: 'asks',
            host: 'mixed.test',
            created: '2024-01-01T00:00:00Z',
            annotations: { 'rewrite-target': '/$1' },
            paths: [
              { path: '/r(.*)', pathType: IMPLEMENTATION, service: 'regex' },
              { path: '/p/long(.*)', pathType: IMPLEMENTATION, service: 'regex' },
              { path: '/other', pathType: 'Exact', service: 'regex' },
            ],
          }),
          ingress({
            name: 'does-not',
            host: 'mixed.test',
            created: '2024-01-02T00:00:00Z',
            paths: [
              { path: '/p', service: 'plain' },
              { path: '/p/longer', pathType: 'Exact', service: 'exact' },
              { path: '/r/deep/er', service: 'plain' },
              { path: '/slash/', service: 'plain' },
            ],
          }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of pods.values()) await pod.stop();
  });

  it('use-regex and rewrite-target: paths of other Ingresses stay as they are (PATH-02, PATH-03, PATH-07)', async () => {
    for (const path of ['/p', '/p/x']) expect(await serves(path), path).to.equal('plain');
    for (const path of ['/px', '/P']) expect(await serves(path), path).to.equal(404);
    const slash = await ask({ port: sluice.http, host: 'mixed.test', path: '/slash' });
    expect(slash.headers.location).to.equal('http://mixed.test/slash/');
    expect(await serves('/OTHERS')).to.equal('regex');
  });

  it('use-regex and rewrite-target: an Exact path wins, then the longer path (PATH-06)', async () => {
    expect(await serves('/p/longer')).to.equal('exact');
    expect(await serves('/p/longest')).to.equal('regex');
    expect(await serves('/p/long/x')).to.equal('regex');
    expect(await serves('/r/deep')).to.equal('regex');
    expect(await serves('/r/deep/er')).to.equal('plain');
    expect(await serves('/unknown')).to.equal(404);
  });
});
