import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { makePair, type Pair } from '../support/certificates.ts';
import { type Answer, ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { configMap, ingress, secret, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';
import { handshake } from '../support/tls.ts';

const FAKE = 'Kubernetes Ingress Controller Fake Certificate';

describe('TLS', () => {
  let sluice: Sluice;
  let pod: Pod;
  let pairs: Record<'ecdsa' | 'rsa' | 'wild' | 'fallback' | 'renewed', Pair>;

  /** The CN of the certificate that a client is shown. */
  const shown = async (servername: string, options: object = {}): Promise<string> =>
    (await handshake(sluice.https, servername, options)).commonName;
  const plain = (host: string, path: string, headers = {}): Promise<Answer> =>
    ask({ port: sluice.http, host, path, headers });

  before(async () => {
    pod = await startPod('web');
    pairs = {
      ecdsa: await makePair(['ecdsa.test']),
      rsa: await makePair(['rsa.test'], { algorithm: 'rsa' }),
      wild: await makePair(['*.wild.test']),
      fallback: await makePair(['fallback.test']),
      renewed: await makePair(['new-cn.test', 'ecdsa.test']),
    };
    const tls = (name: string, host: string): object =>
      ingress({ name, host, tls: [{ hosts: [host], secretName: name }] });
    sluice = await startSluice({
      flags: ['--default-ssl-certificate=default/fallback', '--configmap=default/settings'],
      manifests: {
        'web.json': [...workload('web', [pod]), ingress({ name: 'none', host: 'none.test' })],
        'tls.json': [
          tls('ecdsa', 'ecdsa.test'),
          tls('rsa', 'rsa.test'),
          tls('wild', '*.wild.test'),
          tls('broken', 'broken.test'),
        ],
        'ecdsa.json': [secret('ecdsa', pairs.ecdsa)],
        'secrets.json': [
          secret('rsa', pairs.rsa),
          secret('wild', pairs.wild),
          secret('broken', { certificate: 'x', key: 'y' }),
          secret('fallback', pairs.fallback),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('chooses by SNI: exact, wildcard, default; ECDSA and RSA (TLS-05)', async () => {
    expect(await shown('ecdsa.test')).to.equal('ecdsa.test');
    expect(await shown('RSA.test')).to.equal('rsa.test');
    expect(await shown('x.wild.test')).to.equal('*.wild.test');
    expect(await shown('y.x.wild.test')).to.equal('fallback.test');
    expect(await shown('unknown.test')).to.equal('fallback.test');
    expect(await shown('')).to.equal('fallback.test');
  });

  it('falls back to the default certificate for a broken Secret (TLS-03, DEL-03)', async () => {
    expect(await shown('broken.test')).to.equal('fallback.test');
    expect((await sluice.logs()).err).to.contain('certificate-unusable: Ingress default/broken: host broken.test');
  });

  it('renews and removes certificates without a reload (TLS-13, DEL-03, DEL-04)', async () => {
    await sluice.write('ecdsa.json', [secret('ecdsa', pairs.renewed)]);
    await eventually(async () => expect(await shown('ecdsa.test')).to.equal('new-cn.test'));
    await sluice.remove('ecdsa.json');
    await eventually(async () => expect(await shown('ecdsa.test')).to.equal('fallback.test'));
    await sluice.write('ecdsa.json', [secret('ecdsa', pairs.ecdsa)]);
    await eventually(async () => expect(await shown('ecdsa.test')).to.equal('ecdsa.test'));
    expect((await sluice.logs()).err).to.not.contain('nginx reloaded');
  });

  it('the certificate of a host that is removed is not shown any more (DEL-04)', async () => {
    await sluice.write('gone.json', [
      ingress({ name: 'gone', host: 'gone.test', tls: [{ secretName: 'gone' }] }),
      secret('gone', await makePair(['gone.test'])),
    ]);
    await eventually(async () => expect(await shown('gone.test')).to.equal('gone.test'));
    await sluice.remove('gone.json');
    await eventually(async () => expect(await shown('gone.test')).to.equal('fallback.test'));
  });

  it('offers TLS 1.2 and 1.3 and HTTP/2, nothing older (TLS-11)', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const session = await handshake(sluice.https, 'rsa.test', {
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ['h2'],
      });
      expect(session.protocol).to.equal(version);
      expect(session.alpn).to.equal('h2');
    }
    const old = await handshake(sluice.https, 'rsa.test', {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    }).catch((error: NodeJS.ErrnoException) => error.code);
    expect(old).to.match(/ERR_SSL/);
  });

  it('redirects HTTP to HTTPS with 308 and drops one final slash (TLS-08, TLS-09)', async () => {
    const cases = {
      '/': 'https://rsa.test',
      '/a/': 'https://rsa.test/a',
      '/a?b=c/': 'https://rsa.test/a?b=c',
      '/a%20b?x=%2F': 'https://rsa.test/a%20b?x=%2F',
    };
    for (const [path, location] of Object.entries(cases)) {
      const answer = await plain('rsa.test:8080', path);
      expect(answer.status).to.equal(308);
      expect(answer.headers.location).to.equal(location);
    }
    expect((await plain('none.test', '/')).status).to.equal(200);
  });

  it('redirects a host whose Secret is broken, and hosts below a TLS wildcard (TLS-07)', async () => {
    expect((await plain('broken.test', '/')).status).to.equal(308);
    await sluice.write('below.json', [ingress({ name: 'below', host: 'below.wild.test' })]);
    await eventually(async () => expect((await plain('below.wild.test', '/')).status).to.equal(308));
    expect((await plain('any.wild.test', '/')).status).to.equal(308);
  });

  it('sends HSTS over TLS only (TLS-12)', async () => {
    const secure = await ask({ port: sluice.https, host: 'rsa.test', tls: true });
    expect(secure.headers['strict-transport-security']).to.equal('max-age=31536000; includeSubDomains');
    expect((await plain('none.test', '/')).headers).to.not.have.property('strict-transport-security');
  });

  it('settings of redirects and HSTS are data: no reload (TLS-09, TLS-12)', async () => {
    await sluice.write('settings.json', [
      configMap('settings', {
        'http-redirect-code': '301',
        'hsts-preload': 'true',
        'hsts-max-age': '5',
        'use-port-in-redirects': 'true',
        'preserve-trailing-slash': 'true',
      }),
    ]);
    await eventually(async () => {
      const answer = await plain('rsa.test', '/a/');
      expect(answer.status).to.equal(301);
      expect(answer.headers.location).to.equal(`https://rsa.test:${sluice.https}/a/`);
    });
    const secure = await ask({ port: sluice.https, host: 'rsa.test', tls: true });
    expect(secure.headers['strict-transport-security']).to.equal('max-age=5; includeSubDomains; preload');
    expect((await sluice.logs()).err).to.not.contain('nginx reloaded');
  });

  it('refuses unknown names with ssl-reject-handshake (TLS-06)', async () => {
    await sluice.write('settings.json', [configMap('settings', { 'ssl-reject-handshake': 'true' })]);
    await eventually(async () => {
      const outcome = await shown('unknown.test').catch((error: NodeJS.ErrnoException) => error.code);
      expect(outcome).to.match(/ERR_SSL|ECONNRESET/);
    });
    expect(await shown('rsa.test')).to.equal('rsa.test');
    expect(await shown('none.test')).to.equal('fallback.test');
  });

  it('makes a certificate of its own where none is configured (TLS-04)', async () => {
    const own = await startSluice();
    try {
      const session = await handshake(own.https, 'unknown.test');
      expect(session.commonName).to.equal(FAKE);
      expect(session.issuer).to.equal(FAKE);
    } finally {
      await own.stop();
    }
  });

  it('trusts X-Forwarded-Proto for the redirect behind use-forwarded-headers (TLS-10)', async () => {
    await sluice.write('settings.json', [configMap('settings', { 'use-forwarded-headers': 'true' })]);
    await eventually(async () => {
      const answer = await plain('rsa.test', '/', { 'X-Forwarded-Proto': 'https' });
      expect(answer.status).to.equal(200);
    });
    const redirected = await plain('rsa.test', '/x', { 'X-Forwarded-Host': 'outer.test:81, b' });
    expect(redirected.headers.location).to.equal('https://outer.test/x');
  });
});
