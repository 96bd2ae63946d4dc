// A WebSocket echo backend, and a client that holds connections open and checks that they live.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { type Listener, listen } from './listener.ts';

export interface WebSocketPod extends Listener {
  /** Emits "connection" with the accepted socket and its request. */
  readonly sockets: WebSocketServer;
}

export async function startWebSocketPod(address: string, port = 0): Promise<WebSocketPod> {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((_, response) => response.writeHead(426).end());
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (accepting) => {
      accepting.on('message', (data, isBinary) => accepting.send(data, { binary: isBinary }));
      sockets.emit('connection', accepting, request);
    });
  });
  return Object.assign(await listen(server, address, port), { sockets });
}

/** Notes the address of the Pod for the path of each WebSocket that comes to it. */
export function notePlaces(pod: WebSocketPod, places: Map<string, string>): void {
  pod.sockets.on('connection', (_socket, request: IncomingMessage) => void places.set(request.url ?? '', pod.address));
}

export async function openWebSocket(port: number, host: string, path = '/'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { Host: host } });
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

/** One connection that the server closed; times in milliseconds of Date.now(). */
export interface Cut {
  /** Before it was opened. */
  readonly opened: number;
  readonly closed: number;
}

export interface HeldWebSockets {
  readonly cuts: readonly Cut[];
  /** Connections that could not be opened. */
  readonly failures: readonly string[];
  /** Sends a message on every connection and waits until each is answered, or cut and replaced; how many were answered. */
  echo(): Promise<number>;
  stop(): Promise<void>;
}

/** Holds WebSockets open as browsers do: one that is cut is opened again. */
export async function holdWebSockets(port: number, host: string, count: number): Promise<HeldWebSockets> {
  const cuts: Cut[] = [];
  const failures: string[] = [];
  const sockets = new Set<WebSocket>();
  const opening = new Set<Promise<void>>();
  let isOver = false;

  const hold = (): void => {
    const opened = Date.now();
    const attempt = openWebSocket(port, host).then(
      (socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined); // "close" tells
        socket.on('close', () => {
          sockets.delete(socket);
          if (isOver) return;
          cuts.push({ opened, closed: Date.now() });
          hold();
        });
      },
      (error: Error) => void failures.push(error.message),
    );
    opening.add(attempt);
    void attempt.then(() => opening.delete(attempt));
  };
  for (let i = 0; i < count; i += 1) hold();
  await Promise.all(opening);
  return {
    cuts,
    failures,
    echo: async () => {
      await Promise.all(opening);
      const answered = [...sockets].map((socket) =>
        Promise.race([echoOf(socket, 'still here').then(() => 1), once(socket, 'close').then(() => 0)]),
      );
      return (await Promise.all(answered)).reduce<number>((sum, one) => sum + one, 0);
    },
    stop: async () => {
      isOver = true;
      await Promise.all(opening);
      for (const socket of sockets) socket.terminate();
    },
  };
}
