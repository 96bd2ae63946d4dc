// External authentication by annotation: who is asked what, and what its answer means.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AuthService, startAuthService } from '../../support/auth-service.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { makePair } from '../../support/certificates.ts';
import { type Answer, ask, askEcho } from '../../support/client.ts';
import { countersOf } from '../../support/counters.ts';
import { type DigestPod, startDigest } from '../../support/digest.ts';
import { type DnsDouble, startDns } from '../../support/dns.ts';
import { eventually } from '../../support/eventually.ts';
import { askHttp2, openHttp2 } from '../../support/http2.ts';
import { configMap, ingress, service, site, workload } from '../../support/objects.ts';
import { credentials } from '../../support/passwords.ts';
import { freePorts } from '../../support/ports.ts';
import { headOf, lines, statusOf } from '../../support/raw.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { echoOf, openWebSocket, startWebSocketPod, type WebSocketPod } from '../../support/websocket.ts';

describe('external authentication', () => {
  let sluice: Sluice;
  let pod: Pod;
  let sums: DigestPod;
  let auth: AuthService;
  let secure: AuthService;
  let dns: DnsDouble;
  let home: string;
  let sockets: WebSocketPod;

  const get = (name: string, more: object = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${name}.test`, ...more });
  const status = async (name: string, more: object = {}): Promise<number> => (await get(name, more)).status;
  const echo = (name: string, more: object = {}) => askEcho({ port: sluice.http, host: `${name}.test`, ...more });

  const expectFailure = async (attempt: Promise<unknown>): Promise<void> => {
    const outcome = await attempt.then(
      () => 'success',
      () => 'failure',
    );
    expect(outcome).to.equal('failure');
  };

  before(async () => {
    pod = await startPod('web', '127.0.0.51');
    sums = await startDigest('127.0.0.52');
    sockets = await startWebSocketPod('127.0.0.55');
    auth = await startAuthService('127.0.0.53');
    secure = await startAuthService('127.0.0.54', { pair: await makePair(['auth.example.com']) });
    dns = await startDns({
      'auth.example.com': ['127.0.0.54'],
      'auth.default.svc.cluster.local': ['127.0.0.53'],
      'metadata.example.com': ['169.254.169.254'],
      'variable.test': ['127.0.0.53'],
      'two.example.com': ['127.0.0.57', '127.0.0.53'],
    });
    home = await mkdtemp(join(tmpdir(), 'sluice-auth-'));
    const resolvConf = join(home, 'resolv.conf');
    await writeFile(
      resolvConf,
      `nameserver 127.0.0.1:${dns.port}\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5 timeout:1 attempts:1\n`,
    );
    const [dead] = (await freePorts(1)) as [number];
    const url = `http://127.0.0.53:${auth.port}/check`;
    const guarded = (name: string, annotations: Record<string, string> = {}): object[] =>
      site(name, [pod], { 'auth-url': url, ...annotations });
    sluice = await startSluice({
      flags: ['--enable-metrics', '--configmap=default/settings', `--resolv-conf=${resolvConf}`],
      manifests: {
        'sites.json': [
          configMap('settings', { 'worker-processes': '1' }),
          ...guarded('plain', { 'auth-url': `${url}?a=1&u=$request_uri` }),
          ...guarded('decoded', {
            'auth-url': `${url}?u=$remote_user`,
            'auth-request-redirect': '$remote_user',
            'auth-proxy-set-headers': 'default/decoded',
            'auth-signin': 'http://sso.test$uri',
          }),
          configMap('decoded', { 'X-Path': '$remote_user' }),
          ...guarded('method', { 'auth-method': 'POST' }),
          ...guarded('signin', { 'auth-signin': 'http://$host/start' }),
          ...guarded('orig', { 'auth-signin': 'https://sso.test/start?x=1', 'auth-signin-redirect-param': 'orig' }),
          ...guarded('own', { 'auth-signin': 'https://sso.test/start?rd=$escaped_request_uri' }),
          ...guarded('headers', { 'auth-response-headers': 'X-User, X-Groups,Authorization' }),
          ...guarded('redirected', { 'auth-request-redirect': 'https://$host$request_uri' }),
          ...guarded('cached', { 'auth-cache-key': '$http_authorization', 'auth-response-headers': 'X-User' }),
          ...guarded('durations', {
            'auth-cache-key': '$http_authorization',
            'auth-cache-duration': '200 1s, 401 403 1s',
          }),
          ...guarded('other-cache', { 'auth-cache-key': '$http_authorization' }),
          ...guarded('always', { 'auth-always-set-cookie': 'true' }),
          ...guarded('custom', { 'auth-proxy-set-headers': 'default/question' }),
          ...guarded('kept', {
            'auth-keepalive': '10',
            'auth-keepalive-requests': '5',
            'auth-keepalive-timeout': '30',
            'auth-keepalive-share-vars': 'true',
          }),
          ...guarded('acme', { 'auth-response-headers': 'X-User' }),
          ingress({
            name: 'acme-paths',
            host: 'acme.test',
            paths: [{ path: '/.well-known/acme-challenge', service: 'acme' }],
            annotations: { 'auth-url': url, 'auth-response-headers': 'X-User' },
          }),
          ingress({
            name: 'acme-only',
            host: 'acme-only.test',
            paths: [{ path: '/app', service: 'acme' }],
            annotations: { 'auth-url': url },
          }),
          ...guarded('empty-service').slice(0, 1),
          service('empty-service'),
          ...guarded('moved', { 'permanent-redirect': 'http://elsewhere.test/' }),
          ...guarded('shared', { 'enable-cors': 'true' }),
          ...guarded('replaced', { 'custom-http-errors': '401,403,500' }),
          ...guarded('replaced-signin', { 'custom-http-errors': '401', 'auth-signin': 'http://sso.test/' }),
          ...guarded('forced', { 'force-ssl-redirect': 'true' }),
          ...guarded('grpc', { 'backend-protocol': 'GRPC' }),
          configMap('question', { 'My-Header': '42', 'X-Path': 'path=$request_uri', 'X-Scheme': 'mine' }),
          ingress({
            name: 'ciphers',
            host: 'ciphers.test',
            paths: [{ service: 'plain' }],
            tls: [{ hosts: ['ciphers.test'] }],
            annotations: {
              'auth-url': url,
              'auth-signin': 'http://sso.test/',
              'ssl-ciphers': 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
            },
          }),
          ...site('tls', [pod], { 'auth-url': `https://auth.example.com:${secure.port}/tls` }),
          ...site('service', [pod], { 'auth-url': `http://auth:${auth.port}/` }),
          ...site('variable', [pod], { 'auth-url': `http://$host:${auth.port}/own` }),
          ...site('two', [pod], {
            'auth-url': `http://two.example.com:${auth.port}/`,
            'auth-method': 'POST',
            'proxy-connect-timeout': '1',
          }),
          ...site('metadata', [pod], { 'auth-url': 'http://metadata.example.com/' }),
          ...site('down', [pod], { 'auth-url': `http://127.0.0.53:${dead}/` }),
          ...site('foreign', [pod], { 'auth-url': url, 'auth-proxy-set-headers': 'other/question' }),
          ...site('missing', [pod], { 'auth-url': url, 'auth-proxy-set-headers': 'default/later' }),
          ...site('durations-bad', [pod], { 'auth-url': url, 'auth-cache-duration': '200 5m; deny' }),
          ...site('cookie-bad', [pod], { 'auth-url': url, 'auth-always-set-cookie': 'yes' }),
          ...site('redirect-bad', [pod], { 'auth-url': url, 'auth-request-redirect': 'https://x/"' }),
          ...site('unused', [pod], { 'auth-method': 'NONSENSE', 'auth-cache-duration': ';' }),
          ...site('url-bad', [pod], { 'auth-url': 'http://a.test/"; deny all' }),
          ...site('scheme', [pod], { 'auth-url': '$scheme://a.test/' }),
          ingress({
            name: 'sums',
            host: 'sums.test',
            paths: [{ service: 'sums' }],
            annotations: { 'auth-url': url, 'proxy-body-size': '0' },
          }),
          ...workload('sums', [sums]),
          ...site('sockets', [sockets], { 'auth-url': url }),
        ],
      },
    });
  });
  beforeEach(() => {
    auth.answer = { status: 200 };
    secure.answer = { status: 200 };
  });
  after(async () => {
    await sluice?.stop();
    for (const server of [pod, sums, sockets, auth, secure, dns]) await server.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('auth-url: 2xx lets in, 401 and 403 go to the client, all else is 500 (R19)', async () => {
    for (const code of [200, 202, 204]) {
      auth.answer = { status: code };
      expect(await status('plain'), String(code)).to.equal(200);
    }
    auth.answer = { status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="x"' } };
    const refused = await get('plain');
    expect([refused.status, refused.headers['www-authenticate']]).to.deep.equal([401, 'Bearer realm="x"']);
    for (const [said, heard] of [
      [403, 403],
      [302, 500],
      [404, 500],
      [429, 500],
      [500, 500],
      [503, 500],
    ] as const) {
      auth.answer = { status: said };
      expect(await status('plain'), String(said)).to.equal(heard);
    }
    expect(await status('down')).to.equal(500);
  });

  it('auth-url: the question has all headers of the client and those about the request, but no body', async () => {
    await get('plain', {
      path: '/x?y=1',
      method: 'POST',
      body: 'hello',
      headers: {
        Cookie: 'session=1',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'evil.test',
        'X-Forwarded-For': '192.0.2.9',
        'X-Original-URL': 'http://evil.test/',
        'X-Original-Method': 'GET',
        'X-Auth-Request-Redirect': '/evil',
        'X-Request-ID': 'abc',
      },
    });
    const { method, url, headers, bytes } = auth.last();
    expect([method, url, bytes]).to.deep.equal(['GET', '/check?a=1&u=/x?y=1', 0]);
    expect(headers).to.include({
      host: '127.0.0.53',
      cookie: 'session=1',
      'x-original-url': `http://plain.test/x?y=1`,
      'x-original-method': 'POST',
      'x-sent-from': 'nginx-ingress-controller',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'x-auth-request-redirect': '/x?y=1',
      'x-request-id': 'abc',
    });
    for (const name of [
      'x-forwarded-proto',
      'x-forwarded-host',
      'x-original-uri',
      'x-scheme',
      'content-length',
      'transfer-encoding',
      'upgrade',
    ]) {
      expect(headers, name).to.not.have.property(name);
    }
  });

  it('auth-url, auth-request-redirect, auth-proxy-set-headers, auth-signin: text that a variable decodes ends no line (R18)', async () => {
    const before = auth.questions.length;
    const evil = credentials('x\r\nX-Evil', ' 1');
    const answer = await get('decoded', { headers: evil });
    expect(answer.status).to.equal(200);
    expect(auth.questions.length).to.equal(before + 1);
    const { url, headers } = auth.last();
    expect(url).to.equal('/check?u=x%0D%0AX-Evil');
    expect(headers['x-auth-request-redirect']).to.equal('x  X-Evil');
    expect(headers['x-path']).to.equal('x  X-Evil');
    expect(headers).to.not.have.property('x-evil');
    auth.answer = { status: 401 };
    const redirected = await get('decoded', { path: '/x%0d%0aX-Evil:%201' });
    expect(redirected.status).to.equal(302);
    expect(redirected.headers).to.not.have.property('x-evil');
  });

  it('auth-url: over TLS with SNI, by search domains, with variables in the host (R18)', async () => {
    expect(await status('tls')).to.equal(200);
    expect(secure.last()).to.include({ url: '/tls', servername: 'auth.example.com' });
    expect(secure.last().headers.host).to.equal('auth.example.com');
    secure.answer = { status: 401 };
    expect(await status('tls')).to.equal(401);

    expect(await status('service')).to.equal(200);
    expect(dns.questions('auth.default.svc.cluster.local')).to.be.above(0);

    expect(await status('variable')).to.equal(200);
    expect(auth.last()).to.include({ url: '/own' });
    expect(auth.last().headers.host).to.equal('variable.test');
  });

  it('auth-url: another address of the service is tried when one does not answer, whatever the timeouts of the path', async () => {
    for (let i = 0; i < 4; i += 1) expect(await status('two')).to.equal(200);
  });

  it('auth-url: an absolute request line cannot name another host to the service than it is served for (R20)', async () => {
    const head = await headOf(
      sluice.http,
      lines('GET http://plain.test/x HTTP/1.1', 'Host: variable.test', 'Connection: close'),
    );
    expect(statusOf(head)).to.equal(200);
    expect(auth.last().headers['x-original-url']).to.equal('http://plain.test/x');
    expect(auth.last().headers['x-auth-request-redirect']).to.equal('/x');
  });

  it('auth-url: addresses that are refused are never dialled, whatever DNS says (R17)', async () => {
    expect(await status('metadata')).to.equal(500);
    expect((await sluice.logs()).err).to.contain('refused address 169.254.169.254');
  });

  it('auth-url: a large body is neither sent to the service nor lost, chunked or not', async function () {
    this.timeout(30_000);
    const body = randomBytes(30 * 1024 * 1024);
    const sum = createHash('sha256').update(body).digest('hex');
    for (const headers of [{ 'Content-Length': String(body.length) }, { 'Transfer-Encoding': 'chunked' }]) {
      const answer = await get('sums', { method: 'POST', body, headers });
      expect(answer.status).to.equal(200);
      expect(JSON.parse(answer.body)).to.deep.equal({ bytes: body.length, sha256: sum });
      expect(auth.last().bytes).to.equal(0);
    }
  });

  it('auth-url: asks about every method, and counts as no request of its own', async () => {
    const count = async (): Promise<number> => {
      const counters = await countersOf(sluice.control);
      return Object.entries(counters).reduce(
        (sum, [key, value]) => (key.startsWith('default|plain|') ? sum + value : sum),
        0,
      );
    };
    const before = await count();
    for (const method of ['HEAD', 'OPTIONS', 'DELETE', 'PUT']) {
      auth.answer = { status: 200 };
      expect(await status('plain', { method }), method).to.equal(200);
      expect(auth.last().headers['x-original-method']).to.equal(method);
      auth.answer = { status: 401 };
      expect(await status('plain', { method }), method).to.equal(401);
    }
    await eventually(async () => expect(await count()).to.equal(before + 8));
    expect((await sluice.logs()).out).to.not.contain('/check');
  });

  it('auth-url: hosts with a server of their own ask too', async () => {
    const tls = { port: sluice.https, tls: true };
    expect((await get('ciphers', tls)).status).to.equal(200);
    auth.answer = { status: 401 };
    expect((await get('ciphers', tls)).headers.location).to.equal('http://sso.test/?rd=https://ciphers.test%2F');
    auth.answer = { status: 403 };
    expect((await get('ciphers', tls)).status).to.equal(403);
  });

  it('auth-url: HTTP/2 bodies without a length and WebSockets pass once they are let in', async () => {
    const session = await openHttp2('https', sluice.https, 'sums.test');
    const body = randomBytes(2 * 1024 * 1024);
    const answer = await askHttp2(session, { ':authority': 'sums.test' }, body);
    session.close();
    expect(answer.status).to.equal(200);
    expect(JSON.parse(answer.body)).to.include({ bytes: body.length });

    auth.answer = { status: 401 };
    await expectFailure(openWebSocket(sluice.http, 'sockets.test'));
    auth.answer = { status: 200 };
    const socket = await openWebSocket(sluice.http, 'sockets.test');
    expect((await echoOf(socket, 'hello')).data.toString()).to.equal('hello');
    socket.terminate();
    expect(auth.last().headers).to.not.have.property('upgrade');
  });

  it('auth-url: clients cannot reach the question itself', async () => {
    const config = await sluice.config();
    const uri = /location = (\/\/sluice\/auth\/\S+)/.exec(config)?.[1] ?? '';
    expect(uri).to.not.equal('');
    for (const path of [uri, uri.slice(1), `/${uri.replaceAll('/', '%2f')}`, `/.${uri}`]) {
      auth.answer = { status: 401 };
      expect(await status('plain', { path }), path).to.equal(401);
    }
  });

  it('auth-method: is the method of the question, which then has X-Original-URI and X-Scheme', async () => {
    await get('method', { path: '/p' });
    expect(auth.last().method).to.equal('POST');
    expect(auth.last().headers).to.include({ 'x-original-uri': '/p', 'x-scheme': 'http' });
    expect(auth.last().bytes).to.equal(0);
  });

  it('auth-signin: 401 leads there with the request in its query, 403 does not; the cookies go along', async () => {
    auth.answer = { status: 401, headers: { 'WWW-Authenticate': 'Basic', 'Set-Cookie': ['a=1', 'b=2'] } };
    const answer = await get('signin', { path: '/x?y=1' });
    expect([answer.status, answer.headers.location]).to.deep.equal([
      302,
      `http://signin.test/start?rd=http://signin.test%2Fx%3Fy%3D1`,
    ]);
    expect(answer.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
    expect(answer.headers).to.not.have.property('www-authenticate');
    expect((await get('own', { path: '/x' })).headers.location).to.equal('https://sso.test/start?rd=%2Fx');
    auth.answer = { status: 403 };
    expect(await status('signin')).to.equal(403);
  });

  it('auth-signin-redirect-param: names the parameter', async () => {
    auth.answer = { status: 401 };
    expect((await get('orig', { path: '/x' })).headers.location).to.equal(
      'https://sso.test/start?x=1&orig=http://orig.test%2Fx',
    );
  });

  it('auth-response-headers: the backend gets those of the answer, never those of the client (R19)', async () => {
    const forged = { 'X-User': 'evil', x_user: 'evil', 'X-GROUPS': ['a', 'b'], Authorization: 'Bearer client' };
    auth.answer = { status: 200, headers: { 'X-User': 'bob', Authorization: 'Bearer service' } };
    const served = await echo('headers', { headers: forged });
    expect(served.headers).to.include({ 'x-user': 'bob', authorization: 'Bearer service' });
    expect(served.headers).to.not.have.any.keys('x-groups', 'x_user');
    expect(auth.last().headers.authorization).to.equal('Bearer client');
    auth.answer = { status: 200 };
    const without = await echo('headers', { headers: forged });
    expect(without.headers).to.not.have.any.keys('x-user', 'x-groups', 'x_user', 'authorization');
    expect((await get('headers')).headers).to.not.have.property('x-user');
  });

  it('auth-request-redirect: is the value of X-Auth-Request-Redirect, variables included (PARSE-10)', async () => {
    await get('redirected', { path: '/x' });
    expect(auth.last().headers['x-auth-request-redirect']).to.equal('https://redirected.test/x');
  });

  it('auth-cache-key: an answer is asked for once for each key, path and host', async () => {
    auth.answer = { status: 200, headers: { 'X-User': 'bob' } };
    const before = auth.questions.length;
    const alice = { headers: { Authorization: 'alice' } };
    for (let i = 0; i < 3; i += 1) {
      expect((await echo('cached', alice)).headers['x-user']).to.equal('bob');
    }
    expect(auth.questions.length).to.equal(before + 1);
    auth.answer = { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="c"' } };
    expect(await status('cached', alice)).to.equal(200);
    expect(await status('other-cache', alice)).to.equal(401);
    expect(await status('cached', { headers: { Authorization: 'mallory' } })).to.equal(401);
    auth.answer = { status: 200 };
    const remembered = await get('cached', { headers: { Authorization: 'mallory' } });
    expect([remembered.status, remembered.headers['www-authenticate']]).to.deep.equal([401, 'Basic realm="c"']);
  });

  it('auth-cache-key: 403, failures and answers with cookies are asked for again', async () => {
    const again = { headers: { Authorization: 'again' } };
    for (const code of [403, 500]) {
      auth.answer = { status: code };
      expect(await status('cached', again)).to.equal(code);
    }
    auth.answer = { status: 200, headers: { 'Set-Cookie': 'a=1' } };
    expect(await status('cached', again)).to.equal(200);
    auth.answer = { status: 200, headers: { 'Cache-Control': 'no-store' } };
    expect(await status('cached', again)).to.equal(200);
    auth.answer = { status: 403 };
    expect(await status('cached', again)).to.equal(403);
  });

  it('auth-cache-duration: says how long, by status', async () => {
    const bob = { headers: { Authorization: 'bob' } };
    expect(await status('durations', bob)).to.equal(200);
    auth.answer = { status: 401 };
    expect(await status('durations', bob)).to.equal(200);
    await eventually(async () => expect(await status('durations', bob)).to.equal(401));
    auth.answer = { status: 200 };
    expect(await status('durations', bob)).to.equal(401);
    await eventually(async () => expect(await status('durations', bob)).to.equal(200));
  });

  it('auth-cache-duration: a kept refusal is that refusal', async () => {
    const carol = { headers: { Authorization: 'carol' } };
    auth.answer = { status: 403 };
    expect(await status('durations', carol)).to.equal(403);
    auth.answer = { status: 200 };
    expect(await status('durations', carol)).to.equal(403);
    await eventually(async () => expect(await status('durations', carol)).to.equal(200));
  });

  it('auth-keepalive, auth-keepalive-requests, auth-keepalive-timeout, auth-keepalive-share-vars: connections are kept', async () => {
    auth.answer = { status: 200, headers: { 'Content-Length': '0' } };
    await get('kept');
    const before = auth.connections();
    for (let i = 0; i < 5; i += 1) expect(await status('kept')).to.equal(200);
    expect(auth.connections()).to.equal(before);
    const served = await echo('kept');
    expect(auth.last().headers['x-request-id']).to.equal(served.headers['x-request-id']);
  });

  it('auth-always-set-cookie: cookies of the answer go on good responses, or on all', async () => {
    auth.answer = { status: 200, headers: { 'Set-Cookie': ['a=1', 'b=2'] } };
    expect((await get('plain')).headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
    auth.answer = { status: 401, headers: { 'Set-Cookie': 'a=1' } };
    expect((await get('plain')).headers).to.not.have.property('set-cookie');
    expect((await get('always')).headers['set-cookie']).to.deep.equal(['a=1']);
  });

  it('auth-proxy-set-headers: entries of the ConfigMap are headers of the question; changes are live (PARSE-09)', async () => {
    await get('custom', { path: '/x' });
    expect(auth.last().headers).to.include({ 'my-header': '42', 'x-path': 'path=/x', 'x-scheme': 'mine' });
    expect(await status('missing')).to.equal(503);
    await sluice.write('later.json', [configMap('later', { 'My-Header': '1' })]);
    await eventually(async () => {
      expect(await status('missing')).to.equal(200);
      expect(auth.last().headers['my-header']).to.equal('1');
    });
    await sluice.write('later.json', [configMap('later', { 'My-Header': '2' })]);
    await eventually(async () => {
      await get('missing');
      expect(auth.last().headers['my-header']).to.equal('2');
    });
  });

  it('auth-proxy-set-headers: a ConfigMap of another namespace denies (PARSE-07)', async () => {
    expect(await status('foreign')).to.equal(503);
  });

  it('values that the old controller served without authentication deny: 503 (PARSE-10, R19)', async () => {
    for (const name of ['durations-bad', 'cookie-bad', 'redirect-bad', 'scheme']) {
      expect(await status(name), name).to.equal(503);
    }
    expect(await status('url-bad')).to.not.equal(200);
  });

  it('without auth-url the other annotations are not even read (PARSE-11)', async () => {
    expect(await status('unused')).to.equal(200);
    expect((await sluice.logs()).err).to.not.contain('NONSENSE');
  });

  it('paths of no-auth-locations are served without; headers that only the service may set are removed (GLOB-07)', async () => {
    auth.answer = { status: 401 };
    expect(await status('acme')).to.equal(401);
    const served = await echo('acme', { path: '/.well-known/acme-challenge/x', headers: { 'X-User': 'evil' } });
    expect(served.headers).to.not.have.property('x-user');
  });

  it('a path without endpoints is 503, and HTTPS comes first, before anybody is asked (SVC-02, PHASE-01, PHASE-02)', async () => {
    auth.answer = { status: 401 };
    const before = auth.questions.length;
    expect(await status('empty-service')).to.equal(503);
    expect(await status('forced')).to.equal(308);
    expect(auth.questions.length).to.equal(before);
    expect(await status('forced', { port: sluice.https, tls: true })).to.equal(401);
  });

  it('the built-in 404 of a host is for who may enter, like every other answer (HOST-06, DEF-01)', async () => {
    auth.answer = { status: 401 };
    expect(await status('acme-only', { path: '/elsewhere' })).to.equal(401);
    auth.answer = { status: 200 };
    expect(await status('acme-only', { path: '/elsewhere' })).to.equal(404);
  });

  it('redirects and CORS preflights answer before anybody is asked (PHASE-02)', async () => {
    auth.answer = { status: 401 };
    const before = auth.questions.length;
    expect(await status('moved')).to.equal(301);
    const preflight = { Origin: 'http://a.test', 'Access-Control-Request-Method': 'GET' };
    expect(await status('shared', { method: 'OPTIONS', headers: preflight })).to.equal(204);
    expect(auth.questions.length).to.equal(before);
    expect(await status('shared')).to.equal(401);
  });

  it('a refusal that custom-http-errors replaces is still a refusal; others keep their challenge (R19)', async () => {
    auth.answer = { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } };
    expect((await get('plain')).headers['www-authenticate']).to.equal('Bearer');
    for (const code of [401, 403, 500]) {
      auth.answer = { status: code };
      const { body } = await get('replaced');
      expect(body, String(code)).to.not.contain('"backend":"web"');
    }
    auth.answer = { status: 401 };
    expect((await get('replaced-signin')).headers.location).to.equal(
      'http://sso.test/?rd=http://replaced-signin.test%2F',
    );
  });

  it('gRPC paths are guarded too', async () => {
    auth.answer = { status: 401 };
    expect(await status('grpc', { port: sluice.https, tls: true })).to.equal(401);
  });
});
