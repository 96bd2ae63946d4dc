import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { type Answer, ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { configMap, ingress, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('configuration in the controller ConfigMap', () => {
  let pod: Pod;
  let sluice: Sluice;
  const get = (host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host, path, headers });
  /** Writes the whole ConfigMap and waits until `check` holds, in every worker. */
  const set = async (data: Record<string, string>, check: () => Promise<unknown>): Promise<void> => {
    await sluice.write('settings.json', [configMap('settings', data)]);
    await eventually(check);
    await eventually(async () => {
      const { workers } = await sluice.control.status(AbortSignal.timeout(1000));
      const serving = workers.filter(({ phase }) => phase === 'serving');
      expect(new Set(serving.map(({ config }) => config)).size).to.equal(1);
    });
  };
  const told = (text: string | RegExp) => async () => expect((await sluice.logs()).err).to.match(new RegExp(text));
  const config = (): Promise<string> => sluice.config();
  const objects = (): object[] => [
    ingress({ name: 'a', host: 'a.test', paths: [{ path: '/' }, { path: '/p' }] }),
    ingress({ name: 'own', host: 'own.test', annotations: { 'ssl-prefer-server-ciphers': 'true' } }),
    ingress({ name: 'tls', host: 'tls.test', annotations: { 'force-ssl-redirect': 'true' } }),
    ...workload('web', [pod]),
  ];

  before(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'objects.json': objects(),
        // What nginx refuses is there from the start: the program starts all the same.
        'settings.json': [
          configMap('settings', {
            'http-snippet': 'no_such_directive on;',
            'server-snippet': 'add_header X-Server $host;',
            'log-format-upstream': '$no_such_variable',
            'proxy-body-size': '3m',
          }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod?.stop();
  });

  it('a text that nginx refuses is left out, at the start as well; the others hold', async () => {
    expect((await get('a.test')).headers['x-server']).to.equal('a.test');
    expect(await config()).to.contain('client_max_body_size 3145728;');
    const { err } = await sluice.logs();
    expect(err).to.match(
      /setting-invalid: ConfigMap default\/settings: http-snippet: nginx refuses it: unknown directive "no_such_directive"/,
    );
    expect(err).to.match(
      /setting-invalid: ConfigMap default\/settings: log-format-upstream: nginx refuses it: unknown "no_such_variable" variable/,
    );
    expect(err).to.not.match(/setting-invalid.*server-snippet/);
  });

  it('and other changes go on, those that need a reload too', async () => {
    await sluice.write('more.json', [
      ingress({ name: 'more', host: 'more.test', annotations: { 'proxy-buffering': 'on', 'proxy-body-size': '7m' } }),
    ]);
    await eventually(async () => expect((await get('more.test')).headers['x-server']).to.equal('more.test'));
    expect(await config()).to.contain('client_max_body_size 7340032;');
  });

  it('once mended it holds, and the Problem is solved', async () => {
    await set(
      { 'http-snippet': 'add_header X-Http yes;', 'log-format-upstream': 'mended $namespace/$ingress_name' },
      async () => expect((await get('a.test')).headers['x-http']).to.equal('yes'),
    );
    expect((await get('a.test')).headers).to.not.have.property('x-server');
    await eventually(async () =>
      expect((await sluice.logs()).err).to.match(/solved: .*http-snippet: nginx refuses it/),
    );
    await eventually(async () => expect((await sluice.logs()).out).to.contain('mended default/a'));
  });

  it('a text that is refused later leaves what runs, and so does one with a bad file', async () => {
    await set(
      { 'http-snippet': 'add_header X-Http "$nothing";', 'access-log-path': '/no/such/folder/access.log' },
      told('access-log-path: nginx refuses it'),
    );
    expect((await sluice.logs()).err).to.contain('http-snippet: nginx refuses it: unknown "nothing" variable');
    expect((await get('a.test')).status).to.equal(200);
  });

  it('main-snippet, http-snippet, server-snippet: stand in every block of theirs (SNIP-04)', async () => {
    await set(
      {
        'main-snippet': 'timer_resolution 100ms;\nenv FROM_MAIN_SNIPPET;',
        'http-snippet':
          'map $host $of_map { default known; }\nkeepalive_timeout 7;\nclient_max_body_size 5;\nproxy_set_header X-None none;',
        'server-snippet':
          'add_header X-Map $of_map;\nlocation = /own { return 200 "own $namespace"; }\nif ($http_x_stop) { return 410; }',
      },
      async () => expect((await get('a.test')).headers['x-map']).to.equal('known'),
    );
    for (const host of ['a.test', 'own.test']) {
      expect((await get(host)).headers['x-map'], host).to.equal('known');
      expect(await get(host, '/own')).to.include({ status: 200, body: 'own ' });
      expect((await get(host, '/', { 'X-Stop': '1' })).status).to.equal(410);
    }
    const text = await config();
    expect(text).to.contain('env FROM_MAIN_SNIPPET;');
    expect(text).to.contain('keepalive_timeout 7;').and.not.contain('keepalive_timeout 75s;');
    // No text around a location changes the headers for the backend, or the limit of the body.
    const answer = await askEcho({ port: sluice.http, host: 'a.test', method: 'POST', body: '0123456789' });
    expect(answer.headers).to.include({ host: 'a.test', 'x-forwarded-for': '127.0.0.1' });
    expect(answer.headers).to.not.have.property('x-none');
    expect(answer.bytes).to.equal(10);
  });

  it('location-snippet: stands in every location, before what the route’s data says (SNIP-04, PHASE-01)', async () => {
    await set(
      {
        'location-snippet':
          'add_header X-Location "$location_path of $ingress_name" always;\nproxy_set_header X-From location;\nif ($uri = /stop) { return 418; }\nproxy_buffering on;',
      },
      async () => expect((await get('a.test', '/p/x')).headers['x-location']).to.equal('/p of a'),
    );
    expect((await get('tls.test', '/stop')).status).to.equal(418);
    expect((await get('tls.test', '/go')).headers.location).to.equal('https://tls.test/go');
    const { headers } = await askEcho({ port: sluice.http, host: 'more.test' });
    expect(headers).to.include({ 'x-from': 'location', host: 'more.test' });
    await set({ 'location-snippet': 'no_such_directive;' }, async () => {
      expect((await sluice.logs()).err).to.contain('location-snippet: nginx refuses it');
      expect((await get('a.test')).headers).to.not.have.property('x-location');
    });
    expect((await get('tls.test', '/go')).headers.location).to.equal('https://tls.test/go');
    await set({}, told(/solved: .*location-snippet: nginx refuses it/));
    expect((await get('a.test')).status).to.equal(200);
    expect((await get('tls.test', '/go')).headers.location).to.equal('https://tls.test/go');
  });
});
