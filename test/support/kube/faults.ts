// Failures that tests switch on and off while the API server double runs: for one resource and verb, or for everything.
import type { ApiRequest } from './request.ts';
import { resourceName } from './request.ts';
import { qualified } from './resources.ts';
import { ApiError } from './status.ts';
import { covers, type Where } from './where.ts';

export type Fault =
  /** 429, as by API Priority and Fairness. */
  | { readonly kind: 'too-many-requests'; readonly retryAfterSeconds: number }
  | { readonly kind: 'server-error'; readonly code: 500 | 502 | 503 | 504 }
  /** 403, as RBAC says no. */
  | { readonly kind: 'forbidden' }
  /** 401, as for a token that ran out. */
  | { readonly kind: 'unauthorized' }
  /** 410 as HTTP status. */
  | { readonly kind: 'gone' }
  /** Answered, but later. */
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** Answered when the fault is taken back. */
  | { readonly kind: 'held' }
  /** The connection is cut without an answer. */
  | { readonly kind: 'reset' }
  /** Status 200 and its head, then nothing, and no end. */
  | { readonly kind: 'silent' }
  /** The connection is cut in the middle of the body. */
  | { readonly kind: 'truncated' }
  /** A whole body that is no JSON. */
  | { readonly kind: 'malformed' };

export interface FaultWhere extends Where {
  /** Ends by itself after so many requests. */
  readonly times?: number;
}

export class ActiveFault {
  readonly fault: Fault;
  readonly #where: FaultWhere;
  readonly #ended = Promise.withResolvers<void>();
  #left: number;

  constructor(fault: Fault, where: FaultWhere) {
    this.fault = fault;
    this.#where = where;
    this.#left = where.times ?? Number.POSITIVE_INFINITY;
  }

  covers(request: ApiRequest): boolean {
    return this.#left > 0 && covers(this.#where, request);
  }

  use(): void {
    this.#left -= 1;
  }

  /** Settles when the fault is taken back. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  end(): void {
    this.#left = 0;
    this.#ended.resolve();
  }
}

export class Faults {
  #active: ActiveFault[] = [];

  /** Returns what takes it back. */
  add(fault: Fault, where: FaultWhere): () => void {
    const active = new ActiveFault(fault, where);
    this.#active.push(active);
    return () => {
      active.end();
      this.#active = this.#active.filter((one) => one !== active);
    };
  }

  clear(): void {
    for (const active of this.#active) active.end();
    this.#active = [];
  }

  /** The last one added that is about the request; it counts as used. */
  take(request: ApiRequest): ActiveFault | null {
    const active = this.#active.findLast((one) => one.covers(request)) ?? null;
    active?.use();
    return active;
  }

  forbids(request: ApiRequest): boolean {
    return this.#active.some((one) => one.fault.kind === 'forbidden' && one.covers(request));
  }
}

export const USER = 'system:serviceaccount:ingress-nginx:sluice';

export function forbidden(request: ApiRequest): ApiError {
  const { resource, verb, namespace, name } = request;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const subject = `${qualified(resource)}${name === '' ? '' : ` "${name}"`} is forbidden`;
  return new ApiError(
    403,
    'Forbidden',
    `${subject}: User "${USER}" cannot ${verb} resource "${resourceName(request)}" in API group "${resource.group}" ${scope}`,
    {
      ...(name === '' ? {} : { name }),
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
    },
  );
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

const REASONS = { 500: 'InternalError', 502: 'BadGateway', 503: 'ServiceUnavailable', 504: 'Timeout' } as const;

export function serverError(code: 500 | 502 | 503 | 504): ApiError {
  return new ApiError(code, REASONS[code], 'a fault of the test');
}

export function tooManyRequests(retryAfterSeconds: number): ApiError {
  const message = 'The server has received too many requests and has asked us to try again later';
  return new ApiError(429, 'TooManyRequests', message, { retryAfterSeconds });
}
