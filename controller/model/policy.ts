// What the router, the balancer and the response filters do for a route, a host or a backend, as data: no change of it needs
// a reload. apply/state.ts sends every field to Lua under its name in snake case, and leaves nulls out.
import type { Cidr } from '../feature/cidr.ts';
import type { Template } from '../feature/template.ts';
import type { BackendId, HostName, UserListId } from './types.ts';

export interface Timeouts {
  /** Seconds. */
  readonly connect: number;
  readonly send: number;
  readonly read: number;
}

/** What cors-* say; texts are sent as they are. */
export interface Cors {
  /** Lower case; "*" alone for every origin, none for nobody. "scheme://*.rest" stands for one label more. */
  readonly origins: readonly string[];
  readonly methods: string;
  readonly headers: string;
  readonly credentials: boolean;
  readonly exposed: string | null;
  /** Seconds. */
  readonly maxAge: number;
}

export interface Replacement {
  readonly from: string;
  readonly to: string;
}

/** What directives of TLS connections to backends take from variables. */
export interface BackendTlsData {
  /** Fingerprint of the client certificate. */
  readonly certificate: string | null;
  /** The backend's name, where it is not a constant of the profile. */
  readonly name: Template | null;
}

/** Of one client over all paths of the Ingress; null sets no limit. */
export interface Limits {
  readonly connections: number | null;
  readonly perSecond: number | null;
  readonly perMinute: number | null;
  readonly burstMultiplier: number;
  /** Clients that are not counted. */
  readonly exempt: readonly Cidr[] | null;
}

/** Where a copy of each request goes. */
export interface Mirror {
  readonly scheme: 'http' | 'https';
  /** A DNS name or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly hostHeader: Template;
  /** What follows the host. */
  readonly uri: Template;
  /** Whether the query of the request is added to it. */
  readonly query: 'kept' | 'own';
}

/** An answer in place of a backend's. */
export interface Redirect {
  readonly url: string;
  readonly code: number;
}

export interface RoutePolicy {
  readonly redirectTo: Redirect | null;
  /** Redirects to a path of the same host have neither scheme nor host (PATH-05). */
  readonly relativeRedirects: boolean;
  /** Redirects to a path of the same host, and to HTTPS, have the port. */
  readonly portInRedirects: boolean;
  /** Plain HTTP requests are redirected to HTTPS. */
  readonly redirectToTls: boolean;
  /** Even under a name that no certificate covers. */
  readonly forceTls: boolean;
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
  readonly backendTls: BackendTlsData | null;
  readonly accessLog: boolean;
  /** Its profile has snippets, which come before what else this policy says. */
  readonly jumpsFirst: boolean;
  /** Its Ingress asks for affinity: a session that begins here gets its cookie. */
  readonly issuesSession: boolean;
  readonly cors: Cors | null;
  /** Name and value of headers that every response gets. */
  readonly customHeaders: readonly (readonly [string, string])[] | null;
  readonly mirror: Mirror | null;
  readonly limits: Limits | null;
  /** Of each response, in bytes, once `after` of them are sent. */
  readonly bandwidth: { readonly bytesPerSecond: number; readonly after: number } | null;
  /** Answers with these codes are replaced (DEF-06); null when none is. */
  readonly errorCodes: readonly number[] | null;
  /** Who makes the answers that replace them: the first that has endpoints, else the built-in 404. */
  readonly errorBackends: readonly BackendId[] | null;
  /** Who answers while the backend has no endpoints; null for nobody. */
  readonly defaultBackend: BackendId | null;
  readonly rewrite: Rewrite | null;
  /** The Host header for the backend, null for the client's. */
  readonly upstreamHost: Template | null;
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

/** What a path becomes before it is sent to the backend; captures are those of the rule's path. */
export interface Rewrite {
  readonly target: Template;
  /** The X-Forwarded-Prefix header that goes with it. */
  readonly forwardedPrefix: Template | null;
  /** A line at level notice for each request. */
  readonly log: boolean;
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

/** What a host does with the certificates of clients, beside what its server verifies. */
export interface ClientCertificates {
  /** Backends get the certificate itself. */
  readonly pass: boolean;
  /** What the subject must match, a regular expression; null for nothing. */
  readonly subject: string | null;
  /** URL, or path, for clients whose certificate is bad or missing; null for the answer 400. */
  readonly errorPage: string | null;
}

/** What holds for every path of a host. */
export interface HostPolicy {
  /** Where "/" leads, null for nowhere else. */
  readonly appRoot: Template | null;
  readonly clientCertificates: ClientCertificates | null;
  /** The host that all its requests are redirected to (from-to-www-redirect). */
  readonly leadsTo: { readonly host: HostName; readonly code: number } | null;
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
  /** No endpoint gets more than this, in percent of the mean, of the requests under way; null for no bound. With `hashBy`. */
  readonly hashLoadFactor: number | null;
  /** Requests that an endpoint may have under way; null for no limit. */
  readonly maxConnections: number | null;
  /** Seconds over which an endpoint that joins gets its full part; null for at once. */
  readonly slowStart: number | null;
  /** Tries after the first, in percent of the requests; 0 for no limit. */
  readonly retryBudget: number;
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
