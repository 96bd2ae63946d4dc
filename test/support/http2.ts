// An HTTP/2 client for tests: one session, any number of requests at once.
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';

export interface Http2Answer {
  readonly status: number;
  readonly body: string;
}

/** Connects with TLS (any certificate) or, for scheme "http", with prior knowledge. */
export async function openHttp2(
  scheme: 'http' | 'https',
  port: number,
  host: string,
  options: SecureClientSessionOptions = {},
): Promise<ClientHttp2Session> {
  const session = connect(`${scheme}://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    servername: host,
    ...options,
  });
  await once(session, 'connect');
  return session;
}

/** The answer to a request whose body the caller ends. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  const chunks: Buffer[] = [];
  let status = 0;
  stream.on('response', (headers) => {
    status = headers[':status'] ?? 0;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'close');
  return { status, body: Buffer.concat(chunks).toString('utf8') };
}

/** One whole request; `headers` hold what differs from "GET /". The body goes without a content-length unless they have one. */
export function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Http2Answer> {
  const stream = session.request(
    { ':path': '/', ':method': body === undefined ? 'GET' : 'POST', ...headers },
    { endStream: false },
  );
  const answer = answerOf(stream);
  stream.end(body);
  return answer;
}
