// What happens to one request: who asks, which fault is on, and then the verb.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebhookClient } from '../webhook.ts';
import { answer, answerError, type Damage, send } from './answer.ts';
import { readJson } from './body.ts';
import { discovery } from './discovery.ts';
import { type ActiveFault, type Faults, forbidden, serverError, tooManyRequests, unauthorized } from './faults.ts';
import { perform } from './perform.ts';
import { type ApiRequest, readRequest } from './request.ts';
import { REVIEW_PATH, review } from './review.ts';
import { ApiError, expired, noSuchPath } from './status.ts';
import type { Store } from './store.ts';
import type { Timers } from './timers.ts';
import type { Watches } from './watches.ts';

export interface SeenRequest extends ApiRequest {
  readonly headers: IncomingMessage['headers'];
  /** When it came, milliseconds on the monotonic clock. */
  readonly at: number;
}

export interface Parts {
  readonly store: Store;
  readonly watches: Watches;
  readonly faults: Faults;
  readonly timers: Timers;
  readonly seen: SeenRequest[];
  /** Null lets everybody in. */
  token(): string | null;
  /** What is asked about Ingresses before they are stored; null for nobody. */
  webhook(): WebhookClient | null;
}

/** Never throws: what goes wrong becomes an answer. */
export async function handle(parts: Parts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const token = parts.token();
    if (token !== null && message.headers.authorization !== `Bearer ${token}`) throw unauthorized();
    const url = new URL(message.url ?? '/', 'http://localhost');
    const known = discovery(url.pathname);
    if (known !== null) return send(response, answer(JSON.stringify(known)), 'none');
    if (url.pathname === REVIEW_PATH && message.method === 'POST') {
      return send(response, answer(review(parts.faults, await readJson(message)), 201), 'none');
    }
    const request = readRequest(message.method ?? 'GET', url);
    if (request === null) throw noSuchPath();
    parts.seen.push({ ...request, headers: message.headers, at: performance.now() });
    const active = parts.faults.take(request);
    const damage = active === null ? 'none' : await suffer(parts, active, response);
    if (damage === 'unanswered' || response.destroyed) return;
    if (active?.fault.kind === 'forbidden') throw forbidden(request);
    if (request.verb === 'watch') parts.watches.begin(request, response, damage);
    else send(response, await perform(parts.store, request, message, parts.webhook()), damage);
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error));
    if (!response.headersSent) send(response, answerError(failure), 'none');
  }
}

async function suffer(
  parts: Parts,
  { fault, ended }: ActiveFault,
  response: ServerResponse,
): Promise<Damage | 'unanswered'> {
  switch (fault.kind) {
    case 'too-many-requests':
      throw tooManyRequests(fault.retryAfterSeconds);
    case 'server-error':
      throw serverError(fault.code);
    case 'unauthorized':
      throw unauthorized();
    case 'gone':
      throw expired('too old resource version');
    case 'slow':
      await parts.timers.wait(fault.milliseconds);
      return 'none';
    case 'held':
      await ended;
      return 'none';
    case 'reset':
      response.destroy();
      return 'unanswered';
    case 'silent':
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.flushHeaders();
      return 'unanswered';
    case 'truncated':
    case 'malformed':
      return fault.kind;
    case 'forbidden':
      return 'none';
  }
}
