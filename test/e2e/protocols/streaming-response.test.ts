// Responses reach the client as the backend writes them: response buffering is off unless asked for (GLOB-02).
import { once } from 'node:events';
import { type ClientRequest, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect } from 'chai';
import { type Listener, listen } from '../../support/listener.ts';
import { site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

describe('streaming responses', () => {
  const server = createServer();
  let backend: Listener;
  let sluice: Sluice;
  let request: ClientRequest | null = null;

  before(async () => {
    backend = await listen(server, '127.0.0.33');
    sluice = await startSluice({ manifests: { 'events.json': site('events', [backend]) } });
  });
  afterEach(() => request?.destroy());
  after(async () => {
    await sluice?.stop();
    await backend?.stop();
  });

  /** Asks, lets the backend begin with `first`, and returns both ends of what is then under way. */
  async function begin(headers: Record<string, string>, first: string): Promise<[ServerResponse, IncomingMessage]> {
    const arrived = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    request = get({ host: '127.0.0.1', port: sluice.http, agent: false, headers: { Host: 'events.test' } });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const [, response] = await arrived;
    response.writeHead(200, headers).write(first);
    const [incoming] = await answered;
    return [response, incoming.setEncoding('utf8')];
  }

  it('delivers each server-sent event before the backend writes the next', async () => {
    const [response, incoming] = await begin({ 'Content-Type': 'text/event-stream' }, 'data: 0\n\n');
    expect(incoming.headers['content-type']).to.equal('text/event-stream');
    expect((await once(incoming, 'data'))[0]).to.equal('data: 0\n\n');
    for (const event of ['data: 1\n\n', 'id: 2\ndata: 2\n\n']) {
      const received = once(incoming, 'data');
      response.write(event);
      expect((await received)[0]).to.equal(event);
    }
    const ended = once(incoming, 'end');
    response.end();
    await ended;
  });

  it('delivers the parts of a download of known length as they come (GLOB-02)', async () => {
    const parts = ['a', 'b', 'c'].map((letter) => letter.repeat(10));
    const [response, incoming] = await begin({ 'Content-Length': '30' }, parts[0] ?? '');
    expect(incoming.headers['content-length']).to.equal('30');
    expect((await once(incoming, 'data'))[0]).to.equal(parts[0]);
    const ended = once(incoming, 'end');
    for (const part of parts.slice(1)) {
      const received = once(incoming, 'data');
      response.write(part);
      expect((await received)[0]).to.equal(part);
    }
    response.end();
    await ended;
  });

  it('tells the backend when the client goes away', async () => {
    const [response, incoming] = await begin({ 'Content-Type': 'text/event-stream' }, 'data: 0\n\n');
    const closed = once(response, 'close');
    incoming.destroy();
    await closed;
    expect(response.writableFinished).to.equal(false);
  });

  it('breaks the response off when the backend does, so that the client cannot take it for whole', async () => {
    const [response, incoming] = await begin({ 'Transfer-Encoding': 'chunked' }, 'half');
    const failed = once(incoming, 'error') as Promise<[NodeJS.ErrnoException]>;
    incoming.resume();
    response.destroy();
    expect((await failed)[0].code).to.equal('ECONNRESET');
    expect(incoming.complete).to.equal(false);
  });
});
