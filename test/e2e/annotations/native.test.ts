import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { configMap, ingress, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const BOTH = { 'allow-snippet-annotations': 'true', 'annotations-risk-level': 'Critical' };
type Spec = Partial<Parameters<typeof ingress>[0]>;

describe('native mode', () => {
  let web: Pod;
  let other: Pod;
  let sluice: Sluice;

  /** An Ingress whose host is "<name>.test". */
  const site = (name: string, annotations: Record<string, string>, more: Spec = {}): object =>
    ingress({ name, host: `${name}.test`, ...more, annotations });
  const get = (name: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${name}.test`, path, headers });
  const echo = (name: string, path = '/') => askEcho({ port: sluice.http, host: `${name}.test`, path });
  const config = (): Promise<string> => sluice.config();
  const reloads = async (): Promise<number> => (await sluice.logs()).err.split('nginx reloaded').length - 1;

  before(async () => {
    [web, other] = await Promise.all([startPod('web'), startPod('other')]);
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'settings.json': [configMap('settings', BOTH)],
        'pods.json': [...workload('web', [web]), ...workload('other', [other])],
        'sites.json': [
          site('plain', {}),
          site(
            'server',
            {
              'server-snippet':
                'add_header X-Server yes;\nif ($http_x_deny) { return 403; }\nrewrite ^/moved(.*)$ /b$1;\nlocation /own { return 200 "own $host"; }\nlocation = /b/exact { return 200 exact; }\nlocation ~ [.]png$ { return 200 png; }',
            },
            {
              paths: [
                { path: '/' },
                { path: '/b', service: 'other' },
                { path: '/own/longer', service: 'other' },
                { path: '/e', pathType: 'Exact', service: 'other' },
                { path: '/no', service: 'missing' },
              ],
            },
          ),
          site(
            'nested',
            {
              'configuration-snippet':
                'location ~ "^/files/(secret|private)" { deny all; return 403; }\nlocation /files/echo { proxy_set_header X-Nested yes; proxy_pass http://upstream_balancer; }\nadd_header X-Outer yes;',
            },
            { paths: [{ path: '/files' }] },
          ),
          site(
            'alias',
            { 'configuration-snippet': 'if ($uri ~ "^/doc/none") { return 404; }\nalias /usr/share/common-licenses/;' },
            { paths: [{ path: '/doc/' }] },
          ),
          site('tls', { 'server-snippet': 'location /own { return 200 own; }', 'force-ssl-redirect': 'true' }),
          site('root', { 'server-snippet': 'add_header X-Server yes;', 'app-root': '/start' }),
          site('denied', {
            'server-snippet': 'add_header X-Server yes always;',
            'modsecurity-snippet': 'SecRuleEngine On',
          }),
          site('odd', { 'server-snippet': 'add_header X-Server yes;' }, { paths: [{ path: '/a b"c\\d$host;{}' }] }),
          ingress({
            name: 'wild',
            host: '*.wild.test',
            annotations: { 'server-snippet': 'location /own { return 200 wild; }' },
          }),
          site('below', {}, { host: 'below.wild.test' }),
          site(
            'variables',
            {
              'server-snippet': 'add_header X-Server yes;',
              'configuration-snippet': 'return 200 "$namespace/$ingress_name $service_name $location_path";',
            },
            { paths: [{ path: '/v' }] },
          ),
          site('first', { 'server-snippet': 'add_header X-Server first;' }, { created: '2020-01-01T00:00:00Z' }),
          site(
            'second',
            { 'server-snippet': 'add_header X-Server second;' },
            { host: 'first.test', created: '2021-01-01T00:00:00Z', paths: [{ path: '/second' }] },
          ),
          ingress({
            name: 'any',
            annotations: { 'server-snippet': 'add_header X-Server any;' },
            paths: [{ path: '/any' }],
          }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await Promise.all([web.stop(), other.stop()]);
  });

  it('server-snippet: its directives hold for the host and for no other', async () => {
    expect((await get('server')).headers['x-server']).to.equal('yes');
    expect((await get('server', '/', { 'X-Deny': '1' })).status).to.equal(403);
    expect((await get('plain')).headers).to.not.have.property('x-server');
    expect((await get('plain', '/', { 'X-Deny': '1' })).status).to.equal(200);
  });

  it('server-snippet: its locations compete with the paths of the Ingress by length, and by nginx’s other rules', async () => {
    expect(await get('server', '/own/x')).to.include({ status: 200, body: 'own server.test' });
    expect(await echo('server', '/own/longer/x')).to.include({ backend: 'other' });
    expect(await echo('server', '/ow')).to.include({ backend: 'web' });
    expect(await get('server', '/b/exact')).to.include({ body: 'exact' });
    expect(await get('server', '/b/x.png')).to.include({ body: 'png' });
    expect(await echo('server', '/moved/1')).to.include({ backend: 'other', url: '/b/1' });
  });

  it('server-snippet: the paths are found as ever (PATH-01 to PATH-04)', async () => {
    expect(await echo('server', '/b')).to.include({ backend: 'other' });
    expect(await echo('server', '/b/')).to.include({ backend: 'other' });
    expect(await echo('server', '/bc')).to.include({ backend: 'web' });
    expect(await echo('server', '/e')).to.include({ backend: 'other' });
    expect(await echo('server', '/e/')).to.include({ backend: 'web' });
    expect((await get('server', '/no')).status).to.equal(503);
    expect(await echo('odd', `/a${encodeURIComponent(' b"c\\d$host;{}')}/x`)).to.include({ backend: 'web' });
  });

  it('server-snippet: the data of the routes holds: HTTPS redirect, app-root, refusals, headers', async () => {
    expect((await get('tls', '/x')).headers.location).to.equal('https://tls.test/x');
    expect(await get('tls', '/own')).to.include({ body: 'own' });
    expect((await get('root')).headers.location).to.match(/\/start$/);
    expect(await echo('root', '/x')).to.include({ backend: 'web' });
    expect((await get('denied')).status).to.equal(503);
    const { headers } = await echo('server', '/b');
    expect(headers).to.include({ host: 'server.test', 'x-forwarded-for': '127.0.0.1' });
    expect((await ask({ port: sluice.https, host: 'server.test', tls: true })).headers).to.have.property(
      'strict-transport-security',
    );
    expect((await get('variables', '/v/x')).body).to.equal('default/variables web /v');
  });

  it('server-snippet: wildcard hosts have it too, and not the hosts below with an Ingress of their own (HOST-04)', async () => {
    expect(await ask({ port: sluice.http, host: 'a.wild.test', path: '/own' })).to.include({ body: 'wild' });
    expect(await askEcho({ port: sluice.http, host: 'a.wild.test' })).to.include({ backend: 'web' });
    expect(await askEcho({ port: sluice.http, host: 'below.wild.test', path: '/own' })).to.include({ backend: 'web' });
  });

  it('server-snippet: the oldest Ingress of the host wins, the others get a Problem', async () => {
    expect((await get('first', '/second')).headers['x-server']).to.equal('first');
    expect((await sluice.logs()).err).to.match(/default\/second: annotation server-snippet: an older Ingress/);
  });

  it('server-snippet: rules without a host have no server of their own: 503 and a Problem', async () => {
    expect((await get('nobody', '/any')).status).to.equal(503);
    expect((await sluice.logs()).err).to.match(/default\/any: path "\/any": a server-snippet needs a server/);
  });

  it('configuration-snippet: locations within it', async () => {
    expect(await echo('nested', '/files/x')).to.include({ backend: 'web', url: '/files/x' });
    expect((await get('nested', '/files/x')).headers['x-outer']).to.equal('yes');
    expect((await get('nested', '/files/private/x')).status).to.equal(403);
    const { headers, backend } = await echo('nested', '/files/echo');
    expect(backend).to.equal('web');
    expect(headers['x-nested']).to.equal('yes');
    expect(await echo('nested', '/files')).to.include({ backend: 'web', url: '/files' });
    expect((await get('nested', '/else')).status).to.equal(404);
  });

  it('configuration-snippet: with alias the path is a location', async () => {
    expect(await config()).to.contain('alias /usr/share/common-licenses/;');
    expect(await echo('alias', '/doc/GPL-2')).to.include({ backend: 'web' }); // proxy_pass beats it, as ever
    expect((await get('alias', '/doc/none')).status).to.equal(404);
  });

  it('endpoints and other data change without a reload', async () => {
    const before = await reloads();
    await sluice.write('pods.json', [...workload('web', [other]), ...workload('other', [other])]);
    await eventually(async () => expect(await echo('server')).to.include({ backend: 'other' }));
    await sluice.write('pods.json', [...workload('web', [web]), ...workload('other', [other])]);
    await eventually(async () => expect(await echo('server')).to.include({ backend: 'web' }));
    expect(await reloads()).to.equal(before);
  });

  it('server-snippet: a host enters native mode, gets another path, and leaves it; no request is answered wrongly', async () => {
    const statuses = new Set<number>();
    const state = { goesOn: true };
    const asking = (async () => {
      while (state.goesOn) statuses.add((await get('moving')).status);
    })();
    await sluice.write('moving.json', [site('moving', {})]);
    await eventually(async () => expect((await get('moving')).status).to.equal(200));
    statuses.clear();
    await sluice.write('moving.json', [site('moving', { 'server-snippet': 'add_header X-Server 1;' })]);
    await eventually(async () => expect((await get('moving')).headers['x-server']).to.equal('1'));
    const paths = [{ path: '/' }, { path: '/more', service: 'other' }];
    await sluice.write('moving.json', [site('moving', { 'server-snippet': 'add_header X-Server 2;' }, { paths })]);
    await eventually(async () => expect(await echo('moving', '/more')).to.include({ backend: 'other' }));
    expect((await get('moving')).headers['x-server']).to.equal('2');
    await sluice.write('moving.json', [site('moving', {})]);
    await eventually(async () => expect((await get('moving')).headers).to.not.have.property('x-server'));
    state.goesOn = false;
    await asking;
    expect([...statuses]).to.deep.equal([200]);
  });

  it('server-snippet: holds under the exact aliases of the host as well', async () => {
    await sluice.write('alias.json', [
      site('named', {
        'server-snippet': 'location /own { return 200 "own $host"; }',
        'server-alias': 'other-name.test',
      }),
    ]);
    await eventually(async () => expect(await get('other-name', '/own')).to.include({ body: 'own other-name.test' }));
    await eventually(async () => expect(await echo('other-name', '/x')).to.include({ backend: 'web' }));
  });

  it('server-snippet: one that nginx refuses is a Problem; its host answers 503, or its last good version; others go on', async () => {
    await sluice.write('bad.json', [
      site('bad', { 'server-snippet': 'location / { return 200 twice; }' }),
      site('worse', { 'server-snippet': 'add_header X "$no_such_variable";' }),
      site('fine', { 'server-snippet': 'add_header X-Server fine;' }),
      site('bad-nested', { 'configuration-snippet': 'location /x { no_such_directive; }' }),
    ]);
    await eventually(async () => expect((await get('fine')).headers['x-server']).to.equal('fine'), 20_000);
    for (const name of ['bad', 'worse', 'bad-nested']) {
      await eventually(async () => expect((await get(name)).status, name).to.equal(503));
    }
    const { err } = await sluice.logs();
    expect(err).to.match(/directives-refused: Ingress default\/bad: .*duplicate location "\/"/);
    expect(err).to.match(/directives-refused: Ingress default\/worse: .*unknown "no_such_variable" variable/);
    expect(err).to.match(/directives-refused: Ingress default\/bad-nested: .*unknown directive "no_such_directive"/);
    await sluice.write('bad.json', [site('fine', { 'server-snippet': 'add_header X-Server;' })]);
    await eventually(async () => expect((await sluice.logs()).err).to.match(/default\/fine: .*"add_header"/));
    expect((await get('fine')).headers['x-server']).to.equal('fine');
    expect(await echo('server')).to.include({ backend: 'web' });
  });
});
