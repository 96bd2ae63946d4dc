// A service for external authentication: answers as its test says, and remembers what it was asked.
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Listener, listen } from './listener.ts';

export interface Question {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** How many bytes of body came. */
  readonly bytes: number;
  /** The name that the client asked for over TLS. */
  readonly servername: string | null;
}

export interface AuthService extends Listener {
  readonly questions: readonly Question[];
  last(): Question;
  /** The answer from now on. */
  answer: { readonly status: number; readonly headers?: Readonly<Record<string, string | readonly string[]>> };
}

export async function startAuthService(
  address: string,
  { pair, port }: { readonly pair?: { certificate: string; key: string }; readonly port?: number } = {},
): Promise<AuthService> {
  const questions: Question[] = [];
  const listener: RequestListener = (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      const { servername } = request.socket as TLSSocket;
      questions.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        bytes,
        servername: typeof servername === 'string' ? servername : null,
      });
      for (const [name, value] of Object.entries(service.answer.headers ?? {})) response.setHeader(name, value);
      response.writeHead(service.answer.status);
      response.end();
    });
  };
  const server =
    pair === undefined ? createServer(listener) : createSecure({ cert: pair.certificate, key: pair.key }, listener);
  const service: AuthService = {
    ...(await listen(server, address, port ?? 0)),
    questions,
    last: () => {
      const question = questions.at(-1);
      if (question === undefined) throw new Error('the service was not asked');
      return question;
    },
    answer: { status: 200 },
  };
  return service;
}
