// A backend that speaks HTTPS, and says what it knows of the connection that a request came on.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Pair } from './certificates.ts';
import type { Address } from './objects.ts';

export interface TlsPod extends Address {
  stop(): Promise<void>;
}

export interface Seen {
  /** Numbers the connection. */
  readonly connection: number;
  /** The SNI, false for none. */
  readonly servername: string | false;
  /** The CN of the client certificate, null without one. */
  readonly client: string | null;
  readonly verified: boolean;
  readonly protocol: string | null;
}

export interface TlsOptions {
  /** The CA of client certificates; they are asked for, and whether they are good is only said. */
  readonly clients?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export async function startTlsPod(pair: Pair, { clients, ...versions }: TlsOptions = {}): Promise<TlsPod> {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  const server = createServer({
    cert: pair.certificate,
    key: pair.key,
    ...versions,
    ...(clients === undefined ? {} : { ca: clients, requestCert: true, rejectUnauthorized: false }),
  });
  server.on('request', (request, response) => {
    const socket = request.socket as TLSSocket & { readonly servername: string | false };
    let connection = numbers.get(socket);
    if (connection === undefined) {
      last += 1;
      connection = last;
      numbers.set(socket, connection);
    }
    const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
    const seen: Seen = {
      connection,
      servername: socket.servername,
      client: subject?.CN ?? null,
      verified: socket.authorized,
      protocol: socket.getProtocol(),
    };
    response.end(JSON.stringify(seen));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
