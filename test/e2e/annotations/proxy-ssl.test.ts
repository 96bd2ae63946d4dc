import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Authority, type IssuedPair, makeAuthority, makePair } from '../../support/certificates.ts';
import { type Ask, ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { configMap, ingress, opaque, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { type Seen, startTlsPod, type TlsPod } from '../../support/tls-backend.ts';

const HTTPS = { 'backend-protocol': 'HTTPS' };
const SECRET = { ...HTTPS, 'proxy-ssl-secret': 'default/trust' };
const VERIFY = { ...SECRET, 'proxy-ssl-verify': 'on', 'proxy-ssl-name': 'backend.test' };

describe('TLS to backends', () => {
  let sluice: Sluice;
  let ca: Authority;
  let client: IssuedPair;
  const pods: TlsPod[] = [];
  let plain: Pod;

  const site = (name: string, annotations: Record<string, string>, extra: object = {}): object =>
    ingress({ name, host: `${name}.test`, annotations, ...extra });
  const secrets = (pair: { certificate: string; key: string }): object[] => [
    opaque('trust', { 'ca.crt': ca.certificate, 'tls.crt': pair.certificate, 'tls.key': pair.key }),
  ];
  const get = (name: string, more: Partial<Ask> = {}) => ask({ port: sluice.http, host: `${name}.test`, ...more });
  const seen = async (name: string, more: Partial<Ask> = {}): Promise<Seen> => {
    const answer = await get(name, more);
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status}`);
    return JSON.parse(answer.body) as Seen;
  };

  before(async () => {
    ca = await makeAuthority('CN=Backends, O=Sluice');
    const foreign = await makeAuthority('CN=Foreign, O=Sluice');
    client = await ca.issue(['sluice']);
    const start = async (...[pair, options]: Parameters<typeof startTlsPod>): Promise<TlsPod> => {
      const pod = await startTlsPod(pair, options);
      pods.push(pod);
      return pod;
    };
    const good = await ca.issue(['backend.test', '*.by-host.test']);
    const web = await start(good, { clients: ca.certificate });
    const newer = await start(good, { minVersion: 'TLSv1.3' });
    const intermediate = await ca.issue(['Intermediate'], 'issues');
    const below = await intermediate.issue(['Below'], 'issues');
    const leaf = await below.issue(['backend.test']);
    const chain = leaf.certificate + below.certificate + intermediate.certificate;
    const deep = await start({ certificate: chain, key: leaf.key });
    plain = await startPod('plain');
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'pods.json': [
          ...workload('web', [web]),
          ...workload('newer', [newer]),
          ...workload('deep', [deep]),
          ...workload('plain', [plain]),
        ],
        'secrets.json': secrets(client),
        'others.json': [
          opaque('foreign', { 'ca.crt': foreign.certificate }),
          opaque('only-ca', { 'ca.crt': ca.certificate }),
          opaque('only-pair', { 'tls.crt': client.certificate, 'tls.key': client.key }),
          opaque('mismatch', { 'ca.crt': ca.certificate, 'tls.crt': client.certificate, 'tls.key': ca.key }),
          opaque('elsewhere', { 'ca.crt': ca.certificate }, 'other'),
        ],
        'sites.json': [
          site('none', HTTPS),
          site('client', SECRET),
          site('verified', VERIFY),
          site('misnamed', { ...VERIFY, 'proxy-ssl-name': 'wrong.test' }),
          site('unnamed', { ...SECRET, 'proxy-ssl-verify': 'on' }),
          site('distrusted', { ...VERIFY, 'proxy-ssl-secret': 'default/foreign' }),
          site('no-client', { ...VERIFY, 'proxy-ssl-secret': 'default/only-ca' }),
          site('sni', { ...VERIFY, 'proxy-ssl-server-name': 'on' }),
          site('other-sni', { ...SECRET, 'proxy-ssl-server-name': 'on', 'proxy-ssl-name': 'other.test' }),
          site('x.by-host', { ...VERIFY, 'proxy-ssl-server-name': 'on', 'proxy-ssl-name': '$host' }),
          site('y.by-host', { ...VERIFY, 'proxy-ssl-server-name': 'on', 'proxy-ssl-name': '$host' }),
          site('not-by-host', { ...VERIFY, 'proxy-ssl-server-name': 'on', 'proxy-ssl-name': '$host' }),
          site('old', SECRET, { paths: [{ service: 'newer' }] }),
          site('new', { ...SECRET, 'proxy-ssl-protocols': 'TLSv1.3 TLSv1.2' }, { paths: [{ service: 'newer' }] }),
          site('shallow', VERIFY, { paths: [{ service: 'deep' }] }),
          site('deep', { ...VERIFY, 'proxy-ssl-verify-depth': '2' }, { paths: [{ service: 'deep' }] }),
          site('ciphers', { ...SECRET, 'proxy-ssl-ciphers': 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
          site('unfit-ciphers', { ...SECRET, 'proxy-ssl-ciphers': 'ECDHE-RSA-AES128-GCM-SHA256' }),
          site('pair', { ...HTTPS, 'proxy-ssl-secret': 'default/only-pair' }),
          site('auto', { ...VERIFY, 'backend-protocol': 'auto_http' }),
          site('auto-plain', { 'backend-protocol': 'AUTO_HTTP' }, { paths: [{ service: 'plain' }] }),
        ],
        'closed.json': [
          site('missing', { ...HTTPS, 'proxy-ssl-secret': 'default/late' }),
          site('bare', { ...HTTPS, 'proxy-ssl-secret': 'trust' }),
          site('foreign', { ...HTTPS, 'proxy-ssl-secret': 'other/elsewhere' }),
          site('mismatch', { ...HTTPS, 'proxy-ssl-secret': 'default/mismatch' }),
          site('nothing-to-trust', { ...VERIFY, 'proxy-ssl-secret': 'default/only-pair' }),
        ],
        'host.json': [
          site('first', VERIFY, { host: 'shared.test', created: '2026-01-01T00:00:00Z' }),
          site('second', HTTPS, {
            host: 'shared.test',
            created: '2026-01-02T00:00:00Z',
            paths: [{ path: '/second' }, { path: '/deep', service: 'deep' }],
          }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await plain?.stop();
    for (const pod of pods) await pod.stop();
  });

  it('backend-protocol HTTPS: neither a name nor a certificate is sent, and none verified', async () => {
    expect(await seen('none')).to.include({ servername: false, client: null, protocol: 'TLSv1.3' });
  });

  it('proxy-ssl-secret: its certificate is presented, and no key is in a file', async () => {
    expect(await seen('client')).to.include({ servername: false, client: 'sluice', verified: true });
    expect(await seen('no-client')).to.include({ client: null });
    expect(await seen('pair')).to.include({ client: null });
    const folder = join(sluice.runDir, 'files');
    for (const file of await readdir(folder)) {
      expect(await readFile(join(folder, file), 'utf8')).to.not.contain('PRIVATE KEY');
    }
    expect(await sluice.config()).to.not.contain('PRIVATE KEY');
  });

  it('proxy-ssl-verify: 502 when the CA is another', async () => {
    expect(await seen('verified')).to.include({ servername: false, client: 'sluice' });
    expect((await get('distrusted')).status).to.equal(502);
  });

  it('proxy-ssl-name: 502 when the certificate has another name; without one, no certificate fits', async () => {
    expect((await get('misnamed')).status).to.equal(502);
    expect((await get('unnamed')).status).to.equal(502);
  });

  it('proxy-ssl-name: with variables, for each request on its own', async () => {
    for (let i = 0; i < 3; i += 1) {
      for (const name of ['x.by-host', 'y.by-host']) {
        expect(await seen(name)).to.include({ servername: `${name}.test` });
      }
      expect((await get('not-by-host')).status).to.equal(502);
    }
  });

  it('proxy-ssl-server-name: the name is sent', async () => {
    expect(await seen('sni')).to.include({ servername: 'backend.test' });
    expect(await seen('other-sni')).to.include({ servername: 'other.test' });
  });

  it('proxy-ssl-protocols: TLS 1.2 alone unless it says more', async () => {
    expect((await seen('client')).protocol).to.equal('TLSv1.2');
    expect((await get('old')).status).to.equal(502);
    expect((await seen('new')).protocol).to.equal('TLSv1.3');
  });

  it('proxy-ssl-verify-depth: so many CAs below the one that is known', async () => {
    expect((await get('shallow')).status).to.equal(502);
    expect((await get('deep')).status).to.equal(200);
  });

  it('proxy-ssl-ciphers: what is offered to backends', async () => {
    expect(await seen('ciphers')).to.include({ client: 'sluice' });
    expect((await get('unfit-ciphers')).status).to.equal(502);
  });

  it('connections of one identity are kept, and never used for another', async () => {
    const used = new Map<number, string>();
    const names = ['none', 'client', 'verified', 'no-client', 'sni', 'other-sni', 'ciphers'];
    let reused = 0;
    for (let round = 0; round < 12; round += 1) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const { connection } = await seen(name);
        if (used.has(connection)) reused += 1;
        expect(used.get(connection) ?? name, `connection ${connection}`).to.equal(name);
        used.set(connection, name);
        expect((await get('distrusted')).status).to.equal(502);
        expect((await get('misnamed')).status).to.equal(502);
      }
    }
    expect(reused).to.be.above(30);
  });

  it('proxy-ssl-secret: it holds for the other paths of the host, unless proxy-ssl-location-only (HOST-11)', async () => {
    const second = { host: 'shared.test', path: '/second' };
    expect(await seen('shared', second)).to.include({ client: 'sluice' });
    expect((await get('shared', { path: '/deep' })).status).to.equal(502);
    await sluice.write('settings.json', [configMap('settings', { 'proxy-ssl-location-only': 'true' })]);
    await eventually(async () => expect(await seen('shared', second)).to.include({ client: null }));
    expect((await get('shared', { path: '/deep' })).status).to.equal(200);
    await sluice.remove('settings.json');
    await eventually(async () => expect(await seen('shared', second)).to.include({ client: 'sluice' }));
  });

  it('proxy-ssl-secret: paths whose Secret cannot be used answer 503 (PARSE-07)', async () => {
    for (const name of ['missing', 'bare', 'foreign', 'mismatch', 'nothing-to-trust']) {
      expect((await get(name)).status, name).to.equal(503);
    }
    expect((await sluice.logs()).err).to.contain('Secret default/late does not exist; its paths answer 503');
  });

  it('proxy-ssl-secret: a Secret that comes, changes or goes is noticed (PARSE-08, DEL-03)', async () => {
    await sluice.write('late.json', [
      opaque('late', { 'ca.crt': ca.certificate, 'tls.crt': client.certificate, 'tls.key': client.key }),
    ]);
    await eventually(async () => expect(await seen('missing')).to.include({ client: 'sluice' }));
    await sluice.remove('late.json');
    await eventually(async () => expect((await get('missing')).status).to.equal(503));
    const renewed = await ca.issue(['renewed']);
    await sluice.write('secrets.json', secrets(renewed));
    await eventually(async () => expect(await seen('client')).to.include({ client: 'renewed', verified: true }));
    await sluice.write('secrets.json', secrets(client));
    await eventually(async () => expect(await seen('client')).to.include({ client: 'sluice' }));
  });

  it('backend-protocol AUTO_HTTP: as the client’s connection', async () => {
    const question = { port: sluice.https, host: 'auto.test', tls: true };
    const secure = JSON.parse((await ask(question)).body) as Seen;
    expect(secure).to.include({ client: 'sluice', verified: true });
    expect((await get('auto')).status).to.equal(502); // HTTP on a port that speaks TLS
    expect((await askEcho({ port: sluice.http, host: 'auto-plain.test' })).backend).to.equal('plain');
    expect((await ask({ port: sluice.https, host: 'auto-plain.test', tls: true })).status).to.equal(502);
  });

  it('a self-signed certificate of the backend is fine where nothing is verified', async () => {
    const pod = await startTlsPod(await makePair(['anything.test']));
    pods.push(pod);
    await sluice.write('self.json', [
      ...workload('self', [pod]),
      site('self', HTTPS, { paths: [{ service: 'self' }] }),
    ]);
    await eventually(async () => expect(await seen('self')).to.include({ client: null }));
  });
});
