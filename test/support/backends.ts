// Pods of tests: echo backends on loopback addresses.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startEcho } from '../../examples/echo.ts';
import type { Address } from './objects.ts';

export interface Pod extends Address {
  readonly name: string;
  readonly server: Server;
  stop(): Promise<void>;
}

/** Starts an echo backend; its answers call it `name`. */
export async function startPod(name: string, address = '127.0.0.1', port = 0): Promise<Pod> {
  const server = await startEcho(name, address, port);
  return {
    name,
    address,
    port: (server.address() as AddressInfo).port,
    server,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
