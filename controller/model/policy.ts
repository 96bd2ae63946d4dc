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
  /** Its profile has snippets, which come before what else this policy says. */
  readonly jumpsFirst: boolean;
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
}
