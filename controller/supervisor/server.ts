// The socket of the supervisor: who may speak (the secret), how much, and to which of its few commands. What a command does is
// supervisor.ts.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { MAX_REQUEST_BYTES } from '../apply/protocol.ts';
import { knowsSecret } from '../apply/secret.ts';

const MAX_CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 10_000;

/** What is asked is not understood; the message says why. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  readonly code = 'bad-request';
}

export interface Commands {
  /** By method and path. Each gets the body, already read, and returns what is answered. */
  readonly calls: ReadonlyMap<string, (body: unknown) => Promise<object>>;
  /** GET /v1/events: keeps the response, and writes to it. */
  follow(request: IncomingMessage, response: ServerResponse): void;
}

/** Listens on a socket whose folder only our user can enter. */
export async function serve(socketPath: string, secretFile: string, commands: Commands, log: Logger): Promise<Server> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 4096 }, (request, response) => {
    answer(request, response, secretFile, commands).catch((error: unknown) => {
      const isTheirs = error instanceof BadRequest;
      const message = error instanceof Error ? error.message : String(error);
      log[isTheirs ? 'warn' : 'error'](`${request.method} ${JSON.stringify(request.url)} failed: ${message}`);
      if (!response.headersSent) send(response, isTheirs ? 400 : 500, { error: message.slice(0, 1000) });
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await rm(socketPath, { force: true }); // of a supervisor that was killed
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  secretFile: string,
  commands: Commands,
): Promise<void> {
  if (!(await knowsSecret(request, secretFile))) {
    request.resume();
    return send(response, 403, { error: 'the secret is another one' });
  }
  const name = `${request.method} ${request.url}`;
  if (name === 'GET /v1/events') return commands.follow(request, response);
  const call = commands.calls.get(name);
  if (call === undefined) {
    request.resume();
    return send(response, 404, { error: 'there is no such command' });
  }
  send(response, 200, await call(await bodyOf(request)));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (request.method === 'GET') return {};
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES) throw new BadRequest(`a body of more than ${MAX_REQUEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new BadRequest('the body is not JSON', { cause });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
