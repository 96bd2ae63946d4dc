// Free TCP ports of this machine, from below the range that the kernel gives to outgoing connections and to port 0: one of
// those may be taken again between looking and using. And from above 10080, the last one that fetch() refuses as a "bad port".
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const [LOWEST, HIGHEST] = [10_081, 32_000];

/** A server on some free port, so that nobody else is given it meanwhile. */
async function occupy(): Promise<{ port: number; server: Server }> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const server = createServer().listen(port);
    try {
      await once(server, 'listening');
      return { port, server };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

/** Different ports that nobody listened on a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const occupied = await Promise.all(Array.from({ length: count }, occupy));
  await Promise.all(occupied.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve()))));
  return occupied.map(({ port }) => port);
}
