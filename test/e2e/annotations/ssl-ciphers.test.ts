import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { startLoad } from '../../support/load.ts';
import { ingress, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { handshake } from '../../support/tls.ts';

// The certificate of Sluice's own is ECDSA.
const ONE = 'ECDHE-ECDSA-AES256-GCM-SHA384';
const OTHER = 'ECDHE-ECDSA-AES128-GCM-SHA256';

describe('hosts with ciphers of their own', () => {
  let pod: Pod;
  let sluice: Sluice;

  const site = (name: string, host: string, annotations: Record<string, string> = {}): object =>
    ingress({ name, host, annotations });
  const served = async (host: string): Promise<string> =>
    (await askEcho({ port: sluice.https, host, tls: true })).backend;
  const config = (): Promise<string> => sluice.config();
  const servers = async (): Promise<number> => (await config()).split('\n  server {').length - 2; // and the control API's
  /** What a TLS 1.2 client that offers these ciphers gets. */
  const offer = (host: string, ...ciphers: string[]): Promise<string> =>
    handshake(sluice.https, host, { maxVersion: 'TLSv1.2', ciphers: ciphers.join(':') }).then(
      ({ cipher }) => cipher,
      (error: NodeJS.ErrnoException) => error.code ?? 'failed',
    );

  before(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      manifests: {
        'pods.json': workload('web', [pod]),
        'plain.json': [site('plain', 'plain.test'), site('below', 'below.wild.test')],
        'one.json': [
          site('one', 'one.test', { 'ssl-ciphers': ONE }),
          site('wild', '*.wild.test', { 'ssl-ciphers': ONE }),
        ],
        'refused.json': [site('refused', 'refused.test', { 'ssl-ciphers': 'NO-SUCH-CIPHER' })],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('ssl-ciphers: a TLS 1.2 client that offers only another cipher fails the handshake', async () => {
    expect(await offer('one.test', ONE)).to.equal(ONE);
    expect(await offer('ONE.test', OTHER)).to.match(/ERR_SSL|ECONNRESET/);
    expect(await offer('plain.test', OTHER)).to.equal(OTHER);
    expect(await served('one.test')).to.equal('web');
  });

  it('a wildcard takes one label, and not those hosts below it that have a server elsewhere (HOST-04)', async () => {
    expect(await offer('a.wild.test', OTHER)).to.match(/ERR_SSL|ECONNRESET/);
    expect(await served('a.wild.test')).to.equal('web');
    expect(await offer('below.wild.test', OTHER)).to.equal(OTHER);
    expect(await served('below.wild.test')).to.equal('web');
    expect(await offer('b.a.wild.test', OTHER)).to.equal(OTHER);
    expect((await ask({ port: sluice.https, host: 'b.a.wild.test', tls: true })).status).to.equal(404);
  });

  it('hosts with the same policy share a server; those without one are not in nginx.conf', async () => {
    expect(await servers()).to.equal(2);
    expect(await config())
      .to.contain('below.wild.test')
      .and.not.contain('plain.test');
  });

  it('a list that nginx refuses closes its host, with a Problem; the others go on (ADM-02)', async () => {
    expect((await ask({ port: sluice.https, host: 'refused.test', tls: true })).status).to.equal(403);
    expect((await ask({ port: sluice.http, host: 'refused.test' })).status).to.equal(403);
    expect((await sluice.logs()).err).to.match(
      /directives-refused: Ingress default\/refused: .*the TLS policy of host refused\.test: .*NO-SUCH-CIPHER.* or 403/,
    );
    expect(await config()).to.not.contain('NO-SUCH-CIPHER');
  });

  it('and opens it again when it is mended', async () => {
    await sluice.write('refused.json', [site('refused', 'refused.test', { 'ssl-ciphers': OTHER })]);
    await eventually(async () => expect(await served('refused.test')).to.equal('web'));
    expect(await offer('refused.test', ONE)).to.match(/ERR_SSL|ECONNRESET/);
    // Now it has a good version, which is kept when the next one is refused.
    await sluice.write('refused.json', [site('refused', 'refused.test', { 'ssl-ciphers': 'NO-SUCH-CIPHER-EITHER' })]);
    await eventually(async () => expect((await sluice.logs()).err).to.contain('NO-SUCH-CIPHER-EITHER'));
    expect(await served('refused.test')).to.equal('web');
    expect(await offer('refused.test', ONE)).to.match(/ERR_SSL|ECONNRESET/);
  });

  it('ssl-prefer-server-ciphers: whose order counts (HOST-11)', async () => {
    const both = { 'ssl-ciphers': `${ONE}:${OTHER}` };
    await sluice.write('order.json', [
      site('ours', 'ours.test', both),
      site('theirs', 'theirs.test', { ...both, 'ssl-prefer-server-ciphers': 'false' }),
    ]);
    await eventually(async () => expect(await served('theirs.test')).to.equal('web'));
    expect(await offer('ours.test', OTHER, ONE)).to.equal(ONE);
    expect(await offer('theirs.test', OTHER, ONE)).to.equal(OTHER);
  });

  it('many hosts and long names fit into nginx’s tables', async () => {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.test`;
    const many = Array.from({ length: 600 }, (_, i) => site(`many-${i}`, `many-${i}.test`, { 'ssl-ciphers': ONE }));
    await sluice.write('many.json', [...many, site('long', long, { 'ssl-ciphers': ONE })]);
    await eventually(async () => expect(await served('many-599.test')).to.equal('web'));
    expect(await served(long)).to.equal('web');
    expect(await offer('many-7.test', OTHER)).to.match(/ERR_SSL|ECONNRESET/);
    expect((await sluice.logs()).err).to.not.contain('server_names_hash');
    expect(await servers()).to.equal(5);
    await sluice.remove('many.json');
  });

  it('a host that gets a policy, loses it, or goes, loses no request on the way', async () => {
    const load = startLoad(sluice.http, 'plain.test');
    const policy = { 'ssl-ciphers': ONE, 'proxy-body-size': '3m' };
    await sluice.write('plain.json', [site('plain', 'plain.test', policy), site('below', 'below.wild.test')]);
    await eventually(async () => expect(await offer('plain.test', OTHER)).to.match(/ERR_SSL|ECONNRESET/));
    expect(await served('plain.test')).to.equal('web');
    await sluice.write('one.json', [site('one', 'one.test', { 'ssl-ciphers': ONE })]);
    await eventually(async () =>
      expect((await ask({ port: sluice.https, host: 'a.wild.test', tls: true })).status).to.equal(404),
    );
    await eventually(async () => expect(await offer('a.wild.test', OTHER)).to.equal(OTHER));
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    expect(load.served).to.be.above(50);
    await sluice.write('plain.json', [site('plain', 'plain.test'), site('below', 'below.wild.test')]);
    await eventually(async () => expect(await offer('plain.test', OTHER)).to.equal(OTHER));
    expect(await served('plain.test')).to.equal('web');
    expect(await config()).to.not.contain('plain.test');
  });
});
