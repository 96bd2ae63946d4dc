// What the router, the balancer and the response filters do for a route, a host or a backend, as data: no change of it needs
// a reload. apply/state.ts sends every field to Lua under its name in snake case, and leaves nulls out.
import type { Template } from '../feature/template.ts';

export interface Timeouts {
  /** Seconds. */
  readonly connect: number;
  readonly send: number;
  readonly read: number;
}

export interface Replacement {
  readonly from: string;
  readonly to: string;
}

export interface RoutePolicy {
  /** Plain HTTP requests are redirected to HTTPS. */
  readonly redirectToTls: boolean;
  /** Keeps the final "/" of the URI in that redirect (TLS-09). */
  readonly preserveTrailingSlash: boolean;
  /** Largest request body in bytes, 0 without limit. */
  readonly maxBodyBytes: number;
  readonly timeouts: Timeouts;
  /** Tries in all, the first included; 0 sets no limit. */
  readonly tries: number;
  /** The start of Location and Refresh headers of backends that is replaced, and by what. */
  readonly redirects: Replacement | null;
  readonly cookieDomain: Replacement | null;
  readonly cookiePath: Replacement | null;
  /** A fixed Connection header for the backend. */
  readonly connection: 'close' | 'keep-alive' | null;
  readonly accessLog: boolean;
  /** Its Ingress asks for affinity: a session that begins here gets its cookie. */
  readonly issuesSession: boolean;
}

/** What holds for every path of a host. */
export interface HostPolicy {
  /** Where "/" leads, null for nowhere else. */
  readonly appRoot: Template | null;
}

/** How requests are spread over the endpoints of a backend. */
export interface BackendPolicy {
  /** The only peer is the Service's ClusterIP: its own load balancing decides. */
  readonly serviceUpstream: boolean;
  /** Where neither a session nor a hash decides. */
  readonly loadBalance: 'round_robin' | 'ewma';
  /** Requests with the same text go to the same endpoint, or to the same few; null for no hashing. */
  readonly hashBy: Template | null;
  /** How many endpoints share the requests of one text; null for one. */
  readonly hashSubset: number | null;
  /** null means balanced. */
  readonly affinityMode: 'balanced' | 'persistent' | null;
  /** Sticky sessions; null for none. */
  readonly sessionCookie: SessionCookie | null;
}

export interface SessionCookie {
  readonly name: string;
  /** Seconds; null where the attribute is left out. */
  readonly expires: number | null;
  readonly maxAge: number | null;
  readonly domain: string | null;
  /** null for the path of the rule. */
  readonly path: string | null;
  /** false: only over TLS. */
  readonly secure: boolean;
  readonly sameSite: 'None' | 'Lax' | 'Strict' | null;
  /** Leaves SameSite=None out for clients that mistake it. */
  readonly conditionalNone: boolean;
  /** A try that fails moves the session. */
  readonly changeOnFailure: boolean;
}

/** Which requests of a backend go to its canary (CAN-07). */
export interface CanaryPolicy {
  readonly header: string | null;
  readonly headerValue: string | null;
  readonly headerPattern: string | null;
  readonly cookie: string | null;
  /** Out of `total`; may be below 0 or above it. */
  readonly weight: number;
  readonly total: number;
  /** The main backend's sessions reach the canary as well. */
  readonly inherits: boolean;
}
