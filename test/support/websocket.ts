// A WebSocket echo backend, and a client that holds connections open and checks that they live.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { type Listener, listen } from './listener.ts';

export interface WebSocketPod extends Listener {
  /** Emits "connection" with the accepted socket and its request. */
  readonly sockets: WebSocketServer;
}

export async function startWebSocketPod(address: string): Promise<WebSocketPod> {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((_, response) => response.writeHead(426).end());
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (accepting) => {
      accepting.on('message', (data, isBinary) => accepting.send(data, { binary: isBinary }));
      sockets.emit('connection', accepting, request);
    });
  });
  return Object.assign(await listen(server, address), { sockets });
}

export async function openWebSocket(port: number, host: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { Host: host } });
  await once(socket, 'open');
  return socket;
}

/** Sends a message and returns the echo. */
export async function echoOf(
  socket: WebSocket,
  message: string | Buffer,
): Promise<{ data: Buffer; isBinary: boolean }> {
  const answer = once(socket, 'message') as Promise<[RawData, boolean]>;
  socket.send(message);
  const [data, isBinary] = await answer;
  return { data: data as Buffer, isBinary };
}
