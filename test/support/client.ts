// An HTTP/1 client for tests: one connection a request, any Host, any SNI.
import { type IncomingHttpHeaders, request as plain } from 'node:http';
import { type RequestOptions as SecureRequestOptions, request as secure } from 'node:https';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { EchoAnswer } from '../../examples/echo.ts';

export interface Ask {
  readonly port: number;
  /** Host header; also the SNI over TLS unless `servername` says otherwise. */
  readonly host?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly tls?: boolean;
  readonly servername?: string;
  /** A client certificate and its key, PEM. */
  readonly client?: { readonly certificate: string; readonly key: string };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The certificate that the server showed, null without TLS. */
  readonly certificate: PeerCertificate | null;
}

export async function ask(question: Ask): Promise<Answer> {
  const { port, host, path, method, headers, body, tls, servername, client } = question;
  const options: SecureRequestOptions = {
    host: '127.0.0.1',
    port,
    path: path ?? '/',
    method: method ?? 'GET',
    agent: false,
    headers: { ...(host === undefined ? {} : { Host: host }), ...headers },
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    ...(tls ? { rejectUnauthorized: false, servername: servername ?? host ?? '' } : {}),
  };
  return new Promise((resolve, reject) => {
    const outgoing = (tls ? secure : plain)(options, (response) => {
      const certificate = tls ? (response.socket as TLSSocket).getPeerCertificate() : null;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          certificate,
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Asks an echo backend through Sluice; throws when the answer is not 200. */
export async function askEcho(question: Ask): Promise<EchoAnswer> {
  const answer = await ask(question);
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body) as EchoAnswer;
}
