// Whether nginx can have its ports. It listens with SO_REUSEPORT, so that another nginx of the same user on the same port is no
// error to the kernel: the two would share the connections. Somebody who listens without it sees them all.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Listen } from './nginx.ts';

/** Another program has a port that nginx needs; the message says what to do. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
  readonly code = 'port-taken';
}

/** Rejects with PortTaken when somebody listens on one of them. */
export async function expectFree(addresses: readonly Listen[]): Promise<void> {
  for (const { address, port } of addresses) {
    const server = createServer();
    server.listen({ host: address, port, ipv6Only: true });
    try {
      await once(server, 'listening');
    } catch (cause) {
      // Any other error is nginx's to meet: it may have rights that we lack (EACCES on port 80).
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') continue;
      throw new PortTaken(
        `port ${port} (${address}) is taken by another program: end that one, or choose other ports with --http-port and --https-port`,
        { cause },
      );
    }
    server.close();
    await once(server, 'close');
  }
}
