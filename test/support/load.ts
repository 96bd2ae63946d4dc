// Steady load over keepalive connections, with every lost request counted.
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { eventually } from './eventually.ts';

export interface Load {
  /** Answers with status 200 so far. */
  readonly served: number;
  /** What went wrong: a status other than 200, or an error of the connection. */
  readonly lost: readonly string[];
  /** Ends after the requests under way. */
  stop(): Promise<void>;
}

export interface Http1Load extends Load {
  /** Requests that were sent once more after their connection broke. */
  readonly repeated: number;
  /** The longest time without an answer of status 200, in milliseconds. */
  readonly longestGap: number;
}

/**
 * What a client does when a connection breaks before the answer: most repeat what changes nothing on the server, once and on
 * another connection (RFC 9110, section 9.2.2).
 */
export type OnBreak = 'count' | 'repeat';

export interface Answered {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface LoadOptions {
  readonly onBreak?: OnBreak;
  /** "new" opens a connection for each request; "kept" is the default. */
  readonly connection?: 'kept' | 'new';
  readonly method?: string;
  readonly body?: string;
  /** Headers of the next request, besides Host. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Is told of each answer with status 200. */
  readonly onAnswer?: (answer: Answered) => void;
}

/** A load that nobody stops ends by itself. */
const MAX_LOST = 10_000;
const MAX_MS = 60_000;

type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly answer: Answered }
  | { readonly kind: 'broken'; readonly why: string };

/** Sends requests one after the other on each of `connections`, until it is stopped. After a loss a client pauses briefly. */
export function startLoad(port: number, host: string, connections = 8, options: LoadOptions = {}): Http1Load {
  const { onBreak, connection, method = 'GET', body, headers, onAnswer } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const lost: string[] = [];
  let [served, repeated, longestGap, isOver] = [0, 0, 0, false];
  let lastServed = performance.now();
  const end = Date.now() + MAX_MS;

  const send = (by: Agent | false): Promise<Outcome> =>
    new Promise((resolve) => {
      const sent = { host: '127.0.0.1', port, agent: by, method, headers: { ...headers?.(), Host: host } };
      const outgoing = request(sent, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const answer = { headers: response.headers, body: text };
          resolve({ kind: 'answered', status: response.statusCode ?? 0, answer });
        });
        response.on('error', (error) => resolve({ kind: 'broken', why: error.message }));
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        resolve({ kind: 'broken', why: error.code ?? error.message });
      });
      outgoing.end(body);
    });
  const noteServed = (answer: Answered): void => {
    onAnswer?.(answer);
    served += 1;
    const now = performance.now();
    longestGap = Math.max(longestGap, now - lastServed);
    lastServed = now;
  };
  /** Throws after a loss. */
  const one = async (): Promise<void> => {
    if (isOver || lost.length >= MAX_LOST || Date.now() > end) return;
    let outcome = await send(connection === 'new' ? false : agent);
    if (outcome.kind === 'broken' && onBreak === 'repeat') {
      repeated += 1;
      outcome = await send(false);
    }
    if (outcome.kind === 'answered' && outcome.status === 200) return noteServed(outcome.answer);
    const why = outcome.kind === 'answered' ? String(outcome.status) : outcome.why;
    lost.push(why);
    throw new Error(why);
  };
  const lanes = Array.from({ length: connections }, async () => {
    while (!isOver && lost.length < MAX_LOST && Date.now() < end) await eventually(one, MAX_MS);
  });
  return {
    get served() {
      return served;
    },
    get repeated() {
      return repeated;
    },
    get longestGap() {
      return Math.round(longestGap);
    },
    lost,
    stop: async () => {
      isOver = true;
      await Promise.all(lanes);
      agent.destroy();
    },
  };
}
