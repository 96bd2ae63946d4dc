// Requests to the API server, over Node's own http: authenticated by a KubeConfig, spared by a token bucket, watched for
// silence. Answers come as they arrive, which is what a watch needs.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError, type Method } from './api-error.ts';
import type { TokenBucket } from './token-bucket.ts';

const MAX_ERROR_BODY = 64 * 1024;

export interface Ask {
  readonly signal: AbortSignal;
  /** The request is given up when no byte came for this long: a half-open connection says nothing for ever. */
  readonly idleMs: number;
}

/** What a request is, beside how long it may take. */
interface Request {
  readonly method: Method;
  readonly path: string;
  /** JSON; null for none. */
  readonly body: string | null;
}

/** A patch is a JSON merge patch (RFC 7386). */
const CONTENT_TYPES = {
  GET: '',
  POST: 'application/json',
  PUT: 'application/json',
  PATCH: 'application/merge-patch+json',
};

export class ApiClient {
  readonly #config: KubeConfig;
  readonly #bucket: TokenBucket;
  readonly #plain = new HttpAgent({ keepAlive: true });
  readonly #tls = new HttpsAgent({ keepAlive: true });
  /** URL of the API server, without a "/" at the end. */
  readonly server: string;

  constructor(config: KubeConfig, bucket: TokenBucket) {
    this.#config = config;
    this.#bucket = bucket;
    this.server = config.getCurrentCluster()?.server ?? '';
  }

  /** The pieces of the answer to GET `path`. Rejects, as the iteration does, with ApiError, or with the signal's reason. */
  stream(path: string, ask: Ask): Promise<AsyncIterable<Buffer>> {
    return this.#answer({ method: 'GET', path, body: null }, ask);
  }

  /** The whole answer to GET `path`, parsed. Rejects as stream() does. */
  json(path: string, ask: Ask): Promise<unknown> {
    return this.#parsed({ method: 'GET', path, body: null }, ask);
  }

  /** Sends an object, or a merge patch of one, and returns the answer: the object as it is now. Rejects as stream() does. */
  write(method: 'POST' | 'PUT' | 'PATCH', path: string, body: object, ask: Ask): Promise<unknown> {
    return this.#parsed({ method, path, body: JSON.stringify(body) }, ask);
  }

  async #parsed(request: Request, ask: Ask): Promise<unknown> {
    const pieces: Buffer[] = [];
    for await (const piece of await this.#answer(request, ask)) pieces.push(piece);
    try {
      return JSON.parse(Buffer.concat(pieces).toString('utf8'));
    } catch (cause) {
      throw ApiError.of('malformed', request.path, `the answer is no JSON: ${String(cause)}`, request.method);
    }
  }

  async #answer(request: Request, ask: Ask): Promise<AsyncIterable<Buffer>> {
    const wait = this.#bucket.take(performance.now());
    if (wait > 0) await delay(wait, undefined, { signal: ask.signal });
    const options = await this.#options(request, ask);
    ask.signal.throwIfAborted();
    const response = await this.#send(request, options, ask).catch((cause: unknown) => {
      ask.signal.throwIfAborted();
      throw ApiError.ofCause(request, cause);
    });
    const body = piecesOf(response, request, ask.signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return body;
    throw ApiError.ofStatus(request, status, await beginningOf(body), response.headers['retry-after']);
  }

  /** Connections that are kept for the next request are closed. */
  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }

  async #options({ method, path }: Request, { signal, idleMs }: Ask): Promise<RequestOptions> {
    const options: RequestOptions = { method, signal, timeout: idleMs };
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (cause) {
      const reason = `the credentials cannot be had: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new ApiError({ method, code: 'credentials', path, status: null, retryAfterMs: null, reason }, { cause });
    }
    // The client keeps its agent with the first credentials; ours follows those that rotate. Its proxies stay.
    if (!this.#config.getCurrentCluster()?.proxyUrl) options.agent = this.#isTls ? this.#tls : this.#plain;
    const contentType = CONTENT_TYPES[method];
    options.headers = {
      ...options.headers,
      Accept: 'application/json',
      'User-Agent': 'sluice',
      ...(contentType === '' ? {} : { 'Content-Type': contentType }),
    };
    return options;
  }

  get #isTls(): boolean {
    return this.server.startsWith('https:');
  }

  #send({ method, path, body }: Request, options: RequestOptions, { idleMs }: Ask): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = (this.#isTls ? httpsRequest : httpRequest)(`${this.server}${path}`, options);
      let answer: IncomingMessage | null = null;
      request.on('response', (response: IncomingMessage) => {
        answer = response;
        resolve(response);
      });
      request.on('error', reject);
      request.once('timeout', () => {
        (answer ?? request).destroy(
          ApiError.of('idle', path, `the connection was silent for ${idleMs / 1000} s`, method),
        );
      });
      request.end(body ?? undefined);
    });
  }
}

async function* piecesOf(response: IncomingMessage, request: Request, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const piece of response) yield piece as Buffer;
  } catch (cause) {
    signal.throwIfAborted();
    throw ApiError.ofCause(request, cause);
  }
}

async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_ERROR_BODY) break;
  }
  return Buffer.concat(pieces).toString('utf8');
}
