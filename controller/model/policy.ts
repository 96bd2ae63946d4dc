// What the router, the balancer and the response filters do for a route, a host or a backend, as data: no change of it needs
// a reload. apply/state.ts sends every field to Lua under its name in snake case, and leaves nulls out.
import type { Cidr } from '../feature/cidr.ts';
import type { Template } from '../feature/template.ts';
import type { UserListId } from './types.ts';

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
  /** Client addresses that are let in, null for all. */
  readonly allowFrom: readonly Cidr[] | null;
  /** Client addresses that are not, asked first. */
  readonly denyFrom: readonly Cidr[] | null;
  readonly basicAuth: BasicAuth | null;
  readonly externalAuth: ExternalAuth | null;
  /** Headers of clients that the backend must not see: only a service that was asked may set them. */
  readonly clearedHeaders: readonly string[] | null;
  /** One of address lists, basic and external authentication is enough; null where all are needed. */
  readonly satisfy: 'any' | null;
}

/** Names and passwords (RFC 7617). */
export interface BasicAuth {
  readonly realm: string;
  readonly users: UserListId;
}

/** A service that is asked about each request before it is served. Its scheme is part of the profile. */
export interface ExternalAuth {
  /** Without the port; sent as Host and as SNI. */
  readonly host: Template;
  readonly port: number;
  /** Path and query. */
  readonly uri: Template;
  /** null for GET without the headers that a method brings along (X-Original-URI, X-Scheme). */
  readonly method: string | null;
  /** Where a 401 leads, the redirect parameter included; null for nowhere. */
  readonly signin: Template | null;
  /** Headers of its answer that the backend gets. */
  readonly responseHeaders: readonly string[];
  /** Values of the headers that are added to the question; their names are part of the profile, in this order. */
  readonly headerValues: readonly Template[];
  /** X-Auth-Request-Redirect, null for the URI of the request. */
  readonly redirect: Template | null;
  readonly cache: AuthCache | null;
  /** Its cookies go on responses of every status. */
  readonly alwaysSetCookie: boolean;
}

export interface AuthCache {
  readonly key: Template;
  /** Seconds by status; the first one that fits holds. Status 0 stands for every other. */
  readonly durations: readonly (readonly [status: number, seconds: number])[];
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
