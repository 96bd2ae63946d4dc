// Steady load over keepalive connections, with every lost request counted.
import { Agent, request } from 'node:http';

export interface Load {
  /** Answers with status 200 so far. */
  readonly served: number;
  /** What went wrong: a status other than 200, or an error of the connection. */
  readonly lost: readonly string[];
  /** Ends after the requests under way. */
  stop(): Promise<void>;
}

/** A load that nobody stops ends by itself. */
const MAX_LOST = 1000;
const MAX_MS = 60_000;

/** Sends requests one after the other on each of `connections`, until it is stopped. */
export function startLoad(port: number, host: string, connections = 8, path = '/'): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const lost: string[] = [];
  let served = 0;
  let isOver = false;
  const end = Date.now() + MAX_MS;

  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const outgoing = request({ host: '127.0.0.1', port, path, agent, headers: { Host: host } }, (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) served += 1;
          else lost.push(String(response.statusCode));
          resolve();
        });
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        lost.push(error.code ?? error.message);
        resolve();
      });
      outgoing.end();
    });
  const lanes = Array.from({ length: connections }, async () => {
    while (!isOver && lost.length < MAX_LOST && Date.now() < end) await one();
  });
  return {
    get served() {
      return served;
    },
    lost,
    stop: async () => {
      isOver = true;
      await Promise.all(lanes);
      agent.destroy();
    },
  };
}
