// WebSockets need no annotation: Upgrade is passed through.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { type RawData, WebSocket } from 'ws';
import { ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { echoOf, startWebSocketPod, type WebSocketPod } from '../../support/websocket.ts';

describe('WebSocket', () => {
  let backend: WebSocketPod;
  let sluice: Sluice;
  let accepted: Promise<[WebSocket, IncomingMessage]>;
  let client: WebSocket | null = null;

  before(async () => {
    backend = await startWebSocketPod('127.0.0.31');
    sluice = await startSluice({ manifests: { 'ws.json': site('ws', [backend]) } });
  });
  beforeEach(() => {
    accepted = once(backend.sockets, 'connection') as Promise<[WebSocket, IncomingMessage]>;
  });
  afterEach(() => client?.terminate());
  after(async () => {
    await sluice?.stop();
    await backend?.stop();
  });

  function connect(scheme: 'ws' | 'wss', headers: Readonly<Record<string, string>> = {}): WebSocket {
    const port = scheme === 'ws' ? sluice.http : sluice.https;
    client = new WebSocket(`${scheme}://127.0.0.1:${port}/chat?room=1`, ['v1.chat'], {
      headers: { Host: 'ws.test', ...headers },
      rejectUnauthorized: false,
    });
    return client;
  }

  async function open(...how: Parameters<typeof connect>): Promise<WebSocket> {
    const socket = connect(...how);
    await once(socket, 'open');
    return socket;
  }

  for (const scheme of ['ws', 'wss'] as const) {
    it(`carries text and binary messages both ways over ${scheme} (HDR-05)`, async () => {
      const socket = await open(scheme);
      for (const text of ['one', 'two', 'drei – 3']) {
        const { data, isBinary } = await echoOf(socket, text);
        expect([data.toString(), isBinary]).to.deep.equal([text, false]);
      }
      const large = Buffer.alloc(300_000, 'sluice');
      const { data, isBinary } = await echoOf(socket, large);
      expect(isBinary).to.equal(true);
      expect(data.equals(large)).to.equal(true);
    });
  }

  it('lets the server speak first', async () => {
    const greeting = once(connect('ws'), 'message') as Promise<[RawData]>;
    const [server] = await accepted;
    server.send('hello');
    const [data] = await greeting;
    expect(data.toString()).to.equal('hello');
  });

  it("passes the client's close code to the backend", async () => {
    const socket = await open('ws');
    const [server] = await accepted;
    const closed = once(server, 'close');
    socket.close(4001, 'client is done');
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, reason.toString()]).to.deep.equal([4001, 'client is done']);
  });

  it("passes the backend's close code to the client", async () => {
    const socket = await open('ws');
    const [server] = await accepted;
    const closed = once(socket, 'close');
    server.close(4002, 'server is done');
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, reason.toString()]).to.deep.equal([4002, 'server is done']);
  });

  it('stays open while nginx reloads for a rule that needs another profile', async () => {
    const socket = await open('ws');
    const [server] = await accepted;
    await sluice.write('other.json', site('other', [backend], { 'proxy-body-size': '7m' }));
    await eventually(async () => {
      expect((await ask({ port: sluice.http, host: 'other.test' })).status).to.equal(426);
    });
    expect((await echoOf(socket, 'still here')).data.toString()).to.equal('still here');
    expect(server.readyState).to.equal(WebSocket.OPEN);
  });

  it('sends the upgrade with URL, subprotocol, Host and forwarded headers of its own (HDR-02, HDR-03, HDR-05)', async () => {
    const socket = await open('wss', { 'X-Forwarded-For': '1.2.3.4', Origin: 'https://ws.test' });
    const [, request] = await accepted;
    expect(socket.protocol).to.equal('v1.chat');
    expect(request.url).to.equal('/chat?room=1');
    expect(request.headers).to.include({
      host: 'ws.test',
      upgrade: 'websocket',
      connection: 'upgrade',
      origin: 'https://ws.test',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'x-original-forwarded-for': '1.2.3.4',
      'x-forwarded-host': 'ws.test',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    });
  });
});
