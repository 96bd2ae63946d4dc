// Client of the control API (lua/config/api.lua) over its unix socket.
import { type IncomingHttpHeaders, request } from 'node:http';

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

/** Bytes of a dictionary: whole pages that are free, and all of it. */
export interface DictionaryUse {
  readonly free_bytes: number;
  readonly capacity_bytes: number;
}

/** What was measured of requests with one set of labels. */
export interface Series {
  /** The labels in the order of telemetry/families.ts, with U+001F between them. */
  readonly key: string;
  /** As lua/metrics/layout.lua has them: requests, then for each histogram its buckets, each alone, and its sum. */
  readonly numbers: Float64Array;
}

/** What was measured, or what of it changed since an earlier report. */
export interface SeriesReport {
  /** What the next report is to be asked with. */
  readonly position: string;
  /** Whether it has all series. */
  readonly isWhole: boolean;
  readonly series: readonly Series[];
  /** How often a series found no room since some were forgotten last. */
  readonly overflow: number;
}

/** The series as lua/metrics/report.lua writes them, each with `length` numbers. */
function readSeries(body: Buffer, length: number): Series[] {
  const series: Series[] = [];
  for (let at = 0; at < body.length; ) {
    const isHead = at + HEAD_BYTES <= body.length;
    const keyAt = isHead ? at + HEAD_BYTES + body.readUInt32LE(at) * PAIR_BYTES : Number.POSITIVE_INFINITY;
    const end = isHead ? keyAt + body.readUInt32LE(at + 4) : Number.POSITIVE_INFINITY;
    if (end > body.length) throw new ControlError('GET /v1/series: the answer is cut short');
    const numbers = new Float64Array(length);
    for (let pair = at + HEAD_BYTES; pair < keyAt; pair += PAIR_BYTES) {
      numbers[body.readDoubleLE(pair)] = body.readDoubleLE(pair + 8);
    }
    series.push({ key: body.toString('utf8', keyAt, end), numbers });
    at = Math.ceil(end / 8) * 8;
  }
  return series;
}

const HEAD_BYTES = 8;
const PAIR_BYTES = 16;

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

/** "route <host> <match> <path>" and "endpoint <backend's display name> <address>" → how many, since counting began. */
export interface TrafficCounts {
  /** Seconds since 1970. */
  readonly since: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
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

  /**
   * What was measured of requests, or what of it changed since the report that `since` is the position of; "" for everything.
   * Rejects when nginx does not answer.
   */
  async series(since: string, signal: AbortSignal): Promise<SeriesReport> {
    const asked = { 'Sluice-Since': since };
    const { status, body, headers } = await this.#exchange('GET', '/v1/series', Buffer.alloc(0), asked, signal);
    if (status === 204) return { position: '', isWhole: true, series: [], overflow: 0 };
    if (status !== 200) throw new ControlError(`GET /v1/series: ${status} ${body.toString('utf8').trim()}`);
    return {
      position: String(headers['sluice-position'] ?? ''),
      isWhole: headers['sluice-whole'] === '1',
      series: readSeries(body, Number(headers['sluice-length'])),
      overflow: Number(headers['sluice-overflow'] ?? 0),
    };
  }

  /** Forgets series by their keys. */
  async forgetSeries(keys: readonly string[], signal: AbortSignal): Promise<void> {
    const { status, text } = await this.#send('POST', '/v1/series/forget', Buffer.from(keys.join('\n')), {}, signal);
    if (status !== 204) throw new ControlError(`forgetting ${keys.length} series: ${status} ${text.trim()}`);
  }

  /** The dictionaries of shared memory, by name. */
  async memory(signal: AbortSignal): Promise<Readonly<Record<string, DictionaryUse>>> {
    return JSON.parse(await this.get('/v1/memory', signal)) as Record<string, DictionaryUse>;
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

  /** Requests and errors by route and endpoint; asking keeps nginx counting for a while (lua/metrics/traffic.lua). */
  async traffic(signal: AbortSignal): Promise<TrafficCounts> {
    return JSON.parse(await this.get('/v1/traffic', signal)) as TrafficCounts;
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

  async #send(
    method: string,
    path: string,
    body: Buffer,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    const answer = await this.#exchange(method, path, body, headers, signal);
    return { status: answer.status, text: answer.body.toString('utf8') };
  }

  #exchange(
    method: string,
    path: string,
    body: Buffer,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
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
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
            }),
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
