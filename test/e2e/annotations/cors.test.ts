import { createServer } from 'node:http';
import { expect } from 'chai';
import { type Answer, ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { configMap, ingress, service, slices } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { workersOf } from '../../support/workers.ts';

const DEFAULTS = {
  'access-control-allow-origin': '*',
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET, PUT, POST, DELETE, PATCH, OPTIONS',
  'access-control-allow-headers':
    'DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization',
  'access-control-max-age': '1728000',
};

function corsOf({ headers }: Answer): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
}

describe('annotations enable-cors and cors-*', () => {
  let sluice: Sluice;
  let backend: Listener;
  const seen: string[] = [];
  const site = (name: string, annotations: Record<string, string>, target = 'web'): object =>
    ingress({
      name,
      host: `${name}.test`,
      paths: [{ service: target }],
      annotations: { 'enable-cors': 'true', ...annotations },
    });
  const from = (host: string, origin: string, method = 'GET'): Promise<Answer> =>
    ask({ port: sluice.http, host: `${host}.test`, method, headers: { Origin: origin } });
  const allowed = async (host: string, origin: string): Promise<unknown> =>
    (await from(host, origin)).headers['access-control-allow-origin'];

  before(async () => {
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers.host}`);
      const status = Number(/^\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200);
      response.writeHead(status, { 'Access-Control-Allow-Origin': 'of-backend', 'Access-Control-Max-Age': '1' });
      response.end('from the backend');
    });
    backend = await listen(server, '127.0.0.1');
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'web.json': [
          service('web'),
          ...slices('web', [backend]),
          configMap('settings', {}),
          site('any', {}),
          site('off', { 'enable-cors': 'false' }),
          site('tls', { 'force-ssl-redirect': 'true' }),
          site('moved', { 'permanent-redirect': 'https://elsewhere.test' }),
          site('small', { 'proxy-body-size': '1' }),
          site('empty', {}, 'nowhere'),
          site('origins', {
            'cors-allow-origin': 'https://a.test, https://*.b.test:8443, null',
          }),
          site('all', { 'cors-allow-origin': 'https://a.test,*' }),
          site('schemeless', { 'cors-allow-origin': 'a.test' }),
          site('words', {
            'cors-allow-methods': 'PUT, GET',
            'cors-allow-headers': 'X-A, X-B',
            'cors-allow-credentials': 'false',
            'cors-expose-headers': '*, X-A',
            'cors-max-age': '600',
          }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await backend.stop();
  });

  it('enable-cors: preflights are answered here, with every header, and the backend never sees them', async () => {
    seen.length = 0;
    const answer = await ask({ port: sluice.http, host: 'any.test', method: 'OPTIONS' });
    expect(answer.status).to.equal(204);
    expect(corsOf(answer)).to.deep.equal(DEFAULTS);
    expect(answer.body).to.equal('');
    expect(seen).to.deep.equal([]);
  });

  it("enable-cors: the headers replace the backend's on answers of any status", async () => {
    for (const path of ['/', '/404', '/500']) {
      const answer = await ask({ port: sluice.http, host: 'any.test', path });
      expect(answer.body).to.equal('from the backend');
      expect(corsOf(answer), path).to.deep.equal(DEFAULTS);
    }
  });

  it('enable-cors: answers that Sluice makes itself have them too', async () => {
    const redirect = await ask({ port: sluice.http, host: 'tls.test' });
    const large = await ask({ port: sluice.http, host: 'small.test', method: 'POST', body: 'xx' });
    const missing = await ask({ port: sluice.http, host: 'empty.test' });
    expect([redirect, large, missing].map(({ status }) => status)).to.deep.equal([308, 413, 503]);
    for (const answer of [redirect, large, missing]) expect(corsOf(answer)).to.deep.equal(DEFAULTS);
  });

  it('enable-cors: a preflight comes before the redirect to HTTPS and a missing backend (PHASE-01, PHASE-02)', async () => {
    for (const host of ['tls', 'empty']) expect((await from(host, 'https://x.test', 'OPTIONS')).status).to.equal(204);
  });

  it('enable-cors: a preflight comes before permanent-redirect, whose answer has the headers (PHASE-01)', async () => {
    expect((await from('moved', 'https://x.test', 'OPTIONS')).status).to.equal(204);
    const answer = await from('moved', 'https://x.test');
    expect([answer.status, corsOf(answer)]).to.deep.equal([301, DEFAULTS]);
  });

  it('enable-cors: "false" leaves all to the backend', async () => {
    const answer = await from('off', 'https://x.test', 'OPTIONS');
    expect(corsOf(answer)).to.deep.equal({
      'access-control-allow-origin': 'of-backend',
      'access-control-max-age': '1',
    });
  });

  it('cors-allow-origin: a listed origin is echoed, in any case', async () => {
    for (const origin of ['https://a.test', 'HTTPS://A.test', 'null', 'https://x-1.b.test:8443']) {
      expect(await allowed('origins', origin), origin).to.equal(origin);
      const preflight = await from('origins', origin, 'OPTIONS');
      expect(preflight.status).to.equal(204);
      expect(corsOf(preflight)).to.deep.equal({ ...DEFAULTS, 'access-control-allow-origin': origin });
    }
  });

  it('cors-allow-origin: "*." is one label, ports count, and both ends are anchored', async () => {
    const others = [
      'https://b.test:8443',
      'https://x.y.b.test:8443',
      'https://x.b.test',
      'http://a.test',
      'https://a.test:443',
      'https://a.test.evil.test',
      'evilhttps://a.test',
      'https://evil.test/https://a.test',
      'https://evil.test?.b.test:8443',
    ];
    for (const origin of others) expect(await allowed('origins', origin), origin).to.equal('of-backend');
    const { status, headers } = await ask({ port: sluice.http, host: 'origins.test' });
    expect([status, headers['access-control-allow-origin']]).to.deep.equal([200, 'of-backend']);
  });

  it('cors-allow-origin: an OPTIONS request of another origin goes to the backend', async () => {
    seen.length = 0;
    expect((await from('origins', 'https://evil.test', 'OPTIONS')).status).to.equal(200);
    expect(seen).to.deep.equal(['OPTIONS origins.test']);
  });

  it('cors-allow-origin: "*" among others is every origin, and an origin without a scheme is nobody', async () => {
    expect(await allowed('all', 'https://x.test')).to.equal('*');
    expect(await allowed('schemeless', 'https://a.test')).to.equal('of-backend');
  });

  it('cors-allow-methods, cors-allow-headers, cors-expose-headers, cors-max-age and cors-allow-credentials are sent as written', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      expect(corsOf(await from('words', 'https://x.test', method))).to.deep.equal({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'PUT, GET',
        'access-control-allow-headers': 'X-A, X-B',
        'access-control-expose-headers': '*, X-A',
        'access-control-max-age': '600',
      });
    }
  });

  it('enable-cors changes without a reload (DYN-01)', async () => {
    const before = await workersOf(sluice);
    await sluice.write('late.json', [site('late', { 'cors-allow-origin': 'https://a.test' })]);
    await eventually(async () => expect(await allowed('late', 'https://a.test')).to.equal('https://a.test'));
    await sluice.write('late.json', [site('late', { 'cors-allow-origin': 'https://b.test' })]);
    await eventually(async () => expect(await allowed('late', 'https://b.test')).to.equal('https://b.test'));
    expect(await workersOf(sluice)).to.deep.equal(before);
  });
});
