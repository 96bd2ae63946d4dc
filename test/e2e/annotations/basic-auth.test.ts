// Basic authentication by annotation.
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { configMap, ingress, opaque, service, site, workload } from '../../support/objects.ts';
import { credentials, HASHES } from '../../support/passwords.ts';
import { runSluice, type Sluice, startSluice } from '../../support/sluice.ts';

describe('basic authentication', () => {
  let sluice: Sluice;
  let pod: Pod;

  const get = (name: string, more: object = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${name}.test`, ...more });
  const status = async (name: string, more: object = {}): Promise<number> => (await get(name, more)).status;
  const alice = { headers: credentials('alice', 'secret') };

  before(async () => {
    pod = await startPod('web', '127.0.0.61');
    const guarded = (name: string, annotations: Record<string, string> = {}): object[] =>
      site(name, [pod], {
        'auth-type': 'basic',
        'auth-secret': 'users',
        'auth-realm': 'Protected Area',
        ...annotations,
      });
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'sites.json': [
          configMap('settings', { 'no-auth-locations': '/open' }),
          opaque('users', {
            auth: `# people\nalice:${HASHES.apr1}\nbob:${HASHES.bcrypt}:ignored\r\nalice:{PLAIN}second\n`,
          }),
          opaque('hashes', HASHES),
          opaque('nothing', { other: 'alice:x' }),
          opaque('garbage', { auth: 'no colon\n:nobody\nempty:\nstar:*0\n' }),
          opaque('users', { auth: `alice:${HASHES.apr1}` }, 'other'),
          ...guarded('file'),
          ...guarded('map', { 'auth-secret-type': 'auth-map', 'auth-secret': 'default/hashes' }),
          ...guarded('no-realm', { 'auth-realm': '' }),
          ...guarded('off', { 'auth-realm': 'off' }),
          ...guarded('later', { 'auth-secret': 'later' }),
          ...guarded('no-key', { 'auth-secret': 'nothing' }),
          ...guarded('garbage', { 'auth-secret': 'garbage' }),
          ...guarded('none', { 'auth-secret': '' }),
          ...guarded('foreign', { 'auth-secret': 'other/users' }),
          ...guarded('digest', { 'auth-type': 'digest' }),
          ...guarded('type-bad', { 'auth-type': 'basically' }),
          ...guarded('map-bad', { 'auth-secret-type': 'my-auth-map' }),
          ...guarded('moved', { 'permanent-redirect': 'http://elsewhere.test/' }),
          ...guarded('replaced', { 'custom-http-errors': '401' }),
          ...guarded('forced', { 'force-ssl-redirect': 'true' }),
          ...site('unused', [pod], { 'auth-secret': 'no/such/thing', 'auth-realm': '"', 'auth-secret-type': 'x' }),
          ...guarded('empty-service').slice(0, 1),
          service('empty-service'),
          ingress({
            name: 'paths',
            host: 'paths.test',
            paths: [{ path: '/open' }, { path: '/closed' }],
            annotations: { 'auth-type': 'basic', 'auth-secret': 'users' },
          }),
          ...workload('web', [pod]),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('auth-type: asks for a password with auth-realm; the backend never sees it', async () => {
    const asked = await get('file');
    expect([asked.status, asked.headers['www-authenticate']]).to.deep.equal([401, 'Basic realm="Protected Area"']);
    const served = await askEcho({ port: sluice.http, host: 'file.test', ...alice });
    expect(served.headers).to.not.have.property('authorization');
    expect(await status('file', { method: 'POST', body: 'x', ...alice })).to.equal(200);
    expect(await status('file', { port: sluice.https, tls: true, ...alice })).to.equal(200);
    await eventually(async () => expect((await sluice.logs()).out).to.match(/ - alice \[.*"GET \/ HTTP\/1\.1" 200 /));
  });

  it('auth-secret: only the names and passwords of the file get in, the first line of a name counts', async () => {
    expect(await status('file', { headers: credentials('bob', 'secret') })).to.equal(200);
    for (const [name, password] of [
      ['alice', 'wrong'],
      ['alice', 'second'],
      ['alice', 'secret\0'],
      ['alice', 'secret '],
      ['alice', ''],
      ['Alice', 'secret'],
      ['# people', ''],
      ['', ''],
      ['carol', 'secret'],
    ] as const) {
      expect(await status('file', { headers: credentials(name, password) }), `${name}:${password}`).to.equal(401);
    }
    for (const Authorization of ['Basic', 'Basic !!!', 'Basic YWxpY2U=', 'Bearer abc', `Digest username="alice"`, '']) {
      expect(await status('file', { headers: { Authorization } }), Authorization).to.equal(401);
    }
    expect(
      await status('file', {
        headers: { Authorization: credentials('alice', 'secret').Authorization.replace('Basic', 'bASIC ') },
      }),
    ).to.equal(200);
  });

  it('auth-secret-type: auth-map has a user under each key, with every kind of hash that nginx knows', async () => {
    for (const kind of Object.keys(HASHES)) {
      for (let i = 0; i < 2; i += 1) {
        expect(await status('map', { headers: credentials(kind, 'secret') }), kind).to.equal(200);
        expect(await status('map', { headers: credentials(kind, 'wrong') }), kind).to.equal(401);
      }
    }
    expect(await status('map-bad', alice)).to.equal(503);
  });

  it('auth-realm: may be empty, and "off" is a realm like any other, not a way in', async () => {
    expect((await get('no-realm')).headers['www-authenticate']).to.equal('Basic realm=""');
    const off = await get('off');
    expect([off.status, off.headers['www-authenticate']]).to.deep.equal([401, 'Basic realm="off"']);
  });

  it('auth-secret: without the Secret 503, until it comes; changes are live without a reload (PARSE-08)', async () => {
    expect(await status('later', alice)).to.equal(503);
    await sluice.write('later.json', [opaque('later', { auth: `alice:${HASHES.sha512}` })]);
    await eventually(async () => expect(await status('later')).to.equal(401));
    expect(await status('later', alice)).to.equal(200);
    await sluice.write('later.json', [opaque('later', { auth: 'alice:{PLAIN}changed' })]);
    await eventually(async () => expect(await status('later', alice)).to.equal(401));
    expect(await status('later', { headers: credentials('alice', 'changed') })).to.equal(200);
    await sluice.remove('later.json');
    await eventually(async () => expect(await status('later', alice)).to.equal(503));
    expect((await sluice.logs()).err).to.not.contain('nginx reloaded');
  });

  it('auth-secret: empty, without its key, or of another namespace denies; garbage lets nobody in (PARSE-03, PARSE-07, R19)', async () => {
    for (const name of ['none', 'no-key', 'foreign']) expect(await status(name, alice), name).to.equal(503);
    for (const [name, password] of [
      ['no colon', ''],
      ['empty', ''],
      ['star', ''],
      ['', 'nobody'],
    ] as const) {
      expect(await status('garbage', { headers: credentials(name, password) }), name).to.equal(401);
    }
  });

  it('auth-type: digest, which nginx has no module for, and other words deny (R19)', async () => {
    expect(await status('digest', alice)).to.equal(503);
    expect(await status('type-bad', alice)).to.not.equal(200);
  });

  it('without auth-type the other annotations are not even read (PARSE-11)', async () => {
    expect(await status('unused')).to.equal(200);
  });

  it('no-auth-locations: rule paths below are open (GLOB-07)', async () => {
    expect(await status('paths', { path: '/open/x' })).to.equal(200);
    expect(await status('paths', { path: '/closed' })).to.equal(401);
    expect(await status('paths', { path: '/open/../closed' })).to.equal(401);
    expect(await status('paths', { path: '/elsewhere' })).to.equal(401);
    expect(await status('paths', { path: '/elsewhere', ...alice })).to.equal(404);
  });

  it('HTTPS and missing endpoints come before the password (SVC-02, PHASE-01, PHASE-02)', async () => {
    expect(await status('forced')).to.equal(308);
    expect(await status('empty-service')).to.equal(503);
  });

  it('redirects answer before the password, and other Ingresses with custom-http-errors take no challenge away (PHASE-02)', async () => {
    expect(await status('moved')).to.equal(301);
    expect((await get('file')).headers['www-authenticate']).to.equal('Basic realm="Protected Area"');
    expect((await get('replaced')).body).to.not.contain('"backend":"web"');
  });

  it('the control API and sluice render give no hashes back (R12)', async () => {
    const printed = await runSluice(['render', `--manifests=${sluice.folder}`, '--watch-ingress-without-class']);
    expect(printed.out).to.contain('"realm":"Protected Area"').and.to.not.contain(HASHES.apr1);
    const shown = await sluice.control.get('/v1/state/host/file.test', AbortSignal.timeout(5000));
    const users = /"users":"([0-9a-f]{64})"/.exec(shown)?.[1] ?? '';
    expect(users).to.not.equal('');
    const refused = await sluice.control.get(`/v1/state/users/${users}`, AbortSignal.timeout(5000)).catch(String);
    expect(refused).to.contain('404');
  });
});
