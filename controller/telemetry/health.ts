// The health port: /healthz (alive and not stopping), /readyz (the first state is in every worker), /metrics, /dashboard.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** Answers everything at a path and below it. */
export interface Pages {
  readonly path: string;
  answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
}

export interface HealthChecks {
  readonly path: string;
  isHealthy(): boolean;
  isReady(): boolean;
  metrics(): { readonly type: string; readonly pieces: AsyncIterable<string | Buffer> };
  /** null where it is off. */
  readonly dashboard: Pages | null;
}

/** The health port cannot be had; the message says what to do. */
export class HealthPortUnavailable extends Error {
  override readonly name = 'HealthPortUnavailable';
  readonly code = 'health-port-unavailable';
}

/** Listens until the signal; rejects with HealthPortUnavailable when the port cannot be had. */
export async function serveHealth(
  host: string,
  port: number,
  checks: HealthChecks,
  signal: AbortSignal,
): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain'): void => {
      response.writeHead(status, { 'Content-Type': type }).end(body);
    };
    const url = urlOf(request);
    const path = url.pathname;
    if (path === checks.path) answer(checks.isHealthy() ? 200 : 500, checks.isHealthy() ? 'ok' : 'not healthy');
    else if (path === '/readyz') answer(checks.isReady() ? 200 : 503, checks.isReady() ? 'ok' : 'not ready');
    else if (path === '/metrics') {
      const { type, pieces } = checks.metrics();
      response.setHeader('Content-Type', type);
      // What fails on the way breaks the connection off: nobody takes a part for all.
      send(pieces, request, response).catch(() => response.destroy());
    } else if (checks.dashboard !== null && isBelow(path, checks.dashboard.path)) {
      checks.dashboard.answer(request, response, url).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else answer(500, `making this page failed: ${String(error)}`);
      });
    } else answer(404, 'not found');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const text = `cannot listen on the health port ${port}: ${cause.message}; end what has it, or choose another one with --healthz-port`;
      reject(new HealthPortUnavailable(text, { cause }));
    });
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
  });
  signal.addEventListener('abort', () => server.close(), { once: true });
  return server;
}

/** Large chunks: a scrape has megabytes of them. */
const PACKING = { level: 1, chunkSize: 256 * 1024 };

/** Sends each piece when the one before was taken, so that its memory can be used again. */
async function send(
  pieces: AsyncIterable<string | Buffer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A scrape shrinks to a fortieth, for less work than sending it takes, in another thread.
  const isPacked = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const packer = isPacked ? createGzip(PACKING) : null;
  if (packer !== null) response.setHeader('Content-Encoding', 'gzip');
  const sent = packer === null ? Promise.resolve() : pipeline(packer, response);
  sent.catch(() => undefined); // it is looked at below
  const target: Writable = packer ?? response;
  for await (const piece of pieces) {
    await new Promise<void>((resolve, reject) => {
      response.once('close', resolve); // a scraper that went away takes nothing any more
      target.write(piece, (error) => {
        response.off('close', resolve);
        if (error) reject(error);
        else resolve();
      });
    });
    if (response.destroyed) return;
  }
  target.end();
  await sent;
}

/** The path and query of a request; those of "/" where they are malformed. */
function urlOf({ url = '/' }: IncomingMessage): URL {
  const text = `http://health${url.startsWith('/') ? url : '/'}`;
  return new URL(URL.canParse(text) ? text : 'http://health/');
}

function isBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}
