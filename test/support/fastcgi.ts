// A FastCGI responder (FastCGI specification 1.0): answers with the parameters that it got and the length of the body, as JSON.

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import type { Address } from './objects.ts';

export interface FastcgiPod extends Address {
  stop(): Promise<void>;
}

export interface FastcgiAnswer {
  readonly params: Readonly<Record<string, string>>;
  readonly bytes: number;
}

const END_REQUEST = 3;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;
const HEADER = 8;

function record(type: number, id: number, content: Buffer): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(1, 0);
  header.writeUInt8(type, 1);
  header.writeUInt16BE(id, 2);
  header.writeUInt16BE(content.length, 4);
  return Buffer.concat([header, content]);
}

/** A length is one byte, or four whose first bit is set. */
function lengthAt(buffer: Buffer, at: number): [length: number, size: number] {
  const first = buffer.readUInt8(at);
  return first < 128 ? [first, 1] : [buffer.readUInt32BE(at) & 0x7fffffff, 4];
}

function parametersOf(buffer: Buffer): Record<string, string> {
  const params: Record<string, string> = {};
  for (let at = 0; at < buffer.length; ) {
    const [nameLength, nameSize] = lengthAt(buffer, at);
    const [valueLength, valueSize] = lengthAt(buffer, at + nameSize);
    const name = at + nameSize + valueSize;
    const value = name + nameLength;
    params[buffer.toString('utf8', name, value)] = buffer.toString('utf8', value, value + valueLength);
    at = value + valueLength;
  }
  return params;
}

function serve(socket: Socket): void {
  let pending = Buffer.alloc(0);
  let params = Buffer.alloc(0);
  let bytes = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= HEADER) {
      const [type, id] = [pending.readUInt8(1), pending.readUInt16BE(2)];
      const [length, padding] = [pending.readUInt16BE(4), pending.readUInt8(6)];
      if (pending.length < HEADER + length + padding) return;
      const content = pending.subarray(HEADER, HEADER + length);
      pending = pending.subarray(HEADER + length + padding);
      if (type === PARAMS) params = Buffer.concat([params, content]);
      if (type !== STDIN) continue;
      bytes += length;
      if (length > 0) continue;
      const answer: FastcgiAnswer = { params: parametersOf(params), bytes };
      const text = `Status: 201 Created\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(answer)}`;
      socket.write(record(STDOUT, id, Buffer.from(text)));
      socket.end(record(END_REQUEST, id, Buffer.alloc(8)));
    }
  });
}

export async function startFastcgiPod(): Promise<FastcgiPod> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
