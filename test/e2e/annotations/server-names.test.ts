import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { makePair } from '../../support/certificates.ts';
import { type Answer, ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { configMap, ingress, secret, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { handshake } from '../../support/tls.ts';

const CIPHER = 'ECDHE-ECDSA-AES256-GCM-SHA384';
const OTHER_CIPHER = 'ECDHE-ECDSA-AES128-GCM-SHA256';
const FAKE = 'Kubernetes Ingress Controller Fake Certificate';

describe('other names of a host', () => {
  let sluice: Sluice;
  const pods = new Map<string, Pod>();
  const get = (host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host, path, headers });
  /** The backend that serves a name, or the status and where it leads. */
  const serves = async (host: string, path = '/', headers: Record<string, string> = {}): Promise<string> => {
    const { status, headers: answered, body } = await get(host, path, headers);
    if (status === 200) return (JSON.parse(body) as { backend: string }).backend;
    return [status, answered.location].filter((part) => part !== undefined).join(' ');
  };
  const shown = async (name: string): Promise<string> => (await handshake(sluice.https, name)).commonName;

  before(async () => {
    for (const name of ['one', 'two', 'real']) pods.set(name, await startPod(name));
    const alias = (name: string, created: string, aliases: string, host = `${name}.test`): object =>
      ingress({ name, host, created, annotations: { 'server-alias': aliases }, paths: [{ service: name }] });
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'all.json': [
          ...[...pods].flatMap(([name, pod]) => workload(name, [pod])),
          alias(
            'one',
            '2024-01-01T00:00:00Z',
            'Alias.test, shared.test,real.test, *.below.test, www.above.*, ~^re\\d+\\.test$, ~(, ~(*UTF8)x{, one.test',
          ),
          alias('two', '2024-01-02T00:00:00Z', 'shared.test, *.deep.below.test, exact.below.test'),
          ingress({
            name: 'late',
            host: 'one.test',
            created: '2024-01-03T00:00:00Z',
            annotations: { 'server-alias': 'late.test' },
            paths: [{ path: '/late', service: 'two' }],
          }),
          ingress({ name: 'real', host: 'real.test', paths: [{ service: 'real' }] }),
          ingress({ name: 'wild', host: '*.wild.test', paths: [{ service: 'real' }] }),
          alias('wild-alias', '2024-01-01T00:00:00Z', '*.wild.test, *.other.wild.test, www.counter.test', 'x.test'),
          ingress({
            name: 'secure',
            host: 'secure.test',
            annotations: { 'server-alias': 'covered.test, uncovered.test', 'from-to-www-redirect': 'true' },
            tls: [{ hosts: ['secure.test'], secretName: 'pair' }],
            paths: [{ service: 'one' }],
          }),
          secret('pair', await makePair(['secure.test', 'covered.test', 'www.secure.test'])),
          ingress({
            name: 'forced',
            host: 'forced.test',
            annotations: { 'server-alias': 'forced-alias.test', 'force-ssl-redirect': 'true' },
            paths: [{ service: 'one' }],
          }),
          ingress({
            name: 'counter',
            host: 'counter.test',
            annotations: { 'from-to-www-redirect': 'true' },
            paths: [{ service: 'one' }],
          }),
          ingress({
            name: 'www',
            host: 'www.with.test',
            annotations: { 'from-to-www-redirect': 'true' },
            paths: [{ service: 'one' }],
          }),
          ingress({
            name: 'taken',
            host: 'taken.test',
            annotations: { 'from-to-www-redirect': 'true' },
            paths: [{ service: 'one' }],
          }),
          ingress({
            name: 'ciphers',
            host: '*.ciphers.test',
            annotations: { 'ssl-ciphers': CIPHER, 'server-alias': 'ciphers-alias.test, *.pattern.test' },
            paths: [{ service: 'two' }],
          }),
          alias('elsewhere', '2024-01-01T00:00:00Z', 'a.ciphers.test', 'elsewhere.test'),
          ingress({ name: 'taken-www', host: 'www.taken.test', paths: [{ service: 'two' }] }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of pods.values()) await pod.stop();
  });

  it('server-alias: an exact name serves all paths of the host (HOST-11)', async () => {
    expect(await serves('alias.test')).to.equal('one');
    expect(await serves('ALIAS.test:8080', '/late')).to.equal('two');
    expect(await serves('baz.test')).to.equal('404');
  });

  it('server-alias: *.name, name.* and regular expressions, after exact names; the longest wildcard first', async () => {
    for (const name of [
      'a.below.test',
      'a.b.below.test',
      'www.above.org',
      'www.above.co.uk',
      're12.test',
      'RE1.test',
    ]) {
      expect(await serves(name), name).to.equal('one');
    }
    expect(await serves('x.deep.below.test')).to.equal('two');
    expect(await serves('exact.below.test')).to.equal('two');
    for (const name of ['below.test', '.below.test', 'above.org', 'xre1.test', 're.test']) {
      expect(await serves(name), name).to.be.oneOf(['404', '400']);
    }
  });

  it('server-alias: a host of an Ingress wins, wildcards too; of two aliases the older (HOST-11)', async () => {
    expect(await serves('real.test')).to.equal('real');
    expect(await serves('a.wild.test')).to.equal('real');
    expect(await serves('shared.test')).to.equal('one');
    expect(await serves('a.other.wild.test'), 'of a host without a backend').to.equal('503');
    expect(await serves('late.test')).to.equal('404');
    const { err } = await sluice.logs();
    expect(err).to.contain(
      'alias-conflict: Ingress default/one: annotation server-alias of host one.test: real.test is a host',
    );
    expect(err).to.contain('shared.test already belongs to host one.test');
    expect(err).to.contain('default/one: annotation server-alias: ~( does not look like a regular expression');
  });

  it('server-alias: a host that is made later takes the name, and gives it back, without a reload (HOST-11)', async () => {
    await sluice.write('later.json', [ingress({ name: 'later', host: 'alias.test', paths: [{ service: 'real' }] })]);
    await eventually(async () => expect(await serves('alias.test')).to.equal('real'));
    await sluice.remove('later.json');
    await eventually(async () => expect(await serves('alias.test')).to.equal('one'));
    expect((await sluice.logs()).err).to.not.contain('nginx reloaded');
  });

  it('server-alias: shows the certificate of the host where that covers it, and redirects to HTTPS only then (TLS-07)', async () => {
    expect(await shown('covered.test')).to.equal('secure.test');
    expect(await shown('uncovered.test')).to.equal(FAKE);
    expect(await serves('covered.test', '/x')).to.equal('308 https://covered.test/x');
    expect(await serves('uncovered.test', '/x')).to.equal('one');
    expect(await serves('forced-alias.test', '/x')).to.equal('308 https://forced-alias.test/x');
  });

  it('server-alias: has the TLS policy of its host; a pattern cannot (HOST-11)', async () => {
    const offer = (name: string, ciphers: string): Promise<string> =>
      handshake(sluice.https, name, { maxVersion: 'TLSv1.2', ciphers }).then(
        ({ cipher }) => cipher,
        () => 'refused',
      );
    await eventually(async () => expect(await serves('ciphers-alias.test')).to.equal('two'));
    expect(await offer('ciphers-alias.test', CIPHER)).to.equal(CIPHER);
    expect(await offer('ciphers-alias.test', OTHER_CIPHER)).to.equal('refused');
    expect(await offer('a.ciphers.test', OTHER_CIPHER)).to.equal(OTHER_CIPHER);
    expect(await serves('a.ciphers.test')).to.equal('503');
    expect(await serves('b.ciphers.test')).to.equal('two');
    expect(await serves('x.pattern.test')).to.equal('404');
    expect((await sluice.logs()).err).to.contain('*.pattern.test is a pattern, which cannot have a TLS policy');
  });

  it('from-to-www-redirect: the other name leads to the host, with the port, without one final slash', async () => {
    const to = (host: string): string => `308 http://${host}:${sluice.http}`;
    expect(await serves('www.counter.test', '/foo')).to.equal(`${to('counter.test')}/foo`);
    expect(await serves('www.counter.test', '/foo/?a=b/')).to.equal(`${to('counter.test')}/foo/?a=b`);
    expect(await serves('with.test', '/')).to.equal(to('www.with.test'));
    expect(await serves('counter.test')).to.equal('one');
    expect(await serves('www.with.test')).to.equal('one');
  });

  it('from-to-www-redirect: not where the other name is a host of an Ingress', async () => {
    expect(await serves('www.taken.test')).to.equal('two');
    expect(await serves('taken.test')).to.equal('one');
    expect((await sluice.logs()).err).to.contain(
      'alias-conflict: Ingress default/taken: annotation from-to-www-redirect',
    );
  });

  it('from-to-www-redirect: over TLS with the certificate of the host where that covers the name (TLS-05)', async () => {
    expect(await shown('www.secure.test')).to.equal('secure.test');
    expect(await shown('www.counter.test')).to.equal(FAKE);
    const answer = await ask({ port: sluice.https, host: 'www.secure.test', path: '/x', tls: true });
    expect([answer.status, answer.headers.location]).to.deep.equal([308, 'https://secure.test:443/x']);
  });

  it('from-to-www-redirect: scheme and port as a trusted proxy says; http-redirect-code (TLS-10)', async () => {
    const settings = { 'use-forwarded-headers': 'true', 'http-redirect-code': '301' };
    await sluice.write('settings.json', [configMap('settings', settings)]);
    const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Port': '8443' };
    await eventually(async () => {
      expect(await serves('www.counter.test', '/x', headers)).to.equal('301 https://counter.test:8443/x');
    });
  });

  it('server-alias: names that ssl-reject-handshake knows (TLS-06)', async () => {
    await sluice.write('settings.json', [configMap('settings', { 'ssl-reject-handshake': 'true' })]);
    await eventually(async () => {
      const outcome = await shown('unknown.test').catch((error: NodeJS.ErrnoException) => error.code);
      expect(outcome).to.match(/ERR_SSL|ECONNRESET/);
    });
    for (const name of ['alias.test', 'a.below.test', 're1.test', 'www.counter.test']) {
      expect(await shown(name), name).to.equal(FAKE);
    }
  });
});
