import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect } from 'chai';
import { ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { site } from '../../support/objects.ts';
import { freePorts } from '../../support/ports.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

/** Answers as its path says; echoes what the tests are about. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, kind = '', value = ''] = (request.url ?? '').split('/');
  request.resume();
  request.on('end', () => {
    if (kind === 'status') response.statusCode = Number(value);
    if (kind === 'header') response.setHeader('X-Long', 'x'.repeat(Number(value)));
    if (kind === 'body') return response.end('y'.repeat(Number(value)));
    if (kind === 'redirect') response.writeHead(302, { Location: 'http://a.local/x?y=1' });
    if (kind === 'refresh') response.setHeader('Refresh', '5; url=http://a.local/x');
    if (kind === 'cookie') response.setHeader('Set-Cookie', ['a=1; Domain=localhost; Path=/one/two', 'b=2; Path=/']);
    const { connection = 'none', host } = request.headers;
    return response.end(JSON.stringify({ version: request.httpVersion, connection, host }));
  });
}

describe('annotations about the way to the backend', () => {
  let sluice: Sluice;
  let good: Listener;
  let bad: Listener;
  const config = (): Promise<string> => sluice.config();
  const get = (host: string, path = '/') => ask({ port: sluice.http, host: `${host}.test`, path });
  /** An Ingress of its own with these annotations, served at "<name>.test". */
  const serve = async (name: string, annotations: Readonly<Record<string, string>>, addresses = [good]) => {
    await sluice.write(`${name}.json`, site(name, addresses, annotations));
    await eventually(async () => expect((await get(name)).status).to.equal(200));
  };

  before(async () => {
    good = await listen(createServer(answer), '127.0.0.1');
    bad = await listen(
      createServer((_, response) => response.writeHead(502).end('bad')),
      '127.0.0.1',
    );
    sluice = await startSluice({ manifests: { 'plain.json': site('plain', [good]) } });
  });
  after(async () => {
    await sluice?.stop();
    await Promise.all([good?.stop(), bad?.stop()]);
  });

  it('proxy-buffer-size: 6 KiB of headers are a 502 with 4k and fine with 8k', async () => {
    await serve('buffer', { 'proxy-buffer-size': '8k' });
    expect((await get('plain', '/header/6000')).status).to.equal(502);
    expect((await get('buffer', '/header/6000')).status).to.equal(200);
  });

  it('proxy-buffers-number, proxy-busy-buffers-size and proxy-max-temp-file-size fit together or are mended', async () => {
    await serve('buffers', {
      'proxy-buffering': 'on',
      'proxy-buffers-number': '8',
      'proxy-busy-buffers-size': '16k',
      'proxy-max-temp-file-size': '0',
    });
    const text = await config();
    expect(text).to.match(/proxy_buffers 8 4096;/);
    expect(text).to.match(/proxy_busy_buffers_size 16384;/);
    expect(text).to.match(/proxy_max_temp_file_size 0;/);
    expect((await get('buffers', '/body/300000')).body).to.have.lengthOf(300_000);
    await serve('misfit', {
      'proxy-buffers-number': '2',
      'proxy-busy-buffers-size': '1m',
      'proxy-max-temp-file-size': '1k',
    });
    const { err } = await sluice.logs();
    expect(err).to.contain('annotation proxy-busy-buffers-size: 1048576 bytes do not fit');
    expect(err).to.contain('annotation proxy-max-temp-file-size: 1024 bytes are less than a buffer');
  });

  it('proxy-http-version: 1.0 reaches the backend as HTTP/1.0', async () => {
    await serve('old', { 'proxy-http-version': '1.0' });
    expect(JSON.parse((await get('old')).body)).to.include({ version: '1.0' });
    expect(JSON.parse((await get('plain')).body)).to.include({ version: '1.1' });
  });

  it('proxy-next-upstream: with http_502 clients see only the endpoint that works', async () => {
    await serve('again', { 'proxy-next-upstream': 'error timeout http_502' }, [good, bad]);
    for (let count = 0; count < 20; count += 1) expect((await get('again')).status).to.equal(200);
  });

  it('proxy-next-upstream: off tries nothing again', async () => {
    const [port = 0] = await freePorts(1);
    await serve('never', { 'proxy-next-upstream': 'off' }, [good, { ...good, port }]);
    const statuses = new Set<number>();
    for (let count = 0; count < 10; count += 1) statuses.add((await get('never')).status);
    expect([...statuses].sort()).to.deep.equal([200, 502]);
  });

  it('proxy-next-upstream-tries: the access log shows as many addresses', async () => {
    const ports = await freePorts(3);
    const dead = ports.map((port) => ({ ...good, port }));
    await sluice.write('tries.json', site('tries', dead, { 'proxy-next-upstream-tries': '2' }));
    await eventually(async () => expect((await get('tries', '/two')).status).to.equal(502));
    const line = await eventually(async () => {
      const found = (await sluice.logs()).out.split('\n').find((text) => text.includes('GET /two '));
      return found ?? expect.fail('not logged');
    });
    expect(line.match(/127\.0\.0\.1:\d+/g)).to.have.lengthOf(2);
  });

  it('proxy-next-upstream-timeout is a directive of its profile', async () => {
    await serve('budget', { 'proxy-next-upstream-timeout': '7' });
    expect(await config()).to.contain('proxy_next_upstream_timeout 7s;');
  });

  it('proxy-redirect-from, proxy-redirect-to: the start of Location and Refresh is replaced', async () => {
    await serve('moved', { 'proxy-redirect-from': 'http://a.local/', 'proxy-redirect-to': 'http://b.example/' });
    expect((await get('moved', '/redirect')).headers.location).to.equal('http://b.example/x?y=1');
    expect((await get('moved', '/refresh')).headers.refresh).to.equal('5; url=http://b.example/x');
    expect((await get('plain', '/redirect')).headers.location).to.equal('http://a.local/x?y=1');
  });

  it('proxy-cookie-domain, proxy-cookie-path: attributes of cookies are replaced', async () => {
    await serve('cookies', { 'proxy-cookie-domain': 'localhost example.org', 'proxy-cookie-path': '/one/ /' });
    expect((await get('cookies', '/cookie')).headers['set-cookie']).to.deep.equal([
      'a=1; Domain=example.org; Path=/two',
      'b=2; Path=/',
    ]);
  });

  it('changes of those texts need no reload', async () => {
    const reloads = async (): Promise<number> => (await sluice.logs()).err.split('nginx reloaded').length;
    const before = await reloads();
    await sluice.write(
      'cookies.json',
      site('cookies', [good], { 'proxy-cookie-domain': 'localhost c.org', 'proxy-cookie-path': '/one/ /3/' }),
    );
    await eventually(async () =>
      expect((await get('cookies', '/cookie')).headers['set-cookie']?.[0]).to.equal('a=1; Domain=c.org; Path=/3/two'),
    );
    expect(await reloads()).to.equal(before);
  });

  it('connection-proxy-header: a fixed Connection header', async () => {
    await serve('fixed', { 'connection-proxy-header': 'keep-alive' });
    expect(JSON.parse((await get('fixed')).body)).to.include({ connection: 'keep-alive' });
    expect(JSON.parse((await get('plain')).body)).to.include({ connection: 'none' });
  });

  it('client-body-buffer-size is a directive; a bad value leaves the version before in force', async () => {
    await serve('body', { 'client-body-buffer-size': '64k' });
    expect(await config()).to.contain('client_body_buffer_size 65536;');
    await sluice.write(
      'body.json',
      site('body', [bad], { 'client-body-buffer-size': 'lots', 'proxy-next-upstream': 'off' }),
    );
    await eventually(async () =>
      expect((await sluice.logs()).err).to.contain('annotation client-body-buffer-size: "lots" is not accepted'),
    );
    expect(await config()).to.contain('client_body_buffer_size 65536;');
  });
});
