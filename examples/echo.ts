// A small backend for the examples: answers with JSON that names it and shows the request as it arrived.
import { createServer, type Server } from 'node:http';

export interface EchoAnswer {
  readonly backend: string;
  readonly address: string;
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** How many bytes of body came. */
  readonly bytes: number;
}

/** Listens on an address of this machine; `name` is what the answer calls the backend. */
export async function startEcho(name: string, address: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      const { method = '', url = '', httpVersion, headers } = request;
      const answer: EchoAnswer = {
        backend: name,
        address: `${address}:${port}`,
        method,
        url,
        httpVersion,
        headers,
        bytes,
      };
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(answer, null, 2)}\n`);
    });
  });
  server.keepAliveTimeout = 120_000; // longer than nginx keeps idle connections, so that nginx is the one to close
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return server;
}
