// Answers of the API server double other than watches, whole or damaged on purpose.

import type { ServerResponse } from 'node:http';
import { constants, gzipSync } from 'node:zlib';
import type { ApiError } from './status.ts';

export interface Answer {
  readonly code: number;
  /** JSON text. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function answer(body: string, code = 200): Answer {
  return { code, body, headers: {} };
}

export function answerError({ status }: ApiError): Answer {
  const seconds = status.details?.retryAfterSeconds;
  const headers = seconds === undefined ? {} : { 'Retry-After': String(seconds) };
  return { code: status.code, body: JSON.stringify(status), headers };
}

/** Bytes from which answers are compressed for who accepts it, as APIResponseCompression does. */
const GZIP_FROM = 128 * 1024;

export type Damage = 'none' | 'truncated' | 'malformed';

export function send(response: ServerResponse, { code, body, headers }: Answer, damage: Damage): void {
  const plain = Buffer.from(damage === 'malformed' ? `${body.slice(0, body.length / 2)},,` : body);
  const zipped = plain.length > GZIP_FROM && (response.req.headers['accept-encoding'] ?? '').includes('gzip');
  const whole = zipped ? gzipSync(plain, { level: constants.Z_BEST_SPEED }) : plain;
  response.writeHead(code, {
    'Content-Type': 'application/json',
    'Content-Length': whole.length,
    'Cache-Control': 'no-cache, private',
    ...(zipped ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
    ...headers,
  });
  if (damage === 'truncated') response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
  else response.end(whole);
}
