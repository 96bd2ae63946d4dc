import { createServer } from 'node:http';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { configMap, ingress, service, slices, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { workersOf } from '../../support/workers.ts';

const SETTINGS = {
  'add-headers': 'system/responses',
  'proxy-set-headers': 'system/requests',
  'hide-headers': 'X-Hidden, x-powered-by',
  'global-allowed-response-headers': 'X-A,X_Under,X-Of',
};

describe('headers of responses and backend requests', () => {
  let sluice: Sluice;
  let backend: Listener;
  let pod: Pod;
  const site = (name: string, annotations: Record<string, string>, target = 'web'): object =>
    ingress({ name, host: `${name}.test`, paths: [{ service: target }], annotations });
  const get = (host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${host}.test`, path, headers });

  before(async () => {
    backend = await listen(
      createServer((request, response) => {
        const status = Number(/^\/(\d{3})/.exec(request.url ?? '')?.[1] ?? 200);
        response.writeHead(status, {
          'X-Of': 'backend',
          'X-Hidden': 'secret',
          'X-Powered-By': 'node',
          Link: '</x.css>; rel=preload',
        });
        response.end();
      }),
      '127.0.0.1',
    );
    pod = await startPod('echo');
    sluice = await startSluice({
      flags: ['--configmap=system/settings'],
      manifests: {
        'web.json': [
          service('web'),
          ...slices('web', [backend]),
          ...workload('echo', [pod]),
          site('plain', {}),
          site('echo', {}, 'echo'),
          site('own', { 'custom-headers': 'default/own' }),
          site('late', { 'custom-headers': 'default/late' }),
          site('bare', { 'custom-headers': 'own' }),
          site('foreign', { 'custom-headers': 'system/responses' }),
          site('unlisted', { 'custom-headers': 'default/unlisted' }),
          site('quiet', { 'enable-access-log': 'false' }),
          site('push', { 'http2-push-preload': 'true' }),
          site('errors', { 'custom-http-errors': '404', 'default-backend': 'echo' }),
        ],
        'settings.json': [configMap('settings', SETTINGS, 'system')],
        'own.json': [
          configMap('own', { 'X-A': '42 $host', X_Under: 'u', 'X-Of': 'us' }),
          configMap('unlisted', { 'X-A': '1', 'X-Other': '2' }),
        ],
        'requests.json': [
          configMap('requests', { 'X-Add': 'for $host', 'X-Gone': '', 'X-Real-IP': '10.9.8.7' }, 'system'),
        ],
        'responses.json': [configMap('responses', { 'X-All': 'at $host', 'X-Path': '$uri', 'X-Of': 'all' }, 'system')],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await backend.stop();
    await pod.stop();
  });

  it('custom-headers: every entry is set on every response, "$" is literal', async () => {
    for (const path of ['/', '/404', '/500']) {
      expect((await get('own', path)).headers, path).to.include({ 'x-a': '42 $host', x_under: 'u', 'x-of': 'us' });
    }
    expect((await get('plain')).headers).to.not.have.property('x-a');
  });

  it('custom-headers: what is missing, foreign, not listed or not allowed denies the paths', async () => {
    for (const host of ['late', 'bare', 'foreign', 'unlisted']) expect((await get(host)).status, host).to.equal(503);
  });

  it('custom-headers: the ConfigMap is watched, without a reload (PARSE-09)', async () => {
    const before = await workersOf(sluice);
    await sluice.write('late.json', [configMap('late', { 'X-A': 'one' })]);
    await eventually(async () => expect((await get('late')).headers['x-a']).to.equal('one'));
    await sluice.write('late.json', [configMap('late', { 'X-A': 'two' })]);
    await eventually(async () => expect((await get('late')).headers['x-a']).to.equal('two'));
    await sluice.remove('late.json');
    await eventually(async () => expect((await get('late')).status).to.equal(503));
    expect(await workersOf(sluice)).to.deep.equal(before);
  });

  it('add-headers of the ConfigMap are on all responses; annotations beat them (HDR-09)', async () => {
    expect((await get('plain')).headers).to.include({ 'x-all': 'at plain.test', 'x-of': 'all' });
    expect((await get('own')).headers).to.include({ 'x-of': 'us' });
    const nobody = await get('nobody');
    expect([nobody.status, nobody.headers['x-all']]).to.deep.equal([404, 'at nobody.test']);
    expect((await get('late')).headers).to.include({ 'x-all': 'at late.test' });
  });

  it('add-headers: values that clients fill in stay one line (HDR-09)', async () => {
    const { headers } = await get('plain', '/a%0d%0aX-Evil:%20yes');
    expect(headers).to.not.have.property('x-evil');
    expect(headers['x-path']).to.be.a('string');
  });

  it('hide-headers of the ConfigMap keep headers of backends from clients (HDR-09)', async () => {
    const { headers } = await get('plain');
    expect(headers).to.not.have.any.keys('x-hidden', 'x-powered-by');
  });

  it('proxy-set-headers of the ConfigMap are on every backend request (HDR-06)', async () => {
    const sent = { 'X-Add': 'of the client', 'X-Gone': 'x', 'X-Real-IP': '6.6.6.6' };
    const { headers } = await askEcho({ port: sluice.http, host: 'echo.test', headers: sent });
    expect(headers).to.include({ 'x-add': 'for echo.test', 'x-real-ip': '10.9.8.7' });
    expect(headers).to.not.have.property('x-gone');
    const error = await askEcho({ port: sluice.http, host: 'errors.test', path: '/404', headers: sent });
    expect(error.headers).to.include({ 'x-code': '404', 'x-add': 'for errors.test', 'x-real-ip': '10.9.8.7' });
  });

  it('add-headers, proxy-set-headers, hide-headers: changes are live without a reload (HDR-06, HDR-09)', async () => {
    const before = await workersOf(sluice);
    await sluice.write('requests.json', [configMap('requests', { 'X-Add': 'now', 'X-Real-IP': '1.1.1.1' }, 'system')]);
    await sluice.write('responses.json', [configMap('responses', { 'X-New': 'now' }, 'system')]);
    await sluice.write('settings.json', [configMap('settings', { ...SETTINGS, 'hide-headers': 'X-Of' }, 'system')]);
    await eventually(async () => {
      const { headers } = await askEcho({ port: sluice.http, host: 'echo.test' });
      expect(headers).to.include({ 'x-add': 'now', 'x-real-ip': '1.1.1.1' });
      const answer = await get('plain');
      expect(answer.headers).to.include({ 'x-new': 'now', 'x-hidden': 'secret' });
      expect(answer.headers).to.not.have.any.keys('x-all', 'x-of');
    });
    expect(await workersOf(sluice)).to.deep.equal(before);
  });

  it('proxy-set-headers: what they no longer replace is ours again, and never of the client (HDR-03, HDR-06)', async () => {
    await sluice.write('requests.json', [configMap('requests', { 'X-Add': 'only' }, 'system')]);
    const seen = new Set<unknown>();
    await eventually(async () => {
      const { headers } = await askEcho({
        port: sluice.http,
        host: 'echo.test',
        headers: { 'X-Real-IP': '6.6.6.6', 'X-Add': 'x' },
      });
      seen.add(headers['x-real-ip']);
      expect(headers).to.include({ 'x-add': 'only', 'x-real-ip': '127.0.0.1' });
    });
    expect([...seen]).to.not.include('6.6.6.6');
  });

  it('enable-access-log: "false" leaves requests out of the log', async () => {
    await get('quiet', '/unseen');
    await get('plain', '/seen');
    await eventually(async () => expect((await sluice.logs()).out).to.contain('/seen'));
    expect((await sluice.logs()).out).to.not.contain('/unseen');
  });

  it('http2-push-preload: accepted, the Link header reaches the client', async () => {
    expect((await get('push')).headers).to.include({ link: '</x.css>; rel=preload' });
  });
});
