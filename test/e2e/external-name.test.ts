import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { type DnsDouble, startDns } from '../support/dns.ts';
import { eventually } from '../support/eventually.ts';
import { configMap, ingress, service } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('ExternalName (SVC-05, SVC-06)', () => {
  let dns: DnsDouble;
  let home: string;
  let sluice: Sluice;
  let one: Pod;
  let two: Pod;

  const external = (name: string, externalName: string): object[] => [
    service(name, { type: 'ExternalName', externalName, ports: [{ port: 80, targetPort: one.port }] }),
    ingress({ name, host: `${name}.test`, paths: [{ service: name }] }),
  ];
  const served = async (name: string): Promise<string> =>
    (await askEcho({ port: sluice.http, host: `${name}.test` })).backend;
  const status = async (name: string): Promise<number> =>
    (await ask({ port: sluice.http, host: `${name}.test` })).status;

  before(async () => {
    one = await startPod('one', '127.0.0.31');
    two = await startPod('two', '127.0.0.32', one.port);
    dns = await startDns({
      'both.example.com': ['127.0.0.31', '127.0.0.32'],
      'moves.example.com': ['127.0.0.31'],
      'searched.corp.test': ['127.0.0.32'],
      'metadata.example.com': ['169.254.169.254'],
      'mixed.example.com': ['169.254.169.254', '127.0.0.31'],
      'six.example.com': ['::ffff:7f00:1'],
    });
    home = await mkdtemp(join(tmpdir(), 'sluice-dns-'));
    const resolvConf = join(home, 'resolv.conf');
    await writeFile(
      resolvConf,
      `# comment\nnameserver 127.0.0.1:${dns.port}\nsearch corp.test\noptions ndots:2 timeout:1 attempts:1\n`,
    );
    sluice = await startSluice({
      // One worker, because each has its own cache of answers.
      flags: [`--resolv-conf=${resolvConf}`, '--configmap=default/settings'],
      manifests: {
        'settings.json': [configMap('settings', { 'worker-processes': '1' })],
        'external.json': [
          ...external('both', 'both.example.com'),
          ...external('moves', 'moves.example.com'),
          ...external('searched', 'searched'),
          ...external('nowhere', 'nowhere.example.com'),
          ...external('metadata', 'metadata.example.com'),
          ...external('mixed', 'mixed.example.com'),
          ...external('six', 'six.example.com'),
          ...external('address', '127.0.0.32'),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await dns.stop();
    await one.stop();
    await two.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('balances over all addresses, and asks once while the answer holds', async () => {
    const names = new Set<string>();
    for (let i = 0; i < 6; i += 1) names.add(await served('both'));
    expect([...names].sort()).to.deep.equal(['one', 'two']);
    expect(dns.questions('both.example.com')).to.equal(1);
  });

  it('follows the name when its TTL is over, and keeps the last good answer while DNS is silent', async () => {
    dns.ttl = 1;
    expect(await served('moves')).to.equal('one');
    dns.silent = true;
    const before = dns.questions('moves.example.com');
    await eventually(async () => {
      expect(await served('moves')).to.equal('one');
      expect(dns.questions('moves.example.com')).to.be.above(before);
    });
    dns.silent = false;
    dns.records.set('moves.example.com', ['127.0.0.32']);
    await eventually(async () => expect(await served('moves')).to.equal('two'));
  });

  it('honours the search list', async () => {
    expect(await served('searched')).to.equal('two');
  });

  it('takes an IP address as it is', async () => {
    expect(await served('address')).to.equal('two');
  });

  it('answers 503 for a name that does not exist, and serves it when it does', async () => {
    expect(await status('nowhere')).to.equal(503);
    dns.records.set('nowhere.example.com', ['127.0.0.31']);
    await eventually(async () => expect(await served('nowhere')).to.equal('one'));
  });

  it('never dials addresses that are refused, whatever DNS says', async () => {
    expect(await status('metadata')).to.equal(503);
    expect(await status('six')).to.equal(503);
    for (let i = 0; i < 4; i += 1) expect(await served('mixed')).to.equal('one');
    expect((await sluice.logs()).err).to.contain('refused address 169.254.169.254');
  });

  it('keeps the Host of the client (SVC-06)', async () => {
    expect((await askEcho({ port: sluice.http, host: 'both.test' })).headers.host).to.equal('both.test');
  });
});
