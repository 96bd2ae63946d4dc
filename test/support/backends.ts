// Pods of tests: echo backends on loopback addresses.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startEcho } from '../../examples/echo.ts';
import { eventually } from './eventually.ts';
import type { Address } from './objects.ts';

export interface Pod extends Address {
  readonly name: string;
  readonly server: Server;
  /** Takes no more connections, answers what is under way, and ends: what a Pod does that is told to. */
  drain(): Promise<void>;
  /** Cuts its connections. */
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
    drain: async () => {
      let isClosed = false;
      server.close(() => {
        isClosed = true;
      });
      await eventually(() => {
        server.closeIdleConnections();
        if (!isClosed) throw new Error(`${name}: requests are under way`);
      });
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
