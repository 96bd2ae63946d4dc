import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { type DnsDouble, NXDOMAIN, SERVFAIL, startDns } from '../support/dns.ts';
import { eventually } from '../support/eventually.ts';
import { startApiServer } from '../support/kube/server.ts';
import { configMap, ingress, service } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('ExternalName (SVC-05, SVC-06)', () => {
  let dns: DnsDouble;
  let home: string;
  let sluice: Sluice;
  let resolvConf: string;
  let one: Pod;
  let two: Pod;
  let six: Pod;
  let moved: Pod;

  const external = (name: string, externalName: string, port = one.port): object[] => [
    service(name, { type: 'ExternalName', externalName, ports: [{ port: 80, targetPort: port }] }),
    ingress({ name, host: `${name}.test`, paths: [{ service: name }] }),
  ];
  const served = async (name: string): Promise<string> =>
    (await askEcho({ port: sluice.http, host: `${name}.test` })).backend;
  const status = async (name: string): Promise<number> =>
    (await ask({ port: sluice.http, host: `${name}.test` })).status;

  before(async () => {
    one = await startPod('one', '127.0.0.31');
    two = await startPod('two', '127.0.0.32', one.port);
    six = await startPod('six', '::1', one.port);
    moved = await startPod('moved', '127.0.0.31');
    dns = await startDns({
      'both.example.com': ['127.0.0.31', '127.0.0.32'],
      'moves.example.com': ['127.0.0.31'],
      'searched.corp.test': ['127.0.0.32'],
      'metadata.example.com': ['169.254.169.254'],
      'mixed.example.com': ['169.254.169.254', '127.0.0.31'],
      'six.example.com': ['::ffff:7f00:1'],
      'only-six.example.com': ['::1'],
      'four-and-six.example.com': ['::1', '127.0.0.31'],
      'real.example.com': ['127.0.0.31', '127.0.0.32'],
      'servfail.example.com': ['127.0.0.31'],
      'nxdomain.example.com': ['127.0.0.31'],
      'empty.example.com': ['127.0.0.31'],
      'first.example.com': ['127.0.0.31', '127.0.0.32'],
      'zero.example.com': ['127.0.0.31'],
      'negative.example.com': ['127.0.0.31'],
      'week.example.com': ['127.0.0.31'],
      'port.example.com': ['127.0.0.31'],
      plain: ['127.0.0.31'],
      'plain.corp.test': ['127.0.0.32'],
      troubled: ['127.0.0.31'],
    });
    dns.aliases.set('alias.example.com', 'real.example.com');
    dns.codes.set('troubled.corp.test', SERVFAIL);
    dns.ttls
      .set('zero.example.com', 0)
      .set('negative.example.com', 2 ** 31)
      .set('week.example.com', 604_800);
    for (const name of ['servfail', 'nxdomain', 'empty']) dns.ttls.set(`${name}.example.com`, 1);
    home = await mkdtemp(join(tmpdir(), 'sluice-dns-'));
    resolvConf = join(home, 'resolv.conf');
    await writeFile(
      resolvConf,
      `# comment\nnameserver 127.0.0.1:${dns.port}\nsearch corp.test\noptions ndots:2 timeout:1 attempts:1\n`,
    );
    sluice = await startSluice({
      // One worker, because each has its own cache of answers.
      flags: [`--resolv-conf=${resolvConf}`, '--configmap=default/settings'],
      manifests: {
        'settings.json': [configMap('settings', { 'worker-processes': '1' })],
        'port.json': external('port', 'port.example.com'),
        'external.json': [
          ...external('both', 'both.example.com'),
          ...external('moves', 'moves.example.com'),
          ...external('searched', 'searched'),
          ...external('nowhere', 'nowhere.example.com'),
          ...external('metadata', 'metadata.example.com'),
          ...external('mixed', 'mixed.example.com'),
          ...external('six', 'six.example.com'),
          ...external('address', '127.0.0.32'),
          ...external('only-six', 'only-six.example.com'),
          ...external('four-and-six', 'four-and-six.example.com'),
          ...external('alias', 'alias.example.com'),
          ...external('servfail', 'servfail.example.com'),
          ...external('nxdomain', 'nxdomain.example.com'),
          ...external('empty', 'empty.example.com'),
          ...external('first', 'first.example.com'),
          ...external('zero', 'zero.example.com'),
          ...external('negative', 'negative.example.com'),
          ...external('week', 'week.example.com'),
          ...external('searched-plain', 'plain'),
          ...external('absolute', 'plain.'),
          ...external('troubled', 'troubled'),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await dns.stop();
    for (const pod of [one, two, six, moved]) await pod.stop();
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

  it('honours the search list: first where the name has few dots, never behind a dot at its end', async () => {
    expect(await served('searched')).to.equal('two');
    expect(await served('searched-plain')).to.equal('two');
    expect(dns.questions('plain')).to.equal(0);
    expect(await served('absolute')).to.equal('one');
    expect(dns.questions('plain')).to.equal(1);
  });

  it('goes on with the search list where a server fails for one domain', async () => {
    expect(await served('troubled')).to.equal('one');
    expect(dns.questions('troubled.corp.test')).to.equal(1);
  });

  it('balances over the addresses behind an alias', async () => {
    const names = new Set<string>();
    for (let i = 0; i < 6; i += 1) names.add(await served('alias'));
    expect([...names].sort()).to.deep.equal(['one', 'two']);
  });

  it('dials IPv6 addresses of a name that has no others', async () => {
    expect(await served('only-six')).to.equal('six');
    for (let i = 0; i < 4; i += 1) expect(await served('four-and-six')).to.equal('one');
  });

  it('asks once for many requests that come first at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => served('first')));
    expect(new Set(answers)).to.deep.equal(new Set(['one', 'two']));
    expect(dns.questions('first.example.com')).to.equal(1);
  });

  it('asks once a second for a TTL of 0 or one with the highest bit, and once for one of a week', async () => {
    const begun = performance.now();
    expect(await served('week')).to.equal('one');
    let requests = 0;
    await eventually(async () => {
      requests += 2;
      expect(await served('zero')).to.equal('one');
      expect(await served('negative')).to.equal('one');
      for (const name of ['zero', 'negative']) expect(dns.questions(`${name}.example.com`)).to.be.at.least(3);
    });
    const seconds = (performance.now() - begun) / 1000;
    for (const name of ['zero', 'negative']) {
      expect(dns.questions(`${name}.example.com`)).to.be.at.most(Math.ceil(seconds) + 1);
    }
    expect(requests).to.be.above(50);
    expect(await served('week')).to.equal('one');
    expect(dns.questions('week.example.com')).to.equal(1);
  });

  it('keeps the last good answer through SERVFAIL, NXDOMAIN and an answer without addresses, says so once, and follows the next one', async () => {
    const names = ['servfail', 'nxdomain', 'empty'];
    const asked = (name: string): number => dns.questions(`${name}.example.com`);
    const told = async (text: string): Promise<number> => (await sluice.logs()).err.split(text).length - 1;
    for (const name of names) expect(await served(name)).to.equal('one');
    dns.codes.set('servfail.example.com', SERVFAIL).set('nxdomain.example.com', NXDOMAIN);
    dns.records.set('empty.example.com', []);
    const before = new Map(names.map((name) => [name, asked(name)]));
    let requests = 0;
    await eventually(async () => {
      requests += 1;
      for (const name of names) if ((await served(name)) !== 'one') throw new Error(name);
      for (const name of names) expect(asked(name), name).to.be.at.least((before.get(name) ?? 0) + 2);
    });
    expect(requests).to.be.above(20);
    dns.codes.delete('servfail.example.com');
    dns.codes.delete('nxdomain.example.com');
    for (const name of names) dns.records.set(`${name}.example.com`, ['127.0.0.32']);
    await eventually(async () => {
      for (const name of names) expect(await served(name)).to.equal('two');
    });
    for (const name of names) {
      const line = `resolving ${name}.example.com for default-${name}-80: `;
      expect(await told(`${line}works again`), name).to.equal(1);
      expect(await told(line), name).to.equal(2);
    }
    expect(await told('for default-servfail-80: name server 127.0.0.1: code 2')).to.equal(1);
  });

  it('dials the last good addresses at another port while DNS is silent', async () => {
    expect(await served('port')).to.equal('one');
    dns.silent = true;
    try {
      await sluice.write('port.json', external('port', 'port.example.com', moved.port));
      await eventually(async () => expect(await served('port')).to.equal('moved'));
    } finally {
      dns.silent = false;
    }
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

  it('dials no loopback address where endpoints may not be there, whatever DNS says (SVC-05)', async () => {
    const server = await startApiServer();
    server.fill([...external('both', 'both.example.com'), ...external('six', 'only-six.example.com')]);
    const strict = await startSluice({
      kubeconfig: server.kubeconfig(),
      flags: [`--resolv-conf=${resolvConf}`, '--allow-loopback-endpoints=false'],
    });
    try {
      for (const name of ['both', 'six']) {
        expect((await ask({ port: strict.http, host: `${name}.test` })).status).to.equal(503);
      }
      const { err } = await strict.logs();
      expect(err).to.contain('refused address 127.0.0.31, 127.0.0.32').and.to.contain('refused address ::1');
    } finally {
      await strict.stop();
      await server.stop();
    }
  });
});
