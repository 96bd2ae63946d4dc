// The inspection socket: HTTP, GET only, in a folder that only our user can enter. Long answers are written in slices, so that the
// controller goes on with its work.
import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { knowsSecret } from '../apply/secret.ts';
import { type Answer, answer, type Sources, Unanswered } from './answers.ts';

const MAX_CONNECTIONS = 16;
const REQUEST_TIMEOUT_MS = 10_000;
/** A question may have a URI that nginx would take (8 KB), with three characters for each of its own. */
const MAX_HEADER_BYTES = 65_536;
/** Rows between two turns of the event loop: a millisecond or two. */
const SLICE = 100;

/** Listens until the signal; rejects when the socket cannot be had. */
export async function serveInspection(
  path: string,
  secretFile: string,
  sources: Sources,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700); // it is the protection of the socket in it, whoever made it
  await rm(path, { force: true }); // of a controller that was killed
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
    (request, response) => {
      admitted(request, secretFile)
        .then(() => respond(sources, request, response, signal))
        .catch((error: unknown) => fail(response, error));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(path);
  await once(server, 'listening', { signal });
  await chmod(path, 0o600);
  const end = (): void => {
    server.close();
    server.closeAllConnections();
  };
  signal.addEventListener('abort', end, { once: true });
}

async function admitted(request: IncomingMessage, secretFile: string): Promise<void> {
  request.resume();
  if (!(await knowsSecret(request, secretFile))) throw new Unanswered(403, 'the secret is another one');
}

async function respond(
  sources: Sources,
  request: IncomingMessage,
  response: ServerResponse,
  ends: AbortSignal,
): Promise<void> {
  if (request.method !== 'GET') throw new Unanswered(400, 'this socket only answers GET');
  const left = new AbortController();
  response.once('close', () => left.abort());
  const signal = AbortSignal.any([ends, left.signal]);
  const made = await answer(sources, new URL(request.url ?? '/', 'http://inspect'), signal);
  response.setHeader('Content-Type', made.kind === 'text' ? 'text/plain; charset=utf-8' : 'application/x-ndjson');
  await write(response, made, signal);
}

async function write(response: ServerResponse, made: Answer, signal: AbortSignal): Promise<void> {
  if (made.kind === 'text') {
    response.end(made.text);
    return;
  }
  let lines: string[] = [];
  for (const row of made.rows) {
    lines.push(`${JSON.stringify(row)}\n`);
    if (lines.length < SLICE) continue;
    const isTaken = response.write(lines.join(''));
    lines = [];
    if (isTaken) await turn(undefined, { signal });
    else await once(response, 'drain', { signal });
  }
  response.end(lines.join(''));
}

/** The one who asked is told; who left, or was cut off in the middle, sees that the answer has no end. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const status = error instanceof Unanswered ? error.status : 503;
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify({ error: message })}\n`);
}
