// Answers of the API server double other than watches, whole or damaged on purpose.
import type { ServerResponse } from 'node:http';
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

export type Damage = 'none' | 'truncated' | 'malformed';

export function send(response: ServerResponse, { code, body, headers }: Answer, damage: Damage): void {
  const whole = Buffer.from(damage === 'malformed' ? `${body.slice(0, body.length / 2)},,` : body);
  response.writeHead(code, {
    'Content-Type': 'application/json',
    'Content-Length': whole.length,
    'Cache-Control': 'no-cache, private',
    ...headers,
  });
  if (damage === 'truncated') response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
  else response.end(whole);
}
