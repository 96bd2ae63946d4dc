// Clients of a server that is about to go, as proxies are: they keep their connection until they are told to leave it, and then
// open another one, or go elsewhere, which here means that they stop. Whatever else ends a connection loses a request.
import { Agent, request } from 'node:http';
import { connect } from 'node:http2';
import { eventually } from './eventually.ts';

const MAX_MS = 60_000;

export interface LeavingClients {
  readonly served: number;
  /** Clients that were told to go, and went. */
  readonly left: number;
  readonly lost: readonly string[];
  /** From now on, who is told to leave the connection goes elsewhere. */
  goWhenTold(): void;
  /** Resolves when all of them are gone. */
  done(): Promise<void>;
}

interface Client {
  /** Sends one request; "told" when the server asked to leave, with or without an answer that still counts. */
  ask(): Promise<'served' | 'served and told' | 'told'>;
  close(): void;
}

function start(count: number, open: () => Client): LeavingClients {
  const lost: string[] = [];
  let [served, left, isAlternative] = [0, 0, false];
  const end = Date.now() + MAX_MS;
  const lanes = Array.from({ length: count }, async () => {
    let client = open();
    try {
      while (Date.now() < end) {
        const outcome = await client.ask();
        if (outcome !== 'told') served += 1;
        if (outcome === 'served') continue;
        if (isAlternative) {
          left += 1;
          return;
        }
        client.close();
        client = open();
      }
    } catch (error) {
      lost.push(error instanceof Error ? error.message : String(error));
    } finally {
      client.close();
    }
  });
  return {
    get served() {
      return served;
    },
    get left() {
      return left;
    },
    lost,
    goWhenTold: () => {
      isAlternative = true;
    },
    done: async () => void (await Promise.all(lanes)),
  };
}

/** HTTP/1.1 clients with one connection each; "Connection: close" tells them to go. */
export function startHttp1Clients(port: number, host: string, count: number): LeavingClients {
  return start(count, () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    return {
      ask: () =>
        new Promise((resolve, reject) => {
          const outgoing = request({ host: '127.0.0.1', port, agent, headers: { Host: host } }, (response) => {
            response.resume();
            response.on('error', reject);
            response.on('end', () => {
              if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
              else resolve(response.headers.connection === 'close' ? 'served and told' : 'served');
            });
          });
          outgoing.on('error', reject);
          outgoing.end();
        }),
      close: () => agent.destroy(),
    };
  });
}

/** HTTP/2 clients over TLS with one connection each; GOAWAY tells them to go, and what it does not cover was not processed. */
export function startHttp2Clients(port: number, host: string, count: number): LeavingClients {
  return start(count, () => {
    const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, servername: host });
    let lastTaken: number | null = null;
    session.on('goaway', (_code, lastStream) => {
      lastTaken = lastStream;
    });
    session.on('error', () => undefined); // the stream tells
    return {
      ask: async () => {
        if (lastTaken !== null || session.closed || session.destroyed) return 'told';
        const stream = session.request({ ':path': '/', ':authority': host });
        let status = 0;
        stream.on('response', (headers) => {
          status = headers[':status'] ?? 0;
        });
        stream.on('error', () => undefined); // "close" tells
        stream.resume();
        stream.end();
        await eventually(() => {
          if (!stream.closed && !stream.destroyed) throw new Error('the stream is open');
        }, MAX_MS);
        if (status === 200 && stream.rstCode === 0) return 'served';
        if (status === 0 && lastTaken !== null && (stream.id ?? Number.POSITIVE_INFINITY) > lastTaken) return 'told';
        throw new Error(`status ${status}, code ${stream.rstCode}, last stream taken ${lastTaken}`);
      },
      close: () => session.close(),
    };
  });
}
