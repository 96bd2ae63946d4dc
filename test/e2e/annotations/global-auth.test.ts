// External authentication of the controller ConfigMap.
import { expect } from 'chai';
import { type AuthService, startAuthService } from '../../support/auth-service.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { configMap, ingress, site, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

describe('global external authentication', () => {
  let sluice: Sluice;
  let pod: Pod;
  let auth: AuthService;

  const status = async (name: string, more: object = {}): Promise<number> =>
    (await ask({ port: sluice.http, host: `${name}.test`, ...more })).status;
  const settings = (more: Readonly<Record<string, string>> = {}): object[] => [
    configMap('settings', {
      'worker-processes': '1',
      'global-auth-url': `http://127.0.0.66:${auth.port}/global`,
      'global-auth-method': 'HEAD',
      'global-auth-response-headers': 'X-User',
      'global-auth-request-redirect': '/after',
      'global-auth-signin': 'http://sso.test/start',
      'global-auth-signin-redirect-param': 'to',
      'global-auth-always-set-cookie': 'true',
      'no-auth-locations': '/open, /free',
      ...more,
    }),
  ];

  before(async () => {
    pod = await startPod('web', '127.0.0.65');
    auth = await startAuthService('127.0.0.66');
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'settings.json': settings(),
        'sites.json': [
          ...site('plain', [pod]),
          ...site('out', [pod], { 'enable-global-auth': 'false' }),
          ...site('typo', [pod], { 'enable-global-auth': 'no' }),
          ...site('own', [pod], { 'auth-url': `http://127.0.0.66:${auth.port}/own`, 'enable-global-auth': 'false' }),
          ingress({ name: 'paths', host: 'paths.test', paths: [{ path: '/open' }, { path: '/closed' }] }),
          ...workload('web', [pod]),
        ],
      },
    });
  });
  beforeEach(() => {
    auth.answer = { status: 200 };
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
    await auth.stop();
  });

  it('global-auth-url asks for paths whose Ingress names no service (GLOB-08)', async () => {
    auth.answer = { status: 200, headers: { 'X-User': 'bob' } };
    const served = await askEcho({ port: sluice.http, host: 'plain.test', headers: { 'X-User': 'evil' } });
    expect(served.headers['x-user']).to.equal('bob');
    expect(auth.last()).to.include({ url: '/global', method: 'HEAD' });
    expect(auth.last().headers).to.include({ 'x-auth-request-redirect': '/after', 'x-original-uri': '/' });
    auth.answer = { status: 401, headers: { 'Set-Cookie': 'a=1' } };
    const refused = await ask({ port: sluice.http, host: 'plain.test', path: '/x' });
    expect([refused.status, refused.headers.location]).to.deep.equal([
      302,
      'http://sso.test/start?to=http://plain.test%2Fx',
    ]);
    expect(refused.headers['set-cookie']).to.deep.equal(['a=1']);
  });

  it('enable-global-auth: "false" leaves an Ingress out, an own auth-url goes first (GLOB-08)', async () => {
    auth.answer = { status: 403 };
    expect(await status('plain')).to.equal(403);
    expect(await status('out')).to.equal(200);
    expect(await status('typo')).to.equal(403);
    expect(await status('own')).to.equal(403);
    expect(auth.last()).to.include({ url: '/own', method: 'GET' });
  });

  it('no-auth-locations are not asked about, and hosts that nobody serves neither (GLOB-07)', async () => {
    auth.answer = { status: 403 };
    const served = await askEcho({
      port: sluice.http,
      host: 'paths.test',
      path: '/open/x',
      headers: { 'X-User': 'evil' },
    });
    expect(served.headers).to.not.have.property('x-user');
    expect(await status('paths', { path: '/closed' })).to.equal(403);
    expect(await status('unknown')).to.equal(404);
  });

  it('global-auth-cache-key and global-auth-cache-duration keep answers', async () => {
    await sluice.write(
      'settings.json',
      settings({ 'global-auth-cache-key': '$http_authorization', 'global-auth-cache-duration': '200 1h' }),
    );
    const bob = { headers: { Authorization: 'bob' } };
    await eventually(async () => {
      auth.answer = { status: 200 };
      expect(await status('plain', bob)).to.equal(200);
      auth.answer = { status: 403 };
      expect(await status('plain', bob)).to.equal(200);
    });
    expect(await status('plain')).to.equal(403);
  });

  it('global-auth-* that are not understood close the paths that they guard, and no others (R19)', async () => {
    for (const bad of [
      { 'global-auth-url': 'ftp://x/' },
      { 'global-auth-method': 'get' },
      { 'global-auth-response-headers': 'X User!' },
      { 'global-auth-cache-duration': 'soon' },
    ]) {
      await sluice.write('settings.json', settings(bad));
      await eventually(async () => expect(await status('plain')).to.equal(503));
      expect(await status('out')).to.equal(200);
      await sluice.write('settings.json', settings());
      await eventually(async () => expect(await status('plain')).to.equal(200));
    }
  });

  it('whitelist-source-range of the ConfigMap that is not understood closes all paths that have none (R19)', async () => {
    await sluice.write('settings.json', settings({ 'whitelist-source-range': '10.0.0.0/8, everybody' }));
    await eventually(async () => expect(await status('out')).to.equal(503));
    await sluice.write('settings.json', settings({ 'whitelist-source-range': '127.0.0.0/8' }));
    await eventually(async () => expect(await status('out')).to.equal(200));
    await sluice.write('settings.json', settings({ 'whitelist-source-range': '10.0.0.0/8' }));
    await eventually(async () => expect(await status('out')).to.equal(403));
  });
});
