// A client that sends bytes as they are, for requests that no HTTP library would make.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawConnection {
  send(bytes: string | Buffer): void;
  /** All that came so far, once it matches; throws when the server closes before. */
  until(pattern: RegExp): Promise<string>;
  /** All that came, once the server closed. */
  ended(): Promise<string>;
  close(): void;
}

export async function openRaw(port: number): Promise<RawConnection> {
  const socket: Socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
  });
  socket.on('error', () => {}); // a reset ends the connection: "close" follows, and who waits for more is told there
  const closed = once(socket, 'close');
  await Promise.race([once(socket, 'connect'), closed]);
  return {
    send: (bytes) => {
      socket.write(bytes);
    },
    until: async (pattern) => {
      while (!pattern.test(received)) {
        if (socket.destroyed) throw new Error(`closed before ${pattern} came: ${JSON.stringify(received)}`);
        await Promise.race([once(socket, 'data'), closed]);
      }
      return received;
    },
    ended: async () => {
      await closed;
      return received;
    },
    close: () => socket.destroy(),
  };
}

/** Sends one request that makes the server close, and reads until it has. */
export async function exchange(port: number, request: string): Promise<string> {
  const connection = await openRaw(port);
  connection.send(request);
  return connection.ended();
}

/** Sends one request and reads the head of its answer; for servers that close late. */
export async function headOf(port: number, request: string): Promise<string> {
  const connection = await openRaw(port);
  connection.send(request);
  const head = await connection.until(/\r\n\r\n/);
  connection.close();
  return head;
}

/** The text of a request from its lines; the empty line at the end is added. */
export function lines(...parts: readonly string[]): string {
  return [...parts, '', ''].join('\r\n');
}

/** Status of a response's text. */
export function statusOf(response: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(response)?.[1] ?? 0);
}
