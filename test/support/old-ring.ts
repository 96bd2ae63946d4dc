// The hash ring of ingress-nginx, from what is known of it, to check ours against: 160 points an endpoint, each the CRC32 of
// the four bytes of the one before, with the checksum of the endpoint's text as the state of the register at the beginning; a
// key belongs to the last point at or before its own CRC32, and below all of them to the first.
import { crc32 } from 'node:zlib';

const POINTS = 160;

export function oldRing(endpoints: readonly string[]): (key: string) => string {
  const points = endpoints.flatMap((endpoint) => {
    const start = (crc32(endpoint) ^ 0xffffffff) >>> 0;
    const bytes = Buffer.alloc(4);
    return Array.from({ length: POINTS }, () => {
      const hash = crc32(bytes, start);
      bytes.writeUInt32LE(hash);
      return { hash, endpoint };
    });
  });
  points.sort((a, b) => a.hash - b.hash);
  return (key) => (points.findLast(({ hash }) => hash <= crc32(key)) ?? points[0])?.endpoint ?? '';
}
