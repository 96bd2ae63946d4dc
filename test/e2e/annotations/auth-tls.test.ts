import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Authority, type IssuedPair, makeAuthority, type Pair } from '../../support/certificates.ts';
import { type Answer, type Ask, ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { askHttp2, openHttp2 } from '../../support/http2.ts';
import { startLoad } from '../../support/load.ts';
import { ingress, opaque, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const OLD = '2026-01-01T00:00:00Z';
const YOUNG = '2026-01-02T00:00:00Z';

describe('client certificates', () => {
  let pod: Pod;
  let sluice: Sluice;
  let ca: Authority;
  let foreign: Authority;
  let intermediate: IssuedPair;
  /** Headers of what the service was asked. */
  const service: Record<string, unknown>[] = [];
  let asked: Pod;
  let clients: Record<'alice' | 'bob' | 'revoked' | 'foreign' | 'deep', Pair>;

  const site = (name: string, annotations: Record<string, string>, extra: object = {}): object =>
    ingress({ name, host: `${name}.test`, annotations, ...extra });
  const secured = (name: string, annotations: Record<string, string> = {}): object =>
    site(name, { 'auth-tls-secret': 'default/ca', ...annotations });
  const get = (host: string, client?: Pair, more: Partial<Ask> = {}): Promise<Answer> =>
    ask({ port: sluice.https, host, tls: true, ...(client === undefined ? {} : { client }), ...more });
  const status = async (host: string, client?: Pair, more: Partial<Ask> = {}): Promise<number> =>
    (await get(host, client, more)).status;
  const seen = async (host: string, client?: Pair, more: Partial<Ask> = {}): Promise<Record<string, unknown>> =>
    (await askEcho({ port: sluice.https, host, tls: true, ...(client === undefined ? {} : { client }), ...more }))
      .headers;
  const plainStatus = async (host: string): Promise<number> => (await ask({ port: sluice.http, host })).status;

  before(async () => {
    pod = await startPod('web');
    asked = await startPod('service');
    asked.server.on('request', ({ headers }) => service.push(headers));
    const asking = `http://${asked.address}:${asked.port}/`;
    ca = await makeAuthority('CN=Clients, O=Sluice');
    foreign = await makeAuthority('CN=Foreign, O=Sluice');
    intermediate = await ca.issue(['Intermediate'], 'issues');
    const revoked = await ca.issue(['revoked']);
    const deeper = await intermediate.issue(['Intermediate of an intermediate'], 'issues');
    const deep = await deeper.issue(['deep']);
    clients = {
      alice: await ca.issue(['alice']),
      bob: await ca.issue(['bob']),
      revoked,
      foreign: await foreign.issue(['mallory']),
      deep: { certificate: deep.certificate + deeper.certificate + intermediate.certificate, key: deep.key },
    };
    sluice = await startSluice({
      manifests: {
        'pods.json': [...workload('web', [pod]), ...workload('api', [pod])],
        'secrets.json': [
          opaque('ca', { 'ca.crt': ca.certificate }),
          opaque('with-list', { 'ca.crt': ca.certificate, 'ca.crl': await ca.revocations([revoked.serial]) }),
          opaque('pair', { 'tls.crt': ca.certificate, 'tls.key': ca.key }),
          opaque('garbage', { 'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
          opaque('foreign', { 'ca.crt': foreign.certificate }, 'other'),
        ],
        'plain.json': [site('plain', {})],
        'sites.json': [
          secured('on', { 'auth-tls-pass-certificate-to-upstream': 'true' }),
          secured('second'),
          secured('asks', { 'auth-url': asking }),
          site('asks-plain', { 'auth-url': asking }),
          secured('optional', { 'auth-tls-verify-client': 'optional' }),
          secured('no-ca', { 'auth-tls-verify-client': 'optional_no_ca' }),
          secured('off', { 'auth-tls-verify-client': 'off' }),
          secured('bad-mode', { 'auth-tls-verify-client': 'ON' }),
          secured('deep', { 'auth-tls-verify-depth': '2' }),
          secured('page', { 'auth-tls-error-page': 'http://err.example/e' }),
          secured('own-page', { 'auth-tls-error-page': '/sorry' }),
          secured('cn', { 'auth-tls-match-cn': 'CN=(alice|carol)' }),
          secured('costly', { 'auth-tls-match-cn': 'CN=(a+)+$', 'auth-tls-verify-client': 'optional' }),
          secured('aliased', { 'server-alias': 'alias.test, *.pattern.test' }),
          site('list', { 'auth-tls-secret': 'default/with-list' }),
        ],
        'closed.json': [
          site('bare', { 'auth-tls-secret': 'ca' }),
          site('elsewhere', { 'auth-tls-secret': 'other/foreign' }),
          site('missing', { 'auth-tls-secret': 'default/none' }),
          site('garbage', { 'auth-tls-secret': 'default/garbage' }),
          site('pair', { 'auth-tls-secret': 'default/pair' }),
        ],
        'two.json': [
          site('older', { 'auth-tls-secret': 'default/ca' }, { host: 'two.test', created: OLD }),
          site(
            'younger',
            { 'auth-tls-secret': 'default/with-list', 'auth-tls-match-cn': 'CN=nobody' },
            { host: 'two.test', created: YOUNG, paths: [{ path: '/young', service: 'api' }] },
          ),
          site('good', { 'auth-tls-secret': 'default/ca' }, { host: 'mixed.test', created: OLD }),
          site(
            'bad',
            { 'auth-tls-secret': 'default/none' },
            { host: 'mixed.test', created: YOUNG, paths: [{ path: '/young' }] },
          ),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
    await asked?.stop();
  });

  it('auth-tls-secret: 400 without a certificate of the CA; backends see who it is (HDR-08)', async () => {
    const without = await get('on.test');
    expect(without.status).to.equal(400);
    expect(without.body).to.contain('No required SSL certificate was sent');
    expect(await status('on.test', clients.foreign)).to.equal(400);
    const headers = await seen('on.test', clients.alice, { headers: { 'ssl-client-verify': 'forged' } });
    expect(headers).to.include({
      'ssl-client-verify': 'SUCCESS',
      'ssl-client-subject-dn': 'O=Sluice,CN=alice',
      'ssl-client-issuer-dn': 'O=Sluice,CN=Clients',
    });
    expect(await plainStatus('on.test')).to.equal(200);
  });

  it('auth-tls-pass-certificate-to-upstream: the certificate itself, or none (HDR-08)', async () => {
    const sent = String((await seen('on.test', clients.alice))['ssl-client-cert']);
    expect(sent).to.match(/^-----BEGIN%20CERTIFICATE-----%0A/);
    expect(decodeURIComponent(sent).trim()).to.equal(clients.alice.certificate.trim().replaceAll('\r', ''));
    const headers = await seen('second.test', clients.alice, { headers: { 'ssl-client-cert': 'forged' } });
    expect(headers).to.not.have.property('ssl-client-cert');
  });

  it('no client may send these headers where no certificates are asked for (HDR-08)', async () => {
    const forged = {
      'ssl-client-verify': 'SUCCESS',
      'ssl-client-subject-dn': 'CN=admin',
      'ssl-client-issuer-dn': 'CN=Clients',
      'ssl-client-cert': 'x',
    };
    for (const host of ['plain.test', 'on.test']) {
      const { headers } = await askEcho({ port: sluice.http, host, headers: forged });
      for (const name of Object.keys(forged)) expect(headers, `${host} ${name}`).to.not.have.property(name);
    }
    const headers = await seen('plain.test', clients.alice, { headers: forged });
    for (const name of Object.keys(forged)) expect(headers).to.not.have.property(name);
  });

  it('a service that is asked sees the same, and no forged copies (HDR-08)', async () => {
    const question = async (host: string, client?: Pair): Promise<Record<string, unknown>> => {
      service.length = 0;
      const headers = { 'ssl-client-verify': 'forged', 'ssl-client-cert': 'forged' };
      expect(await status(host, client, { headers })).to.equal(200);
      return service[0] ?? {};
    };
    const known = await question('asks.test', clients.alice);
    expect(known).to.include({ 'ssl-client-verify': 'SUCCESS', 'ssl-client-subject-dn': 'O=Sluice,CN=alice' });
    expect(known).to.not.have.property('ssl-client-cert');
    const unknown = await question('asks-plain.test');
    expect(unknown['x-original-url']).to.equal('https://asks-plain.test/');
    expect(unknown).to.not.have.property('ssl-client-verify');
    expect(unknown).to.not.have.property('ssl-client-cert');
  });

  it('auth-tls-verify-client: optional, optional_no_ca, off; a word that is none means on', async () => {
    expect(await seen('optional.test')).to.include({ 'ssl-client-verify': 'NONE' });
    expect(await seen('optional.test', clients.bob)).to.include({ 'ssl-client-verify': 'SUCCESS' });
    expect(await status('optional.test', clients.foreign)).to.equal(400);
    expect((await seen('no-ca.test', clients.foreign))['ssl-client-verify']).to.match(/^FAILED:/);
    expect(await seen('off.test', clients.alice)).to.include({ 'ssl-client-verify': 'NONE' });
    expect(await status('bad-mode.test')).to.equal(400);
    expect(await status('bad-mode.test', clients.alice)).to.equal(200);
  });

  it('auth-tls-verify-depth: so many CAs below the one that is known, 1 unless it says more', async () => {
    expect(await status('on.test', clients.deep)).to.equal(400);
    expect(await status('deep.test', clients.deep)).to.equal(200);
    expect(await status('deep.test', clients.alice)).to.equal(200);
  });

  it('auth-tls-secret: its revocation list counts', async () => {
    expect(await status('list.test', clients.alice)).to.equal(200);
    expect(await status('list.test', clients.revoked)).to.equal(400);
    expect(await status('on.test', clients.revoked)).to.equal(200);
  });

  it('auth-tls-error-page: 302 to a URL, or a page of the host, in place of 400', async () => {
    for (const client of [undefined, clients.foreign]) {
      const answer = await get('page.test', client, { path: '/x?y=1' });
      expect(answer.status).to.equal(302);
      expect(answer.headers.location).to.equal('http://err.example/e');
    }
    expect(await status('page.test', clients.alice)).to.equal(200);
    const own = await askEcho({ port: sluice.https, host: 'own-page.test', tls: true, path: '/x' });
    expect(own.url).to.equal('/sorry');
    expect(own.headers).to.include({ 'ssl-client-verify': 'NONE' });
  });

  it('auth-tls-match-cn: 403 for another subject, and without one, before any redirect', async () => {
    expect(await status('cn.test', clients.alice)).to.equal(200);
    expect(await status('cn.test', clients.bob)).to.equal(403);
    expect(await plainStatus('cn.test')).to.equal(403);
    expect(await status('costly.test', await ca.issue([`${'a'.repeat(60)}b`]))).to.be.oneOf([403, 500]);
  });

  it('auth-tls-secret: an alias asks for the same certificates; patterns lead nowhere', async () => {
    expect(await status('alias.test')).to.equal(400);
    expect(await seen('alias.test', clients.alice)).to.include({ 'ssl-client-verify': 'SUCCESS' });
    expect(await status('x.pattern.test', clients.alice)).to.equal(404);
  });

  it('auth-tls-*: all of them come from the oldest Ingress whose Secret yields a CA (HOST-11)', async () => {
    expect(await status('two.test', clients.revoked)).to.equal(200);
    expect(await status('two.test', clients.bob, { path: '/young' })).to.equal(200);
  });

  it('auth-tls-secret: what cannot be verified closes the whole host (DEL-03, PARSE-07)', async () => {
    for (const name of ['bare', 'elsewhere', 'missing', 'garbage', 'pair', 'mixed']) {
      expect(await status(`${name}.test`, clients.alice), name).to.equal(403);
      expect(await plainStatus(`${name}.test`), name).to.equal(403);
    }
    expect((await sluice.logs()).err).to.contain('Secret default/none does not exist; the whole host answers 403');
  });

  it('a controller that comes back adopts nginx, its files included', async () => {
    sluice.process.kill('SIGKILL');
    sluice = await sluice.restart();
    expect((await sluice.logs()).err).to.contain('nginx adopted');
    expect(await status('on.test')).to.equal(400);
    expect(await status('on.test', clients.alice)).to.equal(200);
    await sluice.write('again.json', [site('again', { 'auth-tls-secret': 'default/with-list' })]);
    await eventually(async () => expect(await status('again.test', clients.alice)).to.equal(200));
    expect(await status('again.test', clients.revoked)).to.equal(400);
  });

  it('auth-tls-secret: a Secret that comes, changes or goes is noticed (PARSE-08, DEL-03)', async () => {
    await sluice.write('late.json', [opaque('none', { 'ca.crt': foreign.certificate })]);
    await eventually(async () => expect(await status('missing.test', clients.foreign)).to.equal(200));
    // Workers that end still accept for a moment.
    await eventually(async () => expect(await status('missing.test', clients.alice)).to.equal(400));
    await sluice.write('late.json', [opaque('none', { 'ca.crt': ca.certificate })]);
    await eventually(async () => expect(await status('missing.test', clients.alice)).to.equal(200));
    await eventually(async () => expect(await status('missing.test', clients.foreign)).to.equal(400));
    await sluice.remove('late.json');
    await eventually(async () => expect(await status('missing.test', clients.alice)).to.equal(403));
  });

  it('a host that comes to ask for certificates loses no request of plain HTTP on the way', async () => {
    await sluice.write('later.json', [site('later', {})]);
    await eventually(async () => expect(await status('later.test')).to.equal(200));
    const load = startLoad(sluice.http, 'later.test');
    await sluice.write('later.json', [site('later', { 'auth-tls-secret': 'default/ca', 'proxy-body-size': '4m' })]);
    await eventually(async () => expect(await status('later.test')).to.equal(400));
    expect(await status('later.test', clients.alice)).to.equal(200);
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    expect(load.served).to.be.above(50);
  });

  it('CAs are files named by their content, and only those in use', async () => {
    const digest = (text: string): string => `${createHash('sha256').update(text).digest('hex')}.pem`;
    await sluice.write('gone.json', [
      opaque('gone', { 'ca.crt': foreign.certificate }),
      site('gone', { 'auth-tls-secret': 'default/gone' }),
    ]);
    await eventually(async () => expect(await status('gone.test', clients.foreign)).to.equal(200));
    const folder = join(sluice.runDir, 'files');
    const files = await readdir(folder);
    for (const file of files) expect(digest(await readFile(join(folder, file), 'utf8'))).to.equal(file);
    const used = async (): Promise<string[]> =>
      [...(await sluice.config()).matchAll(/"files\/([^"]+)"/g)].map(([, name]) => name ?? '');
    expect(files.sort()).to.deep.equal([...new Set(await used())].sort());
    await sluice.remove('gone.json');
    await eventually(async () => expect((await readdir(folder)).length).to.equal(files.length - 1));
  });

  describe('on a connection that was made for another host', () => {
    const over = async (servername: string, hosts: readonly string[], client?: Pair): Promise<number[]> => {
      const options = client === undefined ? {} : { cert: client.certificate, key: client.key };
      const session = await openHttp2('https', sluice.https, servername, options);
      try {
        const answers = await Promise.all(hosts.map((host) => askHttp2(session, { ':authority': host })));
        return answers.map(({ status: code }) => code);
      } finally {
        session.close();
      }
    };

    it('421, whatever the spelling: plain hosts, unknown ones, and the other way round', async () => {
      const spellings = ['on.test', 'ON.test', 'on.test.', 'optional.test', `on.test:${sluice.https}`];
      const misdirected = spellings.map(() => 421);
      expect(await over('plain.test', spellings)).to.deep.equal(misdirected);
      expect(await over('unknown.test', spellings, clients.alice)).to.deep.equal(misdirected);
      expect(await over('PLAIN.test', ['plain.test', 'on.test'])).to.deep.equal([200, 421]);
    });

    it('421 between two hosts with certificates of the same CA, too', async () => {
      expect(await over('on.test', ['on.test', 'second.test'], clients.alice)).to.deep.equal([200, 421]);
    });

    it('400 without SNI, where a certificate is required', async () => {
      expect(await over('', ['on.test', 'plain.test'])).to.deep.equal([400, 200]);
    });

    it('HTTP/1.0 without a Host header is for no host, whatever the SNI', async () => {
      const { alice } = clients;
      const lines = await new Promise<string>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: sluice.https, servername: 'second.test', rejectUnauthorized: false };
        const socket = connect({ ...options, cert: alice.certificate, key: alice.key }, () =>
          socket.write('GET / HTTP/1.0\r\n\r\n'),
        );
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        socket.once('end', () => resolve(text));
        socket.once('error', reject);
      });
      expect(lines).to.match(/^HTTP\/1\.1 404 /);
    });

    it('a session of another host opens nothing', async () => {
      const session = await new Promise<Buffer>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: sluice.https, servername: 'plain.test', rejectUnauthorized: false };
        const socket: TLSSocket = connect({ ...options, maxVersion: 'TLSv1.2' }, () => {
          const ticket = socket.getSession();
          socket.destroy();
          if (ticket === undefined) reject(new Error('no session'));
          else resolve(ticket);
        });
        socket.once('error', reject);
      });
      const answer = await new Promise<string>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: sluice.https, servername: 'on.test', rejectUnauthorized: false };
        const socket: TLSSocket = connect({ ...options, session, maxVersion: 'TLSv1.2' }, () => {
          expect(socket.isSessionReused()).to.equal(false);
          socket.write('GET / HTTP/1.1\r\nHost: on.test\r\nConnection: close\r\n\r\n');
        });
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        socket.once('end', () => resolve(text));
        socket.once('error', reject);
      });
      expect(answer).to.match(/^HTTP\/1\.1 400 /);
    });
  });
});
