// TLS handshakes for tests: what a client is shown.
import { type ConnectionOptions, connect } from 'node:tls';

export interface Handshake {
  readonly commonName: string;
  readonly issuer: string;
  readonly protocol: string | null;
  readonly cipher: string;
  readonly alpn: string | false | null;
}

function single(value: string | string[] | undefined): string {
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}

/** Connects to this machine with an SNI ('' sends none) and closes again; rejects when the handshake fails. */
export function handshake(port: number, servername: string, options: ConnectionOptions = {}): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false, ...options }, () => {
      const { subject, issuer } = socket.getPeerCertificate();
      const result = {
        commonName: single(subject.CN),
        issuer: single(issuer.CN),
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().name,
        alpn: socket.alpnProtocol,
      };
      socket.destroy();
      resolve(result);
    });
    socket.once('error', reject);
  });
}
