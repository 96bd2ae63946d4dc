// A backend that answers with the length and checksum of the body it received, and shows it while it arrives.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { type Listener, listen } from './listener.ts';

export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

export interface DigestPod extends Listener {
  /** How many bytes of body came so far, by URL, 0 from the moment the request's head is there. */
  readonly received: ReadonlyMap<string, number>;
}

export function digestOf(body: Buffer): Digest {
  return { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
}

export async function startDigest(address: string): Promise<DigestPod> {
  const received = new Map<string, number>();
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const hash = createHash('sha256');
    let bytes = 0;
    received.set(url, bytes);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      received.set(url, bytes);
      hash.update(chunk);
    });
    request.on('end', () => response.end(JSON.stringify({ bytes, sha256: hash.digest('hex') } satisfies Digest)));
  });
  return { ...(await listen(server, address)), received };
}
