// Snippets beside the other annotations: who comes first (PHASE-01), in named locations and in native mode alike.
import { expect } from 'chai';
import { type AuthService, startAuthService } from '../../support/auth-service.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { configMap, ingress, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

/** The same snippet, and what makes a location of its own necessary. */
const MODES = { named: '', native: '\nlocation /never { return 410; }' } as const;

describe('phases of a request with snippets', () => {
  let web: Pod;
  let auth: AuthService;
  let sluice: Sluice;

  const get = (host: string, path = '/', more: object = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${host}.test`, path, ...more });
  const echo = (host: string, path = '/', more: object = {}) =>
    askEcho({ port: sluice.http, host: `${host}.test`, path, ...more });
  const settings = (more: Readonly<Record<string, string>> = {}): object[] => [
    configMap('settings', {
      'allow-snippet-annotations': 'true',
      'annotations-risk-level': 'Critical',
      'worker-processes': '1',
      ...more,
    }),
  ];

  before(async () => {
    web = await startPod('web', '127.0.0.91');
    auth = await startAuthService('127.0.0.92');
    const url = `http://127.0.0.92:${auth.port}/check`;
    const sites = Object.entries(MODES).flatMap(([mode, extra]) => {
      const site = (name: string, snippet: string, annotations: Record<string, string>, path = '/'): object =>
        ingress({
          name: `${name}-${mode}`,
          host: `${name}-${mode}.test`,
          paths: [{ path }],
          annotations: { 'configuration-snippet': snippet + extra, ...annotations },
        });
      const own = 'if ($uri = /own) { return 200 own; }\nif ($uri = /skip) { break; }\nadd_header X-Snippet yes;';
      return [
        site('redirect', own, { 'permanent-redirect': 'https://elsewhere.test/' }),
        site('cors', own, { 'enable-cors': 'true' }),
        site('lists', own, { 'allowlist-source-range': '192.0.2.0/24' }),
        site('auth', own, { 'auth-url': url, 'auth-response-headers': 'X-User', 'enable-cors': 'true' }),
        site('limits', own, { 'limit-rps': '1', 'limit-burst-multiplier': '1' }),
        site('errors', own, { 'custom-http-errors': '413', 'default-backend': 'web', 'proxy-body-size': '5' }),
        site('basic', own, { 'auth-type': 'basic', 'auth-secret': 'missing' }),
        site('headers', 'proxy_set_header X-A a;', {
          'upstream-vhost': 'inner.test',
          'auth-url': url,
          'auth-response-headers': 'X-User',
        }),
        site('variable', 'auth_request_set $who $upstream_http_x_user;\nproxy_set_header X-Who $who;', {
          'auth-url': url,
          'auth-response-headers': 'X-User',
        }),
      ];
    });
    const rewrite = (mode: string, extra: string): object =>
      ingress({
        name: `rewrite-${mode}`,
        host: `rewrite-${mode}.test`,
        paths: [{ path: '/api/(.*)' }],
        annotations: {
          'configuration-snippet': `if ($uri ~ ^/api/own) { return 200 "own $uri"; }\nif ($uri ~ ^/api/skip) { break; }\nrewrite ^/api/mine(.*)$ /theirs$1 break;${extra}`,
          'rewrite-target': '/$1',
        },
      });
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'settings.json': settings(),
        'pods.json': workload('web', [web]),
        'sites.json': [
          ...sites,
          rewrite('named', ''),
          rewrite('native', '\nlocation ~ never { return 410; }'),
          ingress({
            name: 'asks',
            host: 'asks.test',
            annotations: {
              'auth-url': url,
              'auth-snippet':
                'proxy_set_header Foo 42;\nproxy_set_header X-Sent-From us;\nproxy_method PUT;\nif ($http_x_free) { return 200; }',
            },
          }),
          ingress({
            name: 'unasked',
            host: 'unasked.test',
            annotations: { 'auth-snippet': 'proxy_set_header Foo 42;' },
          }),
          ingress({
            name: 'bad-auth',
            host: 'bad-auth.test',
            annotations: { 'auth-url': url, 'auth-snippet': 'no_such_directive;' },
          }),
          ingress({ name: 'global', host: 'global.test' }),
          ingress({
            name: 'canonical',
            host: 'canonical.test',
            annotations: {
              'server-snippet': 'location /own { return 200 own; }',
              'auth-url': url,
              'enable-cors': 'true',
            },
          }),
        ],
      },
    });
  });
  beforeEach(() => {
    auth.answer = { status: 200, headers: { 'X-User': 'alice' } };
  });
  after(async () => {
    await sluice?.stop();
    await Promise.all([web.stop(), auth.stop()]);
  });

  for (const mode of Object.keys(MODES)) {
    describe(`${mode} locations`, () => {
      it('configuration-snippet: its return comes before redirects, which a break skips (PHASE-01)', async () => {
        expect(await get(`redirect-${mode}`, '/own')).to.include({ status: 200, body: 'own' });
        const moved = await get(`redirect-${mode}`, '/x');
        expect(moved.status).to.equal(301);
        expect(moved.headers).to.include({ location: 'https://elsewhere.test/', 'x-snippet': 'yes' });
        expect(await echo(`redirect-${mode}`, '/skip')).to.include({ backend: 'web' });
      });

      it('configuration-snippet: sees the URI before rewrite-target, which a break skips (PHASE-01)', async () => {
        expect(await get(`rewrite-${mode}`, '/api/own')).to.include({ body: 'own /api/own' });
        expect(await echo(`rewrite-${mode}`, '/api/x?q=1')).to.include({ url: '/x?q=1' });
        expect(await echo(`rewrite-${mode}`, '/api/skip')).to.include({ url: '/api/skip' });
        expect(await echo(`rewrite-${mode}`, '/api/mine/x')).to.include({ url: '/theirs/x' });
      });

      it('configuration-snippet: CORS preflights are answered before it (PHASE-01)', async () => {
        const preflight = await get(`cors-${mode}`, '/own', {
          method: 'OPTIONS',
          headers: { Origin: 'http://o.test' },
        });
        expect(preflight.status).to.equal(204);
        expect(preflight.headers['access-control-allow-origin']).to.equal('*');
        expect(await get(`cors-${mode}`, '/own')).to.include({ status: 200, body: 'own' });
        expect((await get(`cors-${mode}`, '/')).headers).to.include({
          'access-control-allow-origin': '*',
          'x-snippet': 'yes',
        });
      });

      it('configuration-snippet: comes before limits, lists and authentication, which hold for the rest (PHASE-01)', async () => {
        expect(await get(`lists-${mode}`, '/own')).to.include({ status: 200, body: 'own' });
        expect((await get(`lists-${mode}`)).status).to.equal(403);
        expect((await get(`lists-${mode}`, '/skip')).status).to.equal(403);
        expect((await get(`basic-${mode}`)).status).to.be.oneOf([401, 503]);
        expect(await echo(`limits-${mode}`)).to.include({ backend: 'web' });
        const answers = await Promise.all(Array.from({ length: 4 }, () => get(`limits-${mode}`)));
        expect(answers.map(({ status }) => status)).to.include(503);
        expect(await get(`limits-${mode}`, '/own')).to.include({ body: 'own' });
      });

      it('configuration-snippet: external authentication is asked after it', async () => {
        expect((await echo(`auth-${mode}`)).headers['x-user']).to.equal('alice');
        auth.answer = { status: 403 };
        expect((await get(`auth-${mode}`)).status).to.equal(403);
        expect((await get(`auth-${mode}`, '/skip')).status).to.equal(403);
        expect(await get(`auth-${mode}`, '/own')).to.include({ body: 'own' });
        expect(
          (await get(`auth-${mode}`, '/', { method: 'OPTIONS', headers: { Origin: 'http://o.test' } })).status,
        ).to.equal(204);
      });

      it('configuration-snippet: its headers go beside those of other annotations', async () => {
        const { headers } = await echo(`headers-${mode}`, '/', { headers: { 'X-User': 'mallory' } });
        expect(headers).to.include({ 'x-a': 'a', host: 'inner.test', 'x-user': 'alice', 'x-real-ip': '127.0.0.1' });
        expect((await echo(`variable-${mode}`)).headers['x-who']).to.equal('alice');
      });

      it('configuration-snippet: default backends answer errors as elsewhere', async () => {
        const answer = await get(`errors-${mode}`, '/', { method: 'POST', body: 'too long' });
        expect(answer.status).to.equal(200);
        expect(JSON.parse(answer.body).headers['x-code']).to.equal('413');
      });
    });
  }

  it('server-snippet: external authentication and CORS hold on the paths of the Ingress, not on its own locations', async () => {
    auth.answer = { status: 403 };
    expect((await get('canonical')).status).to.equal(403);
    expect(await get('canonical', '/own')).to.include({ body: 'own' });
    expect((await get('canonical', '/', { method: 'OPTIONS', headers: { Origin: 'http://o.test' } })).status).to.equal(
      204,
    );
  });

  it('auth-snippet: stands where the service is asked, and nowhere else', async () => {
    expect((await echo('asks')).headers).to.not.have.property('foo');
    const question = auth.last();
    expect(question.headers).to.include({ foo: '42', 'x-sent-from': 'us' });
    expect(question.method).to.equal('PUT');
    auth.answer = { status: 401 };
    expect((await get('asks')).status).to.equal(401);
    expect((await get('asks', '/', { headers: { 'X-Free': '1' } })).status).to.equal(200);
    expect((await echo('unasked')).headers).to.not.have.property('foo');
  });

  it('auth-snippet: one that nginx refuses closes its paths, with a Problem', async () => {
    expect((await get('bad-auth')).status).to.equal(503);
    expect((await sluice.logs()).err).to.match(/directives-refused: Ingress default\/bad-auth:.*no_such_directive/);
  });

  it('global-auth-snippet: stands where global-auth-url is asked', async () => {
    await sluice.write(
      'settings.json',
      settings({
        'global-auth-url': `http://127.0.0.92:${auth.port}/global`,
        'global-auth-snippet': 'proxy_set_header Foo 43;',
      }),
    );
    await eventually(async () => {
      await get('global');
      expect(auth.last().headers.foo).to.equal('43');
    });
    await get('asks');
    expect(auth.last().headers.foo).to.equal('42');
  });
});
