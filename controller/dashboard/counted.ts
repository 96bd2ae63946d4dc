// What nginx counted (lua/metrics/traffic.lua), between two looks: requests and errors by route and by endpoint.
import type { Traffic } from './views.ts';

/** One look. The keys are "route <host> <match> <path>" and "endpoint <backend's display name> <address>". */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Milliseconds since 1970: when nginx began to count. */
  readonly since: number;
  readonly requests: ReadonlyMap<string, number>;
  readonly errors: ReadonlyMap<string, number>;
}

/** Requests and errors, of all time and of the time between the looks. */
export interface Count {
  readonly requests: number;
  readonly errors: number;
  readonly recentRequests: number;
  readonly recentErrors: number;
}

const NONE: Count = { requests: 0, errors: 0, recentRequests: 0, recentErrors: 0 };

export function routeKey(host: string, { match, path }: { readonly match: string; readonly path: string }): string {
  return `route ${host} ${match} ${path}`;
}

export function endpointKey(displayName: string, address: string): string {
  return `endpoint ${displayName} ${address}`;
}

export class Counted {
  readonly #last: Sample | null;
  readonly #before: Sample | null;
  #byHost: ReadonlyMap<string, Count> | null = null;
  #byBackend: ReadonlyMap<string, Count> | null = null;

  /** `before` is an earlier look at the same counters; null when there is none. */
  constructor(last: Sample | null, before: Sample | null) {
    this.#last = last;
    this.#before = before !== null && last !== null && before.since === last.since ? before : null;
  }

  get since(): number | null {
    return this.#last?.since ?? null;
  }

  of(key: string): Count {
    const last = this.#last;
    if (last === null) return NONE;
    const [requests, errors] = [last.requests.get(key) ?? 0, last.errors.get(key) ?? 0];
    const before = this.#before;
    if (before === null) return { requests, errors, recentRequests: 0, recentErrors: 0 };
    return {
      requests,
      errors,
      recentRequests: requests - (before.requests.get(key) ?? 0),
      recentErrors: errors - (before.errors.get(key) ?? 0),
    };
  }

  /** Hosts with requests. */
  get hosts(): ReadonlyMap<string, Count> {
    this.#byHost ??= this.#sums('route ');
    return this.#byHost;
  }

  /** Backends with requests, by display name. */
  get backends(): ReadonlyMap<string, Count> {
    this.#byBackend ??= this.#sums('endpoint ');
    return this.#byBackend;
  }

  host(name: string): Count {
    return this.hosts.get(name) ?? NONE;
  }

  backend(displayName: string): Count {
    return this.backends.get(displayName) ?? NONE;
  }

  /** All requests that found a route. */
  get all(): Count {
    return sum(this.hosts.values());
  }

  /** Addresses of a backend that requests were sent to. */
  addresses(displayName: string): string[] {
    const prefix = endpointKey(displayName, '');
    const keys = [...(this.#last?.requests.keys() ?? [])].filter((key) => key.startsWith(prefix));
    return keys.map((key) => key.slice(prefix.length)).sort();
  }

  #sums(prefix: string): Map<string, Count> {
    const found = new Map<string, Count>();
    for (const key of this.#last?.requests.keys() ?? []) {
      if (!key.startsWith(prefix)) continue;
      const name = key.slice(prefix.length, key.indexOf(' ', prefix.length));
      found.set(name, sum([found.get(name) ?? NONE, this.of(key)]));
    }
    return found;
  }

  /** As it is shown; `whole` is what the share is a part of. */
  show(count: Count, whole: Count): Traffic {
    const { requests, errors, recentRequests, recentErrors } = count;
    const seconds = this.#last === null || this.#before === null ? 0 : (this.#last.at - this.#before.at) / 1000;
    const isRecent = recentRequests > 0;
    return {
      requests,
      errors,
      perSecond: seconds > 0 ? recentRequests / seconds : null,
      errorRate: ratio(isRecent ? recentErrors : errors, isRecent ? recentRequests : requests),
      share: whole.recentRequests > 0 ? ratio(recentRequests, whole.recentRequests) : ratio(requests, whole.requests),
    };
  }
}

function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

function sum(counts: Iterable<Count>): Count {
  let { requests, errors, recentRequests, recentErrors } = NONE;
  for (const count of counts) {
    requests += count.requests;
    errors += count.errors;
    recentRequests += count.recentRequests;
    recentErrors += count.recentErrors;
  }
  return { requests, errors, recentRequests, recentErrors };
}
