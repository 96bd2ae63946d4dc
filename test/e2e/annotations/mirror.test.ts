import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { makePair } from '../../support/certificates.ts';
import { type Answer, ask } from '../../support/client.ts';
import { type DnsDouble, startDns } from '../../support/dns.ts';
import { eventually } from '../../support/eventually.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { ingress, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { workersOf } from '../../support/workers.ts';

interface Seen {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly servername: string | false | null;
}

describe('annotations mirror-*', () => {
  let sluice: Sluice;
  let pod: Pod;
  let copies: Listener;
  let secure: Listener;
  let dns: DnsDouble;
  let home: string;
  const seen: Seen[] = [];
  const record = (server: Server): Server =>
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        const servername = (request.socket as Partial<TLSSocket>).servername ?? null;
        seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body, servername });
        response.writeHead(500).end('of the mirror');
      });
    });
  const site = (name: string, annotations: Record<string, string>): object =>
    ingress({ name, host: `${name}.test`, annotations });
  const get = (host: string, path = '/', more: object = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${host}.test`, path, ...more });
  const copied = (): Promise<Seen> => eventually(() => seen[0] ?? expect.fail('no copy came'));

  before(async () => {
    pod = await startPod('web');
    const pair = await makePair(['mirror.test']);
    copies = await listen(record(createServer()), '127.0.0.1');
    secure = await listen(record(createTlsServer({ cert: pair.certificate, key: pair.key })), '127.0.0.1');
    dns = await startDns({ 'mirror.corp.test': ['127.0.0.1'], 'metadata.test': ['169.254.169.254'] });
    const own = `http://127.0.0.1:${copies.port}`;
    home = await mkdtemp(join(tmpdir(), 'sluice-mirror-'));
    const resolvConf = join(home, 'resolv.conf');
    await writeFile(
      resolvConf,
      `nameserver 127.0.0.1:${dns.port}\nsearch corp.test\noptions ndots:2 timeout:1 attempts:1\n`,
    );
    sluice = await startSluice({
      flags: [`--resolv-conf=${resolvConf}`],
      manifests: {
        'web.json': [
          ...workload('web', [pod]),
          site('whole', { 'mirror-target': `${own}$request_uri` }),
          site('fixed', { 'mirror-target': `${own}/fixed` }),
          site('bare', { 'mirror-target': own }),
          site('named', { 'mirror-target': `${own}/$host$request_uri`, 'mirror-host': 'test.env' }),
          site('head', { 'mirror-target': `${own}$request_uri`, 'mirror-request-body': 'off' }),
          site('tls', { 'mirror-target': `https://mirror:${secure.port}$request_uri` }),
          site('header', { 'mirror-target': `${own}/x/$http_x_tail`, 'mirror-host': '$http_x_tail' }),
          site('invalid', { 'mirror-target': 'ftp://127.0.0.1/' }),
          site('refused', { 'mirror-target': 'http://metadata.test$request_uri' }),
          ingress({
            name: 'server',
            host: 'server.test',
            tls: [{ hosts: ['server.test'] }],
            annotations: {
              'ssl-ciphers': 'ECDHE-ECDSA-AES128-GCM-SHA256',
              'mirror-target': `${own}$request_uri`,
            },
          }),
          site('plain', {}),
        ],
      },
    });
  });
  beforeEach(() => {
    seen.length = 0;
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
    await copies.stop();
    await secure.stop();
    await dns.stop();
    await rm(home, { recursive: true });
  });

  it('mirror-target: gets a copy of method, URI, headers and body, and the client sees the backend only', async () => {
    const answer = await get('whole', '/a%20b?x=1', { method: 'PUT', body: 'hello', headers: { 'X-Own': 'kept' } });
    expect(answer.status).to.equal(200);
    expect(JSON.parse(answer.body)).to.include({ backend: 'web', url: '/a%20b?x=1', bytes: 5 });
    const { line, headers, body } = await copied();
    expect([line, body]).to.deep.equal(['PUT /a%20b?x=1', 'hello']);
    expect(headers).to.include({ host: '127.0.0.1', 'x-own': 'kept', 'content-length': '5' });
    expect(seen).to.have.length(1);
  });

  it('mirror-target: without $request_uri all copies go to one path, the query is kept', async () => {
    await get('fixed', '/a/b?x=1');
    expect((await copied()).line).to.equal('GET /fixed?x=1');
    seen.length = 0;
    await get('bare', '/a/b');
    expect((await copied()).line).to.equal('GET /');
  });

  it('mirror-host: the Host header of the copy', async () => {
    await get('named', '/a');
    const { line, headers } = await copied();
    expect([line, headers.host]).to.deep.equal(['GET /named.test/a', 'test.env']);
  });

  it('mirror-request-body: "off" sends the copy without the body', async () => {
    const answer = await get('head', '/', { method: 'POST', body: 'hello' });
    expect(JSON.parse(answer.body)).to.include({ bytes: 5 });
    const { line, headers, body } = await copied();
    expect([line, body]).to.deep.equal(['POST /', '']);
    expect(headers).to.not.have.any.keys('content-length', 'transfer-encoding');
  });

  it('mirror-target: a large body arrives whole at both', async () => {
    const large = 'x'.repeat(900_000);
    const answer = await get('whole', '/', { method: 'POST', body: large });
    expect(JSON.parse(answer.body)).to.include({ bytes: large.length });
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(digest((await copied()).body)).to.equal(digest(large));
  });

  it('mirror-target: https, with the name of the target as SNI, found through the search list', async () => {
    await get('tls', '/secure');
    const { line, headers, servername } = await copied();
    expect([line, headers.host, servername]).to.deep.equal(['GET /secure', 'mirror', 'mirror']);
  });

  it('mirror-target: also on a host with a server of its own', async () => {
    await ask({ port: sluice.https, host: 'server.test', tls: true, path: '/own' });
    expect((await copied()).line).to.equal('GET /own');
  });

  it('mirror-target, mirror-host: what clients fill in cannot leave its place', async () => {
    await get('header', '/', { headers: { 'X-Tail': 'a b\tHTTP/1.1' } });
    const { line, headers } = await copied();
    expect([line, headers.host]).to.deep.equal(['GET /x/a%20b%09HTTP/1.1', 'abHTTP/1.1']);
  });

  it('mirror-target: an invalid one mirrors nothing, a refused address is never dialled', async () => {
    for (const host of ['invalid', 'refused', 'plain']) {
      expect(JSON.parse((await get(host)).body), host).to.include({ backend: 'web' });
    }
    await get('whole', '/last');
    expect((await copied()).line).to.equal('GET /last');
    await eventually(async () => expect((await sluice.logs()).err).to.contain('refused address 169.254.169.254'));
  });

  it('mirror-target: nobody can ask for the internal location', async () => {
    for (const path of ['//sluice/mirror', '/%2fsluice/mirror', '/sluice/mirror']) {
      expect(JSON.parse((await get('plain', path)).body), path).to.include({ backend: 'web', url: path });
    }
    expect(seen).to.deep.equal([]);
  });

  it('mirror-target: the copy is in no log', async () => {
    await get('whole', '/logged-once');
    await copied();
    await eventually(async () => {
      const lines = (await sluice.logs()).out.split('\n').filter((line) => line.includes('/logged-once'));
      expect(lines).to.have.length(1);
    });
  });

  it('mirror-target: changes without a reload (DYN-01)', async () => {
    const before = await workersOf(sluice);
    await sluice.write('late.json', [site('late', { 'mirror-target': `http://127.0.0.1:${copies.port}/one` })]);
    await eventually(async () => expect((await get('late')).status).to.equal(200));
    expect((await copied()).line).to.equal('GET /one');
    await sluice.write('late.json', [site('late', { 'mirror-target': `http://127.0.0.1:${copies.port}/two` })]);
    await eventually(async () => {
      await get('late');
      expect(seen.at(-1)?.line).to.equal('GET /two');
    });
    expect(await workersOf(sluice)).to.deep.equal(before);
  });
});
