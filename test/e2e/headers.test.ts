import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { configMap, ingress, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('headers to the backend', () => {
  let sluice: Sluice;
  let pod: Pod;
  const settings = (data: Record<string, string>): Promise<void> =>
    sluice.write('settings.json', [configMap('settings', data)]);

  before(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: { 'web.json': [ingress({ name: 'web', host: 'web.test' }), ...workload('web', [pod])] },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('are exactly those of the rules, for HTTP (HDR-01, HDR-02, HDR-03)', async () => {
    const { headers } = await askEcho({ port: sluice.http, host: 'web.test:1234', headers: { 'X-Own': 'kept' } });
    const { 'x-request-id': id, ...rest } = headers;
    expect(id).to.match(/^[0-9a-f]{32}$/);
    expect(rest).to.deep.equal({
      host: 'web.test:1234',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'web.test:1234',
      'x-forwarded-port': String(sluice.http),
      'x-forwarded-proto': 'http',
      'x-forwarded-scheme': 'http',
      'x-scheme': 'http',
      'x-own': 'kept',
    });
  });

  it('say https and 443 over TLS (HDR-03)', async () => {
    const answer = await ask({ port: sluice.https, host: 'web.test', tls: true });
    const { headers } = JSON.parse(answer.body) as { headers: Record<string, string> };
    expect(headers['x-forwarded-proto']).to.equal('https');
    expect(headers['x-scheme']).to.equal('https');
    expect(headers['x-forwarded-port']).to.equal('443');
  });

  it('replace what the client claims, and keep it in X-Original-* (HDR-02, HDR-03, HDR-04)', async () => {
    const { headers } = await askEcho({
      port: sluice.http,
      host: 'web.test',
      headers: {
        'X-Request-ID': 'mine',
        'X-Real-IP': '6.6.6.6',
        'X-Forwarded-For': '6.6.6.6, 7.7.7.7',
        'X-Forwarded-Host': 'evil.test',
        'X-Forwarded-Port': '1',
        'X-Forwarded-Proto': 'https',
        'X-Scheme': 'https',
      },
    });
    expect(headers).to.include({
      'x-request-id': 'mine',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'web.test',
      'x-forwarded-proto': 'http',
      'x-scheme': 'http',
      'x-original-forwarded-for': '6.6.6.6, 7.7.7.7',
      'x-original-forwarded-host': 'evil.test',
    });
  });

  it('drop names with underscores and the Proxy header (HDR-05, HDR-06)', async () => {
    const { headers } = await askEcho({
      port: sluice.http,
      host: 'web.test',
      headers: { under_score: 'x', Proxy: 'http://evil.test', 'with-dash': 'y' },
    });
    expect(headers).to.include({ 'with-dash': 'y' });
    expect(headers).to.not.have.any.keys('under_score', 'proxy', 'connection', 'upgrade');
  });

  it('hide the server in answers (HDR-09)', async () => {
    for (const path of ['/', '/nowhere']) {
      const host = path === '/' ? 'web.test' : 'unknown.test';
      expect((await ask({ port: sluice.http, host, path })).headers).to.not.have.property('server');
    }
  });

  it('trust the client behind use-forwarded-headers (HDR-01, HDR-03, TLS-10)', async () => {
    await settings({
      'use-forwarded-headers': 'true',
      'compute-full-forwarded-for': 'true',
      'proxy-add-original-uri-header': 'true',
    });
    const headers = await eventually(async () => {
      const echo = await askEcho({
        port: sluice.http,
        host: 'web.test',
        path: '/x?y',
        headers: {
          'X-Forwarded-For': '6.6.6.6',
          'X-Forwarded-Host': 'outer.test, inner.test',
          'X-Forwarded-Port': '444',
          'X-Forwarded-Proto': 'https',
        },
      });
      expect(echo.headers['x-forwarded-proto']).to.equal('https');
      return echo.headers;
    });
    expect(headers).to.include({
      host: 'outer.test',
      'x-real-ip': '6.6.6.6',
      'x-forwarded-for': '6.6.6.6, 127.0.0.1',
      'x-forwarded-host': 'outer.test',
      'x-forwarded-port': '444',
      'x-original-uri': '/x?y',
    });
  });

  it('go back to the defaults when the ConfigMap is deleted (DEL-05)', async () => {
    await settings({ 'generate-request-id': 'false' });
    await eventually(async () => {
      const { headers } = await askEcho({ port: sluice.http, host: 'web.test' });
      expect(headers).to.not.have.property('x-request-id');
    });
    await sluice.remove('settings.json');
    await eventually(async () => {
      const { headers } = await askEcho({ port: sluice.http, host: 'web.test' });
      expect(headers).to.have.property('x-request-id');
    });
  });
});
