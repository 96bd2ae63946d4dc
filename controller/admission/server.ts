// The HTTPS server of the webhook: whoever reaches the port may send anything, so all is bounded in size, time and number
// before it is looked at (R9). HTTP/1.1 and TLS 1.2 at least, no compression.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { finished } from 'node:stream/promises';
import type { SecureContextOptions } from 'node:tls';
import { Bodies, MAX_BODY_BYTES } from './body.ts';
import type { Desked } from './desk.ts';
import { WebhookPortUnavailable } from './unavailable.ts';

/** The whole request, TLS handshake not counted; the API server itself waits ten seconds by default. */
const REQUEST_MS = 10_000;
const HEADERS_MS = 5000;
const HANDSHAKE_MS = 5000;
const IDLE_MS = 60_000;
/** How often Node looks for requests that are late. */
const LOOK_MS = 1000;
const MAX_CONNECTIONS = 256;
const MAX_REQUESTS = 64;
const MAX_HEADER_BYTES = 16 * 1024;

/** The address of --validating-webhook. */
export interface Address {
  /** '' for all. */
  readonly host: string;
  readonly port: number;
}

/** Who may ask: with 'certified', those alone who have a certificate of the authority that setSecureContext() names. */
export type Clients = 'anybody' | 'certified';

export interface Office {
  readonly clients: Clients;
  /** Answers the body of a review. */
  review(body: string, signal: AbortSignal): Promise<Desked>;
  /** A bug, or the client's going. */
  onError(error: unknown): void;
}

/** Listens until the signal. Until setSecureContext() gave it a certificate, every handshake fails. */
export async function listenForReviews(address: Address, office: Office, signal: AbortSignal): Promise<Server> {
  const bodies = new Bodies();
  let underWay = 0;
  const server = createServer(
    {
      ...TLS,
      requestCert: office.clients === 'certified',
      rejectUnauthorized: office.clients === 'certified',
      handshakeTimeout: HANDSHAKE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: LOOK_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (message, response) => {
      underWay += 1;
      response.once('close', () => {
        underWay -= 1;
      });
      serve(message, response, underWay > MAX_REQUESTS ? null : { bodies, office }).catch(office.onError);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('tlsClientError', () => {}); // somebody else's mistake, as often as they like
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const text = `cannot listen on port ${address.port} of --validating-webhook: ${cause.message}; end what has it, or choose another one`;
      reject(new WebhookPortUnavailable(text, { cause }));
    });
    server.listen({ port: address.port, ...(address.host === '' ? {} : { host: address.host }) }, resolve);
  });
  server.on('error', office.onError);
  signal.addEventListener(
    'abort',
    () => {
      server.close();
      server.closeAllConnections();
    },
    { once: true },
  );
  return server;
}

/** What holds with every certificate. */
export const TLS: SecureContextOptions = { minVersion: 'TLSv1.2' };

/** `parts` is null when there are too many requests. */
async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  parts: { readonly bodies: Bodies; readonly office: Office } | null,
): Promise<void> {
  const refuse = (status: number, text: string, headers: OutgoingHttpHeaders = {}): void => {
    response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close', ...headers }).end(`${text}\n`);
  };
  const refusal = unwelcome(message) ?? (parts === null ? BUSY : null);
  if (refusal !== null || parts === null) {
    const [status, text, headers] = refusal ?? BUSY;
    message.resume(); // an answer that comes before the end of the request gets lost
    await finished(message).catch(() => undefined);
    return refuse(status, text, headers);
  }
  const { bodies, office } = parts;
  const body = await bodies.read(message);
  switch (body.kind) {
    case 'too-large':
      return refuse(413, `a review has at most ${MAX_BODY_BYTES} bytes`);
    case 'too-many':
      return refuse(...BUSY);
    case 'not-utf8':
      return refuse(400, 'the body is not UTF-8');
    case 'cut-off':
      return;
    case 'text':
      break;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the client went away before its review')));
  try {
    answer(response, await office.review(body.text, gone.signal), refuse);
  } catch (error) {
    if (gone.signal.aborted) return;
    refuse(500, 'the review failed; the log of the controller says why');
    throw error;
  } finally {
    bodies.release(body.bytes);
  }
}

type Refusal = readonly [status: number, text: string, headers: OutgoingHttpHeaders];

const BUSY: Refusal = [503, 'too many reviews at once; try again', { 'Retry-After': '1' }];

/** Why a request is not read at all, from its head. */
function unwelcome({ method, headers }: IncomingMessage): Refusal | null {
  if (method !== 'POST') return [405, 'reviews are sent with POST', { Allow: 'POST' }];
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return [415, 'reviews are application/json', {}];
  }
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? '')) return [415, 'send it uncompressed', {}];
  return null;
}

function answer(response: ServerResponse, desked: Desked, refuse: (status: number, text: string) => void): void {
  switch (desked.kind) {
    case 'answer':
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(desked.body);
      return;
    case 'unreadable':
      refuse(400, desked.why);
      return;
    case 'early':
      refuse(503, 'the controller has not read the cluster yet; try again');
  }
}
