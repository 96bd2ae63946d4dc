// What of a client's headers backends see, and what of a backend's clients see.
import { createServer } from 'node:http';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { type Address, site } from '../../support/objects.ts';
import { exchange, lines, statusOf } from '../../support/raw.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

describe('header hygiene', () => {
  let echo: Pod;
  let talkative: Listener;
  let sluice: Sluice;

  before(async () => {
    echo = await startPod('echo', '127.0.0.46');
    const server = createServer((_, response) => {
      response.writeHead(200, { Server: 'Backend/1.2.3', 'X-Kept': 'yes' }).end('ok');
    });
    talkative = await listen(server, '127.0.0.46');
    const nobody: Address = { address: '127.0.0.47', port: echo.port };
    sluice = await startSluice({
      manifests: {
        'echo.json': site('echo', [echo], { 'proxy-body-size': '1k' }),
        'talkative.json': site('talkative', [talkative]),
        'nobody.json': site('nobody', [nobody]),
        'empty.json': site('empty', []),
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await echo?.stop();
    await talkative?.stop();
  });

  /** The headers that the backend saw of a request with these. */
  async function seen(headers: Readonly<Record<string, string>>) {
    return (await askEcho({ port: sluice.http, host: 'echo.test', headers })).headers;
  }

  it('removes Proxy, which CGI programs would take for HTTP_PROXY (HDR-05)', async () => {
    const headers = await seen({ Proxy: 'http://evil.test', 'X-Kept': 'yes' });
    expect(headers).to.include({ 'x-kept': 'yes' }).and.not.have.property('proxy');
  });

  it('drops headers with underscores or invalid names (HDR-06)', async () => {
    const headers = await seen({ x_real_ip: '1.2.3.4', 'x.dotted': 'no', 'X-Kept': 'yes' });
    expect(headers).to.include({ 'x-kept': 'yes' }).and.not.have.any.keys('x_real_ip', 'x.dotted');
  });

  it('sends no Connection to a backend without Upgrade (HDR-05)', async () => {
    for (const connection of ['keep-alive', 'close', 'upgrade', 'x-forwarded-for']) {
      const headers = await seen({ Connection: connection });
      expect(headers, connection).to.not.have.any.keys('connection', 'upgrade', 'keep-alive');
      expect(headers, connection).to.have.property('x-forwarded-for', '127.0.0.1');
    }
  });

  it('overwrites what clients claim about themselves (HDR-02, HDR-03, HDR-04)', async () => {
    const headers = await seen({
      'X-Real-IP': '1.2.3.4',
      'X-Forwarded-For': '1.2.3.4',
      'X-Forwarded-Host': 'evil.test',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Port': '1',
      'X-Forwarded-Scheme': 'https',
      'X-Scheme': 'https',
      'X-Original-Forwarded-For': '5.6.7.8',
    });
    expect(headers).to.include({
      host: 'echo.test',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'echo.test',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': String(sluice.http),
      'x-forwarded-scheme': 'http',
      'x-scheme': 'http',
      'x-original-forwarded-for': '1.2.3.4',
      'x-original-forwarded-host': 'evil.test',
    });
  });

  it("removes the backend's Server header, and only that (HDR-09)", async () => {
    const { headers } = await ask({ port: sluice.http, host: 'talkative.test' });
    expect(headers).to.include({ 'x-kept': 'yes' }).and.not.have.property('server');
  });

  it('names no server in responses of its own (HDR-09)', async () => {
    const host = 'echo.test';
    const answers = {
      404: await ask({ port: sluice.http, host: 'unknown.test' }),
      413: await ask({ port: sluice.http, host, method: 'POST', body: 'x'.repeat(2000) }),
      502: await ask({ port: sluice.http, host: 'nobody.test' }),
      503: await ask({ port: sluice.http, host: 'empty.test' }),
    };
    for (const [status, answer] of Object.entries(answers)) {
      expect(answer.status).to.equal(Number(status));
      expect(answer.headers, status).to.not.have.property('server');
    }
  });

  const REFUSED_BY_NGINX: Readonly<Record<string, readonly [port: 'http' | 'https', request: string]>> = {
    'a bad request line': ['http', lines('NOT HTTP')],
    'no Host': ['http', lines('GET / HTTP/1.1')],
    'plain HTTP on the HTTPS port': ['https', lines('GET / HTTP/1.1', 'Host: echo.test')],
    'a URI too long': ['http', lines(`GET /${'x'.repeat(9000)} HTTP/1.1`, 'Host: echo.test')],
  };
  for (const [what, [port, request]] of Object.entries(REFUSED_BY_NGINX)) {
    it(`names no server when nginx refuses ${what} (HDR-09)`, async () => {
      const response = await exchange(sluice[port], request);
      expect(statusOf(response), response).to.be.oneOf([400, 414]);
      expect(response).to.not.match(/^Server:/im);
    });
  }
});
