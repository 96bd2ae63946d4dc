// Steady load of HTTP/2 clients that do what the standard says: on GOAWAY they open another connection, and they repeat
// requests that the server refused unprocessed (RFC 9113, sections 6.8 and 8.7).
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Load } from './load.ts';

const MAX_LOST = 1000;
const MAX_MS = 60_000;

type Outcome =
  | { readonly kind: 'served' }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'lost'; readonly why: string };

/** The last stream that the server took, by the GOAWAY of each session. */
const lastTaken = new WeakMap<ClientHttp2Session, number>();

function one(session: ClientHttp2Session, host: string): Promise<Outcome> {
  return new Promise((resolve) => {
    let status = 0;
    const stream = session.request({ ':path': '/', ':authority': host });
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('error', () => undefined); // "close" tells
    const decide = (): void => {
      if (status === 200 && stream.rstCode === constants.NGHTTP2_NO_ERROR) resolve({ kind: 'served' });
      else if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) resolve({ kind: 'repeat' });
      // One above the last that GOAWAY names was not processed.
      else if (status === 0 && (stream.id ?? 0) > (lastTaken.get(session) ?? Number.POSITIVE_INFINITY)) {
        resolve({ kind: 'repeat' });
      }
      // A stream that was never sent, because the session closed first.
      else if (status === 0 && session.destroyed && !stream.sentHeaders) resolve({ kind: 'repeat' });
      // The connection ended before a word of the answer, and without GOAWAY.
      else if (status === 0 && session.destroyed && stream.rstCode === constants.NGHTTP2_CANCEL)
        resolve({ kind: 'cut' });
      else resolve({ kind: 'lost', why: `status ${status}, code ${stream.rstCode}` });
    };
    // GOAWAY that came with the end of the connection is told in the next turn.
    stream.on('close', () => setImmediate(decide));
    stream.resume();
    stream.end();
  });
}

export interface Http2Load extends Load {
  /** Requests that the server said it had not processed. */
  readonly repeated: number;
  /** Requests whose connection ended before any answer and without GOAWAY; they were repeated (RFC 9110, section 9.2.2). */
  readonly cut: number;
}

/** Starts `clients` HTTP/2 clients over TLS, each with one request at a time. */
export function startHttp2Load(port: number, host: string, clients = 4): Http2Load {
  const lost: string[] = [];
  let [served, repeated, cut, isOver] = [0, 0, 0, false];
  const end = Date.now() + MAX_MS;

  const lane = async (): Promise<void> => {
    let session: ClientHttp2Session | null = null;
    let isUsable = false;
    while (!isOver && lost.length < MAX_LOST && Date.now() < end) {
      if (session === null || !isUsable || session.destroyed || session.closed) {
        session?.close();
        const fresh: ClientHttp2Session = connect(`https://127.0.0.1:${port}`, {
          rejectUnauthorized: false,
          servername: host,
        });
        fresh.on('error', (error) => lost.push(String(error)));
        fresh.on('goaway', (_code, lastStream) => {
          lastTaken.set(fresh, lastStream);
          if (session === fresh) isUsable = false;
        });
        [session, isUsable] = [fresh, true];
      }
      const outcome = await one(session, host);
      if (outcome.kind === 'served') served += 1;
      else if (outcome.kind === 'repeat') [repeated, isUsable] = [repeated + 1, false];
      else if (outcome.kind === 'cut') [cut, isUsable] = [cut + 1, false];
      else lost.push(outcome.why);
    }
    session?.close();
  };
  const lanes = Array.from({ length: clients }, lane);
  return {
    get served() {
      return served;
    },
    get repeated() {
      return repeated;
    },
    get cut() {
      return cut;
    },
    lost,
    stop: async () => {
      isOver = true;
      await Promise.all(lanes);
    },
  };
}
