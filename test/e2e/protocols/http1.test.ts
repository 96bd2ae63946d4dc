// Old and unusual HTTP/1 requests, as bytes.
import { createServer } from 'node:http';
import { expect } from 'chai';
import { type Listener, listen } from '../../support/listener.ts';
import { ingress, site, workload } from '../../support/objects.ts';
import { exchange, lines, openRaw } from '../../support/raw.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const BODY = '0123456789';

describe('HTTP/1', () => {
  let backends: Listener[];
  let sluice: Sluice;

  function startNamed(name: string, address: string): Promise<Listener> {
    const server = createServer((request, response) => {
      response.writeHead(200, {
        'X-Backend': name,
        'X-Seen-Version': request.httpVersion,
        'Content-Length': BODY.length,
      });
      response.end(request.method === 'HEAD' ? undefined : BODY);
    });
    return listen(server, address);
  }

  before(async () => {
    const web = await startNamed('web', '127.0.0.36');
    const rest = await startNamed('rest', '127.0.0.37');
    backends = [web, rest];
    sluice = await startSluice({
      manifests: {
        'web.json': site('web', [web]),
        'rest.json': [ingress({ name: 'rest', paths: [{ service: 'rest' }] }), ...workload('rest', [rest])],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const backend of backends) await backend.stop();
  });

  it('sends HTTP/1.0 without Host to the catch-all, and closes (HOST-02, HOST-05)', async () => {
    const response = await exchange(sluice.http, lines('GET / HTTP/1.0'));
    expect(response).to.match(/^HTTP\/1\.1 200 .*\r\n\r\n0123456789$/s);
    expect(response).to.contain('X-Backend: rest\r\n').and.to.contain('Connection: close\r\n');
  });

  it('routes HTTP/1.0 with Host by its name, with HTTP/1.1 to the backend (GLOB-02)', async () => {
    const response = await exchange(sluice.http, lines('GET / HTTP/1.0', 'Host: web.test'));
    expect(response).to.match(/^HTTP\/1\.1 200 .*\r\n\r\n0123456789$/s);
    expect(response).to.contain('X-Backend: web\r\n').and.to.contain('X-Seen-Version: 1.1\r\n');
  });

  it('answers HEAD with the Content-Length and no body, on a connection that stays usable', async () => {
    const connection = await openRaw(sluice.http);
    connection.send(lines('HEAD / HTTP/1.1', 'Host: web.test'));
    const head = await connection.until(/\r\n\r\n/);
    expect(head).to.match(/^HTTP\/1\.1 200 .*^Content-Length: 10\r$/ms);
    connection.send(lines('GET / HTTP/1.1', 'Host: web.test', 'Connection: close'));
    const rest = (await connection.ended()).slice(head.length);
    expect(head).to.match(/\r\n\r\n$/);
    expect(rest).to.match(/^HTTP\/1\.1 200 .*\r\n\r\n0123456789$/s);
  });

  it('answers pipelined requests in their order', async () => {
    const response = await exchange(
      sluice.http,
      lines('GET / HTTP/1.1', 'Host: web.test') + lines('GET / HTTP/1.1', 'Host: other.test', 'Connection: close'),
    );
    expect(response.match(/X-Backend: \w+/g)).to.deep.equal(['X-Backend: web', 'X-Backend: rest']);
  });
});
