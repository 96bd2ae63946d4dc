// Client of the supervisor of nginx (controller/supervisor) over its unix socket: one request and its checked answer, or the
// stream of events.
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { event, GRACE_HEADER, MAX_ANSWER_BYTES, SECRET_HEADER, SILENCE_MS, type SupervisorEvent } from './protocol.ts';

/** The supervisor does not answer, or not as it should; the message says what to do. */
export class SupervisorUnavailable extends Error {
  override readonly name = 'SupervisorUnavailable';
  readonly code = 'supervisor-unavailable';
}

/** The supervisor answered that what was asked failed, or cannot be. */
export class SupervisorFailed extends Error {
  override readonly name = 'SupervisorFailed';
  readonly code = 'supervisor-failed';
}

export interface Call<T> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly answer: z.ZodType<T>;
  readonly timeoutMs: number;
}

export class SupervisorClient {
  readonly #socketPath: string;
  readonly #secret: string;

  constructor(socketPath: string, secret: string) {
    this.#socketPath = socketPath;
    this.#secret = secret;
  }

  /** Throws SupervisorUnavailable, or SupervisorFailed with its words. */
  async call<T>({ method, path, body = {}, answer, timeoutMs }: Call<T>, signal: AbortSignal): Promise<T> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const response = await this.#open(method, path, method === 'GET' ? '' : JSON.stringify(body), {}, [
      signal,
      deadline,
    ]);
    const text = await readAll(response).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new SupervisorUnavailable(`the answer of nginx's supervisor to ${method} ${path} broke off`, { cause });
    });
    if (response.statusCode === 500)
      throw new SupervisorFailed(`nginx's supervisor, asked to ${method} ${path}: ${text}`);
    return checked(answer, text, `${method} ${path}`);
  }

  /** Hands over every event until the connection ends, for whatever reason; then resolves. */
  async follow(graceSeconds: number, onEvent: (event: SupervisorEvent) => void, signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    const response = await this.#open('GET', '/v1/events', '', { [GRACE_HEADER]: String(graceSeconds) }, [
      signal,
      silence.signal,
    ]);
    const overdue = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
        overdue.refresh();
        onEvent(checked(event, line, 'GET /v1/events'));
      }
    } finally {
      clearTimeout(overdue);
      response.destroy();
    }
  }

  #open(
    method: string,
    path: string,
    body: string,
    headers: Record<string, string>,
    signals: readonly [AbortSignal, ...AbortSignal[]],
  ): Promise<IncomingMessage> {
    const [asked] = signals;
    return new Promise((resolve, reject) => {
      const fail = (why: string, cause?: unknown): void => {
        const text = `nginx's supervisor does not answer at ${this.#socketPath} (${why}): is "sluice nginx" running, with the same --run-dir and --conf-dir?`;
        reject(asked.aborted ? asked.reason : new SupervisorUnavailable(text, { cause }));
      };
      const outgoing = request(
        {
          socketPath: this.#socketPath,
          method,
          path,
          agent: false,
          signal: AbortSignal.any([...signals]),
          headers: {
            Host: 'supervisor',
            [SECRET_HEADER]: this.#secret,
            'Content-Length': Buffer.byteLength(body),
            ...headers,
          },
        },
        (response) => {
          const { statusCode = 0 } = response;
          if ([200, 400, 500].includes(statusCode)) return resolve(response);
          response.resume();
          fail(statusCode === 403 ? 'it knows another secret than ours' : `status ${statusCode}`);
        },
      );
      outgoing.on('error', (cause: NodeJS.ErrnoException) => fail(cause.code ?? cause.message, cause));
      outgoing.end(body);
    });
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The other side faces the tenants' clients: what it says is no more than a claim. */
function checked<T>(shape: z.ZodType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SupervisorUnavailable(`the answer of nginx's supervisor to ${what} is not JSON`, { cause });
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SupervisorUnavailable(
    `the answer of nginx's supervisor to ${what} has another shape: are both of one image?`,
    {
      cause: parsed.error,
    },
  );
}
