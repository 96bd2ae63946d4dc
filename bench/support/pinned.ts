// Keepalive connections to nginx of which we know the worker that serves them, one for each worker.
import { Agent, get } from 'node:http';
import type { Sluice } from '../../test/support/sluice.ts';
import { ownerOf } from './proc.ts';

/** The kernel spreads connections over the workers' sockets by a hash, so each try finds a given one by chance. */
const MAX_TRIES = 200;

export class PinnedConnection {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #clientPort: number | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  get clientPort(): number | null {
    return this.#clientPort;
  }

  /** Asks for "/" of a host: "200 BODY", or the other status alone. Throws when the connection is no longer the same. */
  ask(host: string, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const port = this.#port;
      const outgoing = get(
        { host: '127.0.0.1', port, agent: this.#agent, headers: { Host: host }, signal },
        (answer) => {
          const clientPort = answer.socket.localPort ?? null;
          this.#clientPort ??= clientPort;
          const isSame = clientPort === this.#clientPort;
          let body = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            body += chunk;
          });
          answer.on('error', reject);
          answer.on('end', () => {
            if (isSame) resolve(answer.statusCode === 200 ? `200 ${body}` : String(answer.statusCode));
            else reject(new Error('nginx closed the connection that was pinned to a worker'));
          });
        },
      );
      outgoing.on('error', reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Opens connections until there is one for each worker. The worker is the process that holds the connection's socket. */
export async function pinToWorkers(
  port: number,
  workers: readonly number[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, PinnedConnection>> {
  const pinned = new Map<number, PinnedConnection>();
  for (let i = 0; i < MAX_TRIES && pinned.size < workers.length; i += 1) {
    const connection = new PinnedConnection(port);
    await connection.ask('pin.test', signal);
    const worker = await ownerOf(port, connection.clientPort ?? 0, workers);
    if (worker === null || pinned.has(worker)) connection.close();
    else pinned.set(worker, connection);
  }
  if (pinned.size < workers.length) {
    throw new Error(`${MAX_TRIES} connections reached ${pinned.size} of ${workers.length} workers`);
  }
  return pinned;
}

/** One connection to each worker of Sluice, closed with the stack; throws unless there are `workers` of them. */
export async function pinToSluice(
  sluice: Sluice,
  workers: number,
  started: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<PinnedConnection[]> {
  const pids = (await sluice.control.status(signal)).workers.map(({ pid }) => pid);
  const pinned = await pinToWorkers(sluice.http, pids, signal);
  started.defer(() => {
    for (const connection of pinned.values()) connection.close();
  });
  if (pinned.size !== workers) throw new Error(`Sluice runs ${pinned.size} workers, not ${workers}`);
  return [...pinned.values()];
}
