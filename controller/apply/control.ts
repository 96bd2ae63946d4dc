// Client of the control API (lua/config/api.lua) over its unix socket.
import { request } from 'node:http';

export interface WorkerReport {
  readonly pid: number;
  readonly id: number;
  /** Digest of the configuration that the worker runs. */
  readonly config: string;
  readonly generation: number;
  readonly phase: 'serving' | 'exiting';
}

export interface Position {
  /** Changes when nginx starts with empty memory. */
  readonly epoch: string;
  readonly generation: number;
}

export interface Status extends Position {
  readonly workers: readonly WorkerReport[];
  /** Replaced versions of hosts that are kept for workers that end. */
  readonly kept_versions: number;
  readonly free_bytes: number;
  readonly capacity_bytes: number;
}

export type ApplyResult =
  | { readonly kind: 'applied'; readonly position: Position }
  /** The state is not the one that the batch changes: send everything. */
  | { readonly kind: 'gap' }
  /** The batch does not fit into shared memory; nothing of it was taken. */
  | { readonly kind: 'full' };

export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code = 'control-failed';
}

const TIMEOUT_MS = 30_000;

/** What became of endpoints that fail, since nginx started. */
export interface Ejections {
  /** Those that are left out, "<backend> <address>" → seconds that are left. */
  readonly endpoints: Readonly<Record<string, number>>;
  /** How often one was left out. */
  readonly total: number;
  /** Tries after the first, and requests that could have none (proxy-next-upstream-budget). */
  readonly retries: number;
  readonly withheld: number;
}

export class Control {
  readonly #socketPath: string;
  readonly #secret: string;

  constructor(socketPath: string, secret: string) {
    this.#socketPath = socketPath;
    this.#secret = secret;
  }

  /** Sends one batch of lines; `base` is the position that it changes, or 'full' to replace everything. */
  async apply(base: Position | 'full', lines: Iterable<string>, signal: AbortSignal): Promise<ApplyResult> {
    const body = Buffer.from([...lines].map((line) => `${line}\n`).join(''), 'utf8');
    const header = base === 'full' ? 'full' : `${base.epoch}:${base.generation}`;
    const { status, text } = await this.#send('POST', '/v1/apply', body, { 'Sluice-Base': header }, signal);
    if (status === 409) return { kind: 'gap' };
    if (status === 507) return { kind: 'full' };
    if (status !== 200) throw new ControlError(`applying a batch of ${body.length} bytes: ${status} ${text.trim()}`);
    return { kind: 'applied', position: JSON.parse(text) as Position };
  }

  async status(signal: AbortSignal): Promise<Status> {
    return JSON.parse(await this.get('/v1/generation', signal)) as Status;
  }

  /** "namespace|ingress|service|status" → requests. */
  async counters(signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
    return JSON.parse(await this.get('/v1/counters', signal)) as Record<string, number>;
  }

  /** Endpoints that are left out because they fail, as "<backend> <address>" → seconds that are left, and how often that happened in all. */
  async ejections(signal: AbortSignal): Promise<Ejections> {
    return JSON.parse(await this.get('/v1/ejections', signal)) as Ejections;
  }

  /** How many connections of clients are open; null where nginx does not count them. */
  async connections(signal: AbortSignal): Promise<number | null> {
    const all = JSON.parse(await this.get('/v1/connections', signal)) as number | null;
    return all === null ? null : all - 1; // without our own
  }

  /** A dry run of the router (lua/router/explain.lua); question and answer are JSON. */
  async explain(question: Buffer, signal: AbortSignal): Promise<string> {
    const { status, text } = await this.#send('POST', '/v1/explain', question, {}, signal);
    if (status !== 200) throw new ControlError(`asking the router: ${status} ${text.trim()}`);
    return text;
  }

  /** While on, HTTP/1 clients are asked to reconnect. */
  async drain(state: 'on' | 'off', signal: AbortSignal): Promise<void> {
    const { status, text } = await this.#send('POST', '/v1/drain', Buffer.from(state), {}, signal);
    if (status !== 200) throw new ControlError(`switching drain ${state}: ${status} ${text.trim()}`);
  }

  async get(path: string, signal: AbortSignal): Promise<string> {
    const { status, text } = await this.#send('GET', path, Buffer.alloc(0), {}, signal);
    if (status !== 200) throw new ControlError(`GET ${path}: ${status} ${text.trim()}`);
    return text;
  }

  #send(
    method: string,
    path: string,
    body: Buffer,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          socketPath: this.#socketPath,
          method,
          path,
          agent: false,
          signal,
          timeout: TIMEOUT_MS,
          headers: { Host: 'control', 'Sluice-Secret': this.#secret, 'Content-Length': body.length, ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
          response.on('error', reject);
        },
      );
      outgoing.on('timeout', () =>
        outgoing.destroy(new ControlError(`${method} ${path}: no answer in ${TIMEOUT_MS} ms`)),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}
