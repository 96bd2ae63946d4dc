import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { type Answer, ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Listener, listen } from '../support/listener.ts';
import { configMap, site } from '../support/objects.ts';
import { headOf, lines } from '../support/raw.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';
import { handshake } from '../support/tls.ts';

describe('the controller ConfigMap', () => {
  let sluice: Sluice;
  let pod: Pod;
  let texts: Listener;
  /** Writes the whole ConfigMap and waits until `check` holds. */
  const set = async (data: Record<string, string>, check: () => Promise<unknown>): Promise<void> => {
    await sluice.write('settings.json', [configMap('settings', data)]);
    await eventually(check);
    // New workers answer before the old ones are told to quit.
    await eventually(async () => expect(await configs()).to.have.lengthOf(1));
  };
  const get = (path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: 'web.test', path, headers });
  /** The configurations that serve; a reload brings another. */
  const configs = async (): Promise<string[]> => {
    const { workers } = await sluice.control.status(AbortSignal.timeout(1000));
    return [...new Set(workers.filter(({ phase }) => phase === 'serving').map(({ config }) => config))];
  };
  const logged = async (text: string): Promise<string> =>
    eventually(async () => {
      const line = (await sluice.logs()).out.split('\n').find((entry) => entry.includes(text));
      return line ?? expect.fail(`${text} is not logged`);
    });

  before(async () => {
    pod = await startPod('web');
    texts = await listen(
      createServer((_, response) =>
        response.writeHead(200, { 'Content-Type': 'text/css', Server: 'backend/1' }).end('a'.repeat(1000)),
      ),
      '127.0.0.1',
    );
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: { 'web.json': site('web', [pod]), 'texts.json': site('texts', [texts]) },
    });
  });
  after(async () => {
    await sluice?.stop();
    await Promise.all([pod?.stop(), texts?.stop()]);
  });

  it('block-user-agents, block-referers: exact texts and regexes get 403, without a reload', async () => {
    const before = await configs();
    await set({ 'block-user-agents': 'bad/1.0, ~^evil', 'block-referers': '~*spam\\.test' }, async () =>
      expect((await get('/', { 'User-Agent': 'bad/1.0' })).status).to.equal(403),
    );
    expect((await get('/', { 'User-Agent': 'evilbot' })).status).to.equal(403);
    expect((await get('/', { 'User-Agent': 'bad/1.01' })).status).to.equal(200);
    expect((await get('/', { Referer: 'http://SPAM.test/' })).status).to.equal(403);
    expect((await get('/', { Referer: 'http://ham.test/' })).status).to.equal(200);
    expect(await configs()).to.deep.equal(before);
  });

  it('skip-access-log-urls: these URIs are not logged, without a reload', async () => {
    const before = await configs();
    await set({ 'skip-access-log-urls': '/quiet, ~^/silent/' }, async () =>
      expect(await sluice.control.get('/v1/state/settings', AbortSignal.timeout(1000))).to.contain('/quiet'),
    );
    for (const path of ['/quiet', '/silent/x', '/loud']) await get(path);
    await logged('GET /loud ');
    expect((await sluice.logs()).out).to.not.match(/GET \/(quiet|silent)/);
    expect(await configs()).to.deep.equal(before);
  });

  it('log-format-upstream, log-format-escape-json: the access log as JSON, with the variables of behaviour.md', async () => {
    const format = `{"uri": "$request_uri", "agent": "$http_user_agent", "where": "$namespace/$ingress_name/$service_name/$service_port/$location_path/$proxy_upstream_name"}`;
    await set({ 'log-format-upstream': format, 'log-format-escape-json': 'true' }, async () => {
      await get('/json', { 'User-Agent': 'a "quoted" one' });
      expect((await sluice.logs()).out).to.contain('{"uri": "/json"');
    });
    const line = await logged('{"uri": "/json"');
    expect(JSON.parse(line)).to.deep.equal({
      uri: '/json',
      agent: 'a "quoted" one',
      where: 'default/web/web/80///default-web-80',
    });
  });

  it('use-gzip: compressed where the client takes it, with Vary (GLOB-03)', async () => {
    const compressed = () => ask({ port: sluice.http, host: 'texts.test', headers: { 'Accept-Encoding': 'gzip' } });
    expect((await compressed()).headers['content-encoding']).to.equal(undefined);
    await set({ 'use-gzip': 'true' }, async () =>
      expect((await compressed()).headers).to.include({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' }),
    );
  });

  it('server-tokens, allow-backend-server-header: whose Server header is sent (HDR-09)', async () => {
    const server = async () => (await ask({ port: sluice.http, host: 'texts.test' })).headers.server;
    expect(await server()).to.equal(undefined);
    await set({ 'allow-backend-server-header': 'true' }, async () => expect(await server()).to.equal('backend/1'));
    expect((await get()).headers.server).to.equal(undefined);
    await set({ 'server-tokens': 'true' }, async () => expect(await server()).to.match(/^(nginx|openresty)\//));
  });

  it('enable-real-ip, forwarded-for-header, proxy-real-ip-cidr: the client address, and nothing else believed (GLOB-05)', async () => {
    const headers = { 'CF-Connecting-IP': '203.0.113.9', 'X-Forwarded-Proto': 'https' };
    const seen = async () => (await askEcho({ port: sluice.http, host: 'web.test', headers })).headers;
    await set({ 'enable-real-ip': 'true', 'forwarded-for-header': 'CF-Connecting-IP' }, async () =>
      expect((await seen())['x-real-ip']).to.equal('203.0.113.9'),
    );
    expect(await seen()).to.include({
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
      'x-original-forwarded-for': '203.0.113.9',
    });
    await set(
      { 'enable-real-ip': 'true', 'forwarded-for-header': 'CF-Connecting-IP', 'proxy-real-ip-cidr': '10.0.0.0/8' },
      async () => expect((await seen())['x-real-ip']).to.equal('127.0.0.1'),
    );
  });

  it('use-proxy-protocol: address and port of the PROXY header (GLOB-05, TLS-10)', async () => {
    const asked = async (port: number): Promise<Record<string, string>> => {
      const socket = connect(sluice.http, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(`PROXY TCP4 203.0.113.7 198.51.100.1 4321 ${port}\r\nGET / HTTP/1.0\r\nHost: web.test\r\n\r\n`);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString().split('\r\n\r\n')[1] ?? '';
      return (JSON.parse(body) as { headers: Record<string, string> }).headers;
    };
    await set({ 'use-proxy-protocol': 'true' }, async () =>
      expect((await asked(80))['x-real-ip']).to.equal('203.0.113.7'),
    );
    expect(await asked(80)).to.include({ 'x-forwarded-proto': 'http', 'x-forwarded-port': '80' });
    expect(await asked(443)).to.include({ 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' });
    await set({}, async () => expect((await get()).status).to.equal(200));
  });

  it('nginx-status-ipv4-whitelist: who may read /nginx_status, without a reload (HOST-15)', async () => {
    const status = async () => (await ask({ port: sluice.http, host: 'nobody.test', path: '/nginx_status' })).status;
    expect(await status()).to.equal(200);
    const before = await configs();
    await set({ 'nginx-status-ipv4-whitelist': '10.0.0.0/8' }, async () => expect(await status()).to.equal(403));
    await set({ 'nginx-status-ipv4-whitelist': '127.0.0.1' }, async () => expect(await status()).to.equal(200));
    expect(await configs()).to.deep.equal(before);
  });

  it('block-cidrs: these networks get 403', async () => {
    await set({ 'block-cidrs': '127.0.0.0/8' }, async () => expect((await get()).status).to.equal(403));
    await set({}, async () => expect((await get()).status).to.equal(200));
  });

  it('large-client-header-buffers: a header that does not fit is a 400', async () => {
    const long = { 'X-Long': 'x'.repeat(10_000) };
    expect((await get('/', long)).status).to.equal(400);
    await set({ 'large-client-header-buffers': '4 16k' }, async () =>
      expect((await get('/', long)).status).to.equal(200),
    );
  });

  it('keep-alive-requests, keep-alive: the last answer of a connection says so', async () => {
    await set({ 'keep-alive-requests': '1' }, async () =>
      expect(await headOf(sluice.http, lines('GET / HTTP/1.1', 'Host: web.test', '', ''))).to.contain(
        'Connection: close',
      ),
    );
  });

  it('ssl-protocols: a version that is not listed is refused', async () => {
    const outcome = (version: 'TLSv1.2' | 'TLSv1.3') =>
      handshake(sluice.https, 'web.test', { minVersion: version, maxVersion: version }).then(
        ({ protocol }) => protocol,
        () => 'refused',
      );
    expect(await outcome('TLSv1.2')).to.equal('TLSv1.2');
    await set({ 'ssl-protocols': 'TLSv1.3' }, async () => expect(await outcome('TLSv1.2')).to.not.equal('TLSv1.2'));
    expect(await outcome('TLSv1.3')).to.equal('TLSv1.3');
  });
});
