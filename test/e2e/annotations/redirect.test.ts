import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { configMap, ingress, type PathSpec, service, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const TARGET = 'https://example.org/x?a=b';

describe('redirects', () => {
  let sluice: Sluice;
  let pod: Pod;
  const get = (host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${host}.test`, path, headers });
  /** "301 http://…", or the status alone. */
  const leads = async (host: string, path = '/', headers: Record<string, string> = {}): Promise<string> => {
    const { status, headers: answered } = await get(host, path, headers);
    return [status, answered.location].filter((part) => part !== undefined).join(' ');
  };
  const site = (
    name: string,
    annotations: Record<string, string>,
    { paths = [{}], isTls = false }: { paths?: readonly PathSpec[]; isTls?: boolean } = {},
  ): object =>
    ingress({
      name,
      host: `${name}.test`,
      annotations,
      paths,
      ...(isTls ? { tls: [{ hosts: [`${name}.test`] }] } : {}),
    });

  before(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'all.json': [
          ...workload('web', [pod]),
          service('empty'),
          site('permanent', { 'permanent-redirect': TARGET }, { paths: [{ path: '/only' }] }),
          site('permanent308', { 'permanent-redirect': TARGET, 'permanent-redirect-code': '308' }),
          site('permanent404', { 'permanent-redirect': TARGET, 'permanent-redirect-code': '404' }),
          site('permanent300', { 'permanent-redirect': TARGET, 'permanent-redirect-code': '300' }),
          site('temporal', { 'temporal-redirect': TARGET, 'permanent-redirect': 'https://lost.test' }),
          site('temporal307', { 'temporal-redirect': TARGET, 'temporal-redirect-code': '307' }),
          site('temporal308', { 'temporal-redirect': TARGET, 'temporal-redirect-code': '308' }),
          site('temporal-path', { 'temporal-redirect': '/path', 'permanent-redirect': TARGET }),
          site('emptied', { 'temporal-redirect': TARGET, 'permanent-redirect': '' }),
          site('path', { 'permanent-redirect': '/new' }, { paths: [{}, { path: '/slash/', service: 'empty' }] }),
          site('relative', { 'permanent-redirect': '/new', 'relative-redirects': 'true' }),
          site('slash', { 'relative-redirects': 'true' }, { paths: [{ path: '/s/' }] }),
          site('port', { 'permanent-redirect': '/new', 'use-port-in-redirects': 'true' }),
          site('port-slash', { 'use-port-in-redirects': 'true' }, { paths: [{ path: '/s/' }] }),
          site('port-tls', { 'use-port-in-redirects': 'true' }, { isTls: true }),
          site('tls', {}, { isTls: true }),
          site('tls-off', { 'ssl-redirect': 'false' }, { isTls: true }),
          site('tls-keep', { 'preserve-trailing-slash': 'true' }, { isTls: true }),
          site('forced', { 'force-ssl-redirect': 'true' }),
          site('app', { 'app-root': '/app' }, { paths: [{ path: '/x' }] }),
          ingress({
            name: 'app-long',
            host: 'app-two.test',
            created: '2024-01-02T00:00:00Z',
            annotations: { 'app-root': '/long' },
            paths: [{ path: '/longer' }],
          }),
          ingress({
            name: 'app-short',
            host: 'app-two.test',
            created: '2024-01-01T00:00:00Z',
            annotations: { 'app-root': '/short' },
            paths: [{ path: '/x' }],
          }),
          site('order', { 'permanent-redirect': TARGET, 'app-root': '/app' }, { isTls: true }),
          site('nobody', { 'permanent-redirect': TARGET }, { paths: [{ service: 'empty' }], isTls: true }),
          site('nobody-tls', {}, { paths: [{ service: 'empty' }], isTls: true }),
          site('denied', { 'permanent-redirect': TARGET, 'allowlist-source-range': 'nonsense' }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('permanent-redirect: every request of the path, whatever it asks for; the "/" of its host too (HOST-06)', async () => {
    for (const path of ['/only', '/only/x?y=z', '/', '/other']) {
      expect(await leads('permanent', path), path).to.equal(`301 ${TARGET}`);
    }
  });

  it('permanent-redirect-code: 300 to 308, else 301; those without a Location send the URL as the body', async () => {
    expect(await leads('permanent308')).to.equal(`308 ${TARGET}`);
    expect(await leads('permanent404')).to.equal(`301 ${TARGET}`);
    const { status, headers, body } = await get('permanent300');
    expect([status, headers.location, body]).to.deep.equal([300, undefined, TARGET]);
  });

  it('temporal-redirect: 302, and wins over permanent-redirect', async () => {
    expect(await leads('temporal', '/x')).to.equal(`302 ${TARGET}`);
  });

  it('temporal-redirect-code: 300 to 307, else 302', async () => {
    expect(await leads('temporal307')).to.equal(`307 ${TARGET}`);
    expect(await leads('temporal308')).to.equal(`302 ${TARGET}`);
  });

  it('temporal-redirect: without http in front, or with an empty neighbour, nothing is redirected (PARSE-03)', async () => {
    expect(await leads('temporal-path')).to.equal('200');
    expect(await leads('emptied')).to.equal('200');
  });

  it('relative-redirects: a path of the same host without scheme and host (PATH-05)', async () => {
    expect(await leads('path')).to.equal('301 http://path.test/new');
    expect(await leads('path', '/', { Host: 'path.test:1234' })).to.equal('301 http://path.test/new');
    expect(await leads('relative')).to.equal('301 /new');
    expect(await leads('slash', '/s?a=1')).to.equal('301 /s/?a=1');
  });

  it('use-port-in-redirects: with the port of the listener, and of HTTPS (PATH-05)', async () => {
    expect(await leads('port')).to.equal(`301 http://port.test:${sluice.http}/new`);
    expect(await leads('port-slash', '/s')).to.equal(`301 http://port-slash.test:${sluice.http}/s/`);
    expect(await leads('port-tls', '/a')).to.equal(`308 https://port-tls.test:${sluice.https}/a`);
  });

  it('ssl-redirect: on a host with TLS, unless it says no (TLS-08)', async () => {
    expect(await leads('tls', '/a?b=1')).to.equal('308 https://tls.test/a?b=1');
    expect(await leads('tls-off', '/a?b=1')).to.equal('200');
  });

  it('force-ssl-redirect: also without TLS (TLS-08)', async () => {
    expect(await leads('forced')).to.equal('308 https://forced.test');
  });

  it('preserve-trailing-slash: keeps the slash that is dropped else (TLS-09)', async () => {
    expect(await leads('tls', '/a/')).to.equal('308 https://tls.test/a');
    expect(await leads('tls-keep', '/a/')).to.equal('308 https://tls-keep.test/a/');
    expect(await leads('tls-keep')).to.equal('308 https://tls-keep.test/');
  });

  it('app-root: exactly "/" of the whole host, without the query; other paths are served', async () => {
    expect(await leads('app', '/?a=1')).to.equal('302 http://app.test/app');
    expect(await leads('app', '/', { Host: 'app.test:81' })).to.equal('302 http://app.test:81/app');
    expect(await leads('app', '/x')).to.equal('200');
    expect(await leads('app-two')).to.equal('302 http://app-two.test/long');
  });

  it('app-root first, then permanent-redirect, then HTTPS, then 503 (PHASE-01, PHASE-02)', async () => {
    expect(await leads('order')).to.equal('302 http://order.test/app');
    expect(await leads('order', '/x')).to.equal(`301 ${TARGET}`);
    expect(await leads('nobody')).to.equal(`301 ${TARGET}`);
    expect(await leads('nobody-tls', '/x')).to.equal('308 https://nobody-tls.test/x');
    const secure = await ask({ port: sluice.https, host: 'nobody-tls.test', tls: true });
    expect(secure.status).to.equal(503);
  });

  it('a path that must not be served at all does not redirect either (PHASE-01)', async () => {
    expect(await leads('denied')).to.equal('503');
  });

  it('relative-redirects and use-port-in-redirects of the ConfigMap hold for all, without a reload (GLOB-06)', async () => {
    await sluice.write('settings.json', [configMap('settings', { 'relative-redirects': 'true' })]);
    await eventually(async () => expect(await leads('path')).to.equal('301 /new'));
    expect(await leads('port')).to.equal('301 /new');
    await sluice.write('settings.json', [configMap('settings', { 'use-port-in-redirects': 'true' })]);
    await eventually(async () => expect(await leads('path')).to.equal(`301 http://path.test:${sluice.http}/new`));
    expect(await leads('tls', '/a')).to.equal(`308 https://tls.test:${sluice.https}/a`);
    expect((await sluice.logs()).err).to.not.contain('nginx reloaded');
  });
});
