import { createServer } from 'node:http';
import { expect } from 'chai';
import type { EchoAnswer } from '../../../examples/echo.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { configMap, ingress, service, slices, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { workersOf } from '../../support/workers.ts';

describe('annotations custom-http-errors, default-backend and disable-proxy-intercept-errors', () => {
  let sluice: Sluice;
  let backend: Listener;
  let own: Pod;
  let global: Pod;
  const site = (name: string, annotations: Record<string, string>, target = 'web'): object =>
    ingress({ name, host: `${name}.test`, paths: [{ service: target }], annotations });
  const get = (host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${host}.test`, path, headers });
  const echoed = (answer: Answer): EchoAnswer => JSON.parse(answer.body) as EchoAnswer;

  before(async () => {
    const server = createServer((request, response) => {
      response.writeHead(Number(/^\/(\d{3})/.exec(request.url ?? '')?.[1] ?? 200), { 'X-Of': 'backend' });
      request.resume().on('end', () => response.end('from the backend'));
    });
    backend = await listen(server, '127.0.0.1');
    own = await startPod('own');
    global = await startPod('global');
    sluice = await startSluice({
      flags: ['--configmap=default/settings', '--default-backend-service=default/global'],
      manifests: {
        'web.json': [
          service('web'),
          ...slices('web', [backend]),
          service('empty'),
          ...workload('own', [own]),
          ...workload('dead', [{ address: '127.0.0.1', port: 1 }]),
          site('errors', { 'custom-http-errors': '404, 503', 'default-backend': 'own' }),
          site('global', { 'custom-http-errors': '404,413,503' }),
          site('nothing', { 'custom-http-errors': '503', 'default-backend': 'empty' }, 'empty'),
          site('small', { 'custom-http-errors': '413', 'default-backend': 'own', 'proxy-body-size': '10' }),
          site('dead', { 'custom-http-errors': '502', 'default-backend': 'own' }, 'dead'),
          site(
            'dead-tls',
            { 'custom-http-errors': '502', 'default-backend': 'own', 'backend-protocol': 'HTTPS' },
            'dead',
          ),
          site(
            'dead-grpc',
            { 'custom-http-errors': '502', 'default-backend': 'own', 'backend-protocol': 'GRPC' },
            'dead',
          ),
          ingress({
            name: 'server',
            host: 'server.test',
            tls: [{ hosts: ['server.test'] }],
            annotations: {
              'ssl-ciphers': 'ECDHE-ECDSA-AES128-GCM-SHA256',
              'custom-http-errors': '404,503',
              'default-backend': 'own',
            },
            paths: [{ path: '/' }, { path: '/empty', service: 'empty' }],
          }),
          site('vhost', {
            'custom-http-errors': '404',
            'default-backend': 'own',
            'upstream-vhost': 'inner.test',
            'rewrite-target': '/404',
          }),
          site('stand-in', { 'default-backend': 'own' }, 'missing'),
          site('kept', {
            'custom-http-errors': '404,503',
            'default-backend': 'own',
            'disable-proxy-intercept-errors': 'true',
          }),
          site('kept-empty', { 'custom-http-errors': '503', 'disable-proxy-intercept-errors': 'true' }, 'empty'),
          site('unknown', { 'custom-http-errors': '404', 'default-backend': 'nowhere' }),
          site('plain', {}),
        ],
        'global.json': workload('global', [global]),
        'settings.json': [configMap('settings', {})],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await backend.stop();
    await own.stop();
    await global.stop();
  });

  it('custom-http-errors: an error of the backend is replaced by the answer of default-backend (DEF-06)', async () => {
    const answer = await get('errors', '/404?x=1', { Accept: 'text/html', 'X-Request-ID': 'r1' });
    expect(answer.status).to.equal(200);
    expect(answer.headers).to.not.have.property('x-of');
    const echo = echoed(answer);
    expect([echo.backend, echo.method, echo.url.split('?')[0]]).to.deep.equal(['own', 'GET', '/']);
    expect(echo.headers).to.include({
      host: 'errors.test',
      'x-code': '404',
      'x-format': 'text/html',
      'x-original-uri': '/404?x=1',
      'x-namespace': 'default',
      'x-ingress-name': 'errors',
      'x-service-name': 'web',
      'x-service-port': '80',
      'x-request-id': 'r1',
      'x-forwarded-for': '127.0.0.1',
    });
  });

  it('custom-http-errors: other codes pass as they are', async () => {
    for (const path of ['/', '/500', '/403']) {
      const answer = await get('errors', path);
      expect([answer.status, answer.body]).to.deep.equal([Number(path.slice(1)) || 200, 'from the backend']);
    }
    expect((await get('plain', '/404')).body).to.equal('from the backend');
  });

  it('custom-http-errors: without default-backend the global one answers', async () => {
    expect(echoed(await get('global', '/404'))).to.include({ backend: 'global' });
  });

  it('custom-http-errors: errors that Sluice and nginx make themselves are replaced too (DEF-06, SVC-02)', async () => {
    const large = { port: sluice.http, host: 'small.test', method: 'POST', body: 'x'.repeat(20) };
    const withLength = await ask(large);
    const chunked = await ask({ ...large, headers: { 'Transfer-Encoding': 'chunked' } });
    for (const answer of [withLength, chunked]) {
      expect(echoed(answer)).to.deep.include({ backend: 'own', method: 'POST' });
      expect(echoed(answer).headers['x-code']).to.equal('413');
    }
    const dead = echoed(await get('dead'));
    expect([dead.backend, dead.headers['x-code']]).to.deep.equal(['own', '502']);
  });

  it('custom-http-errors: 503 without endpoints goes to the global backend while default-backend has none (SVC-02)', async () => {
    const echo = echoed(await get('nothing', '/a/b'));
    expect([echo.backend, echo.headers['x-code'], echo.headers['x-original-uri']]).to.deep.equal([
      'global',
      '503',
      '/a/b',
    ]);
  });

  it('custom-http-errors: the error request is plain HTTP whatever backend-protocol says (DEF-05)', async () => {
    for (const host of ['dead-tls', 'dead-grpc']) {
      expect(echoed(await get(host)), host).to.include({ backend: 'own' });
    }
  });

  it('custom-http-errors: the error request has the Host and URI of the client, whatever is rewritten (DEF-06)', async () => {
    const echo = echoed(await get('vhost', '/a/b'));
    expect([echo.url, echo.headers.host, echo.headers['x-original-uri']]).to.deep.equal(['/', 'vhost.test', '/a/b']);
  });

  it('custom-http-errors: also on a host with a server of its own', async () => {
    const own404 = await ask({ port: sluice.https, host: 'server.test', tls: true, path: '/404' });
    expect(echoed(own404)).to.include({ backend: 'own', url: '/' });
  });

  it('custom-http-errors of one path change nothing for another', async () => {
    const refused = await ask({ port: sluice.http, host: 'plain.test', method: 'POST', body: 'x'.repeat(1_100_000) });
    expect(refused.status).to.equal(413);
    expect(refused.body).to.contain('nginx').and.not.contain('X-Code');
  });

  it('custom-http-errors: bodies and HEAD reach the default backend', async () => {
    const post = await ask({ port: sluice.http, host: 'errors.test', path: '/404', method: 'POST', body: 'abc' });
    expect(echoed(post)).to.include({ backend: 'own', method: 'POST', bytes: 3 });
    const head = await ask({ port: sluice.http, host: 'errors.test', path: '/404', method: 'HEAD' });
    expect([head.status, head.body]).to.deep.equal([200, '']);
  });

  it('default-backend: serves a path whose backend has no endpoints, with the URI as it is (SVC-02)', async () => {
    const echo = echoed(await get('stand-in', '/a/b?x'));
    expect([echo.backend, echo.url]).to.deep.equal(['own', '/a/b?x']);
    expect(echo.headers).to.include({
      'x-code': '503',
      'x-namespace': 'default',
      'x-ingress-name': 'stand-in',
      'x-service-name': 'missing',
      'x-service-port': '80',
    });
    expect(echo.headers).to.not.have.property('x-original-uri');
  });

  it('default-backend: an unknown Service is ignored', async () => {
    expect(echoed(await get('unknown', '/404'))).to.include({ backend: 'global' });
  });

  it('default-backend: the log calls it as it always did', async () => {
    await get('errors', '/404?logged');
    await eventually(async () => {
      const line = (await sluice.logs()).out.split('\n').find((text) => text.includes('/404?logged'));
      expect(line).to.contain('[custom-default-backend-default-own]');
    });
  });

  it("disable-proxy-intercept-errors: the backend's errors pass, nginx's own are replaced", async () => {
    const answer = await get('kept', '/404');
    expect([answer.status, answer.body]).to.deep.equal([404, 'from the backend']);
    expect(echoed(await get('kept-empty'))).to.include({ backend: 'global' });
  });

  it('default-backend: endpoints come and go without a reload (DYN-01)', async () => {
    const before = await workersOf(sluice);
    await sluice.write('global.json', [service('global')]);
    await eventually(async () => expect((await get('global', '/404')).status).to.equal(404));
    expect((await get('global', '/503')).body).to.contain('404 Not Found');
    await sluice.write('global.json', workload('global', [global]));
    await eventually(async () => expect(echoed(await get('global', '/404'))).to.include({ backend: 'global' }));
    expect(await workersOf(sluice)).to.deep.equal(before);
  });

  it('custom-http-errors of the ConfigMap hold where the annotation says nothing else', async () => {
    await sluice.write('settings.json', [configMap('settings', { 'custom-http-errors': '404,nonsense,500,499' })]);
    await eventually(async () => expect(echoed(await get('plain', '/500'))).to.include({ backend: 'global' }));
    expect((await get('errors', '/500')).body).to.equal('from the backend');
    // The ConfigMap's interception is not cancelled by the annotation.
    expect(echoed(await get('kept', '/404'))).to.include({ backend: 'own' });
    // Also for hosts that nobody serves, whose backend is the global one itself.
    expect(echoed(await get('nobody'))).to.include({ backend: 'global' });
  });

  it('disable-proxy-intercept-errors of the ConfigMap is about its own codes', async () => {
    await sluice.write('settings.json', [
      configMap('settings', { 'custom-http-errors': '500', 'disable-proxy-intercept-errors': 'true' }),
    ]);
    await eventually(async () => expect((await get('plain', '/500')).body).to.equal('from the backend'));
    expect(echoed(await get('errors', '/404'))).to.include({ backend: 'own' });
  });
});
