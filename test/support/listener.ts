// Servers that tests write themselves, on loopback addresses: their connections are counted, and closed with them.
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Address } from './objects.ts';

export interface Listener extends Address {
  /** How many connections were accepted so far. */
  connections(): number;
  stop(): Promise<void>;
}

/** Listens with an HTTP, TLS or TCP server on an address of this machine, port 0 for any free one. */
export async function listen(server: Server, address: string, port = 0): Promise<Listener> {
  const open = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  // Longer than nginx keeps idle connections, so that nginx is the one to close.
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = 120_000;
  server.listen(port, address);
  await once(server, 'listening');
  return {
    address,
    port: (server.address() as AddressInfo).port,
    connections: () => accepted,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
