import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { ask } from '../../support/client.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const LISTEN = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 });
  server.once('listening', () => process.stdout.write(String(server.address().port)));
`;

/** A listener whose queue is full: the kernel drops every further SYN. */
async function startDeaf(): Promise<{ port: number; stop(): void }> {
  const child: ChildProcess = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const port = Number(text.toString());
  child.kill('SIGSTOP');
  const waiting: Socket[] = [];
  for (let count = 0; count < 4; count += 1) waiting.push(connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
  return {
    port,
    stop: () => {
      for (const socket of waiting) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}

describe('annotations about time and buffering', () => {
  let sluice: Sluice;
  let silent: Listener;
  let stuck: Listener;
  let slow: Listener;
  let deaf: { port: number; stop(): void };

  before(async () => {
    silent = await listen(
      createServer(() => undefined),
      '127.0.0.1',
    );
    stuck = await listen(
      createTcpServer((socket) => socket.pause()),
      '127.0.0.1',
    );
    // The second half of its answer comes only when the client has shown the first.
    slow = await listen(
      createServer((request, response) => {
        response.write('first');
        request.socket.on('data', () => undefined);
        waiting.push(() => response.end('second'));
      }),
      '127.0.0.1',
    );
    deaf = await startDeaf();
    const once1 = { 'proxy-next-upstream': 'off' };
    sluice = await startSluice({
      manifests: {
        'a.json': site('connect', [{ address: '127.0.0.1', port: deaf.port }], {
          ...once1,
          'proxy-connect-timeout': '1',
        }),
        'b.json': site('read', [silent], { ...once1, 'proxy-read-timeout': '1' }),
        'c.json': site('send', [stuck], { ...once1, 'proxy-send-timeout': '1', 'proxy-body-size': '64m' }),
        'd.json': site('off', [slow], { 'proxy-buffering': 'off' }),
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    deaf?.stop();
    await Promise.all([silent?.stop(), stuck?.stop(), slow?.stop()]);
  });
  const waiting: (() => void)[] = [];

  /** Status, and how many seconds it took. */
  const timed = async (host: string, body?: Buffer): Promise<{ status: number; seconds: number }> => {
    const begun = Date.now();
    const { status } = await ask({
      port: sluice.http,
      host: `${host}.test`,
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    return { status, seconds: (Date.now() - begun) / 1000 };
  };

  it('proxy-connect-timeout: a backend that drops SYNs is given up after it (504)', async () => {
    const { status, seconds } = await timed('connect');
    expect(status).to.equal(504);
    expect(seconds).to.be.within(0.9, 4);
  });

  it('proxy-read-timeout: a backend that says nothing is given up after it (504)', async () => {
    const { status, seconds } = await timed('read');
    expect(status).to.equal(504);
    expect(seconds).to.be.within(0.9, 4);
  });

  it('proxy-send-timeout: a backend that stops reading is given up after it (504)', async () => {
    const { status, seconds } = await timed('send', Buffer.alloc(32 * 1024 ** 2));
    expect(status).to.equal(504);
    expect(seconds).to.be.within(0.9, 10);
  });

  it('proxy-buffering: off lets the first bytes through while the backend still thinks', async () => {
    const socket = connect(sluice.http, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: off.test\r\n\r\n');
    let text = '';
    while (!text.includes('first')) text += String(((await once(socket, 'data')) as [Buffer])[0]);
    expect(text).to.not.contain('second');
    for (const finish of waiting) finish();
    while (!text.includes('second')) text += String(((await once(socket, 'data')) as [Buffer])[0]);
    socket.destroy();
  });
});
