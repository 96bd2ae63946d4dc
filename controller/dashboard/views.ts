// What the dashboard shows, and /dashboard/api/… answers as JSON: the contract with the pages and with the commands. Times are
// ISO 8601 in UTC, rates are parts of one (0.05 is 5 %), and null is "not known" or "there is none". Lists come in pages.
//
//   GET /dashboard/api/overview                    Overview
//   GET /dashboard/api/hosts?q=&page=&size=        Page<HostRow>       q: part of a host's name
//   GET /dashboard/api/host?name=&page=&size=      HostView            404 when there is no such host
//   GET /dashboard/api/routes?q=&page=&size=       Page<RouteRow>      q: part of host, path, Ingress, Service
//   GET /dashboard/api/backends?q=&page=&size=     Page<BackendRow>    q: part of the id, or of an endpoint's address
//   GET /dashboard/api/backend?id=                 BackendView         404 when there is no such backend
//   GET /dashboard/api/certificates?q=&page=&size= Page<CertificateRow> q: part of a host's or Secret's name
//   GET /dashboard/api/problems?q=&page=&size=     Page<ProblemGroup>  q: part of owner, code or message
//   GET /dashboard/api/changes?page=&size=         Page<Change>
//   GET /dashboard/api/profiles?q=&page=&size=     Page<ProfileRow>    q: part of the id, a directive or a user
//   GET /dashboard/api/lookup?url=                 LookupView          400 when it is no URL
//
// `page` counts from 1; `size` is 50, at most 1000. Errors answer {"error": "…"} with 400, 404 or 503 (not ready yet).
import type { Target } from '../explain/describe.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly page: number;
  readonly pages: number;
  readonly size: number;
  /** Of all pages. */
  readonly total: number;
  /** What was searched for, '' for nothing. */
  readonly query: string;
}

/** Requests as nginx counted them; all null or 0 while nobody counts. */
export interface Traffic {
  /** Since counting began. */
  readonly requests: number;
  /** Of those, answered with 5xx, or tried in vain at an endpoint. */
  readonly errors: number;
  /** Over the last minute or so; null before two looks. */
  readonly perSecond: number | null;
  /** Errors among the requests of that time, or of all time before there is one; null without requests. */
  readonly errorRate: number | null;
  /** Part of what the one above it got: a route of its host, an endpoint of its backend, a host of all; null without requests. */
  readonly share: number | null;
}

/** "namespace/name" and kind, as kubectl takes them. */
export interface ObjectName {
  readonly kind: string;
  readonly key: string;
}

export interface EndpointCounts {
  readonly ready: number;
  readonly draining: number;
  /** Left out because their tries failed; some of the ready ones. */
  readonly ejected: number;
}

/** 'bad': requests fail. 'warn': something needs a look. */
export type Health = 'good' | 'warn' | 'bad';

export interface HostRow {
  readonly name: string;
  readonly health: Health;
  /** Why it is not good, in a few words; null when it is. */
  readonly trouble: string | null;
  readonly routes: number;
  readonly backends: number;
  readonly endpoints: EndpointCounts;
  readonly certificate: CertificateOf;
  /** Of the Ingresses and Services behind it. */
  readonly problems: number;
  readonly traffic: Traffic;
}

/** The certificate that clients of a host are shown. */
export interface CertificateOf {
  readonly kind: 'own' | 'default' | 'none';
  /** null for 'none' and for the self-signed one. */
  readonly secret: string | null;
  /** Whole days, rounded down: -1 and less once it has expired; null for 'none'. */
  readonly daysLeft: number | null;
}

export interface HostView {
  readonly host: HostRow;
  /** Other names that lead here, as patterns. */
  readonly aliases: readonly string[];
  /** The server profile of its own TLS policy, null for the shared server. */
  readonly server: string | null;
  /** Why every path answers 403, null when none does for this reason. */
  readonly denied: string | null;
  /** In the order in which they are tried. */
  readonly routes: Page<RouteRow>;
  readonly problems: readonly ProblemGroup[];
}

export interface RouteRow {
  readonly host: string;
  readonly match: 'exact' | 'prefix' | 'regex';
  readonly path: string;
  /** What a regex route is matched by; null for the others. */
  readonly pattern: string | null;
  readonly target: Target;
  /** Backends that take part of its requests by rule, with the rule. */
  readonly canaries: readonly { readonly id: string; readonly rule: string }[];
  /** null for routes that exist without one. */
  readonly ingress: ObjectName | null;
  readonly service: string | null;
  readonly profile: string;
  readonly endpoints: EndpointCounts;
  readonly health: Health;
  readonly trouble: string | null;
  /** What is done to its requests beside proxying, in a few words each: "to HTTPS", "basic auth". */
  readonly effects: readonly string[];
  readonly problems: number;
  readonly traffic: Traffic;
}

export interface BackendRow {
  readonly id: string;
  /** "namespace-service-port", as in logs and metrics. */
  readonly displayName: string;
  readonly health: Health;
  readonly trouble: string | null;
  readonly endpoints: EndpointCounts;
  /** An ExternalName that is resolved in place of endpoints, "name:port". */
  readonly resolves: string | null;
  /** "round robin", "hash by $uri", "sticky by cookie …". */
  readonly balancing: string;
  /** How many routes lead to it. */
  readonly routes: number;
  readonly traffic: Traffic;
}

export interface BackendView {
  readonly backend: BackendRow;
  readonly endpoints: readonly EndpointRow[];
  readonly canaries: readonly { readonly id: string; readonly rule: string }[];
  /** The first hundred. */
  readonly routes: readonly RouteRow[];
  readonly problems: readonly ProblemGroup[];
}

export interface EndpointRow {
  /** "10.0.0.7:8080", "[fd00::7]:8080". */
  readonly address: string;
  readonly zone: string | null;
  /** 'elsewhere' is of another zone; 'resolved' was found in DNS and is known from its requests only. */
  readonly state: 'ready' | 'draining' | 'ejected' | 'elsewhere' | 'resolved';
  /** For 'ejected': seconds until it is tried again. */
  readonly secondsLeft: number | null;
  readonly traffic: Traffic;
}

export interface CertificateRow {
  readonly fingerprint: string;
  readonly secret: string | null;
  readonly notAfter: string;
  readonly daysLeft: number;
  /** 'bad' when it has expired, 'warn' below 14 days. */
  readonly health: Health;
  /** The first twenty. */
  readonly hosts: readonly string[];
  readonly hostCount: number;
}

/** The Problems of one object, whose owner has to mend them. */
export interface ProblemGroup {
  readonly owner: ObjectName;
  readonly health: Health;
  readonly errors: number;
  readonly warnings: number;
  /** Errors first; the first twenty. */
  readonly problems: readonly ProblemRow[];
}

export interface ProblemRow {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
}

export interface Change {
  readonly number: number;
  readonly at: string;
  readonly kind: 'applied' | 'reloaded' | 'reload-failed' | 'nginx';
  readonly health: Health;
  /** One line: "3 objects sent, 1 removed". */
  readonly what: string;
  /** Why: of a reload its reason, of changes what was read. */
  readonly why: readonly string[];
  /** Profiles and servers that the reasons name. */
  readonly profiles: readonly string[];
  /** "host/a.test": the first few that changed. */
  readonly names: readonly string[];
  readonly milliseconds: number | null;
}

export interface ProfileRow {
  readonly id: string;
  readonly protocol: string;
  /** One line of nginx.conf each. */
  readonly directives: readonly string[];
  /** What an Ingress brings along as it wrote it, null for nothing. */
  readonly snippet: string | null;
  /** A service is asked before each request. */
  readonly asksFirst: boolean;
  readonly routes: number;
  readonly hosts: number;
  /** Ingresses that use it: the first ten. */
  readonly users: readonly string[];
  readonly userCount: number;
}

export interface Overview {
  readonly ready: boolean;
  readonly hosts: number;
  readonly routes: number;
  readonly backends: number;
  readonly endpoints: EndpointCounts;
  readonly profiles: number;
  readonly errors: number;
  readonly warnings: number;
  /** Since the controller started. */
  readonly reloads: number;
  readonly traffic: Traffic;
  /** Since when requests are counted; null while they are not. */
  readonly countedSince: string | null;
  /** The worst five owners. */
  readonly problems: readonly ProblemGroup[];
  /** The last eight. */
  readonly changes: readonly Change[];
  /** Those that end within thirty days, soonest first, five at most. */
  readonly certificates: readonly CertificateRow[];
  /** Five hosts at most: those with most errors, then with most requests. */
  readonly busiest: readonly HostRow[];
}

/** Which route a URL leads to. The router itself is asked by `sluice explain`; this is the same order of rules in the model. */
export interface LookupView {
  readonly url: string;
  readonly host: string;
  readonly path: string;
  /** The host that takes it, null when none does (503). */
  readonly served: { readonly name: string; readonly because: string } | null;
  readonly route: RouteRow | null;
  readonly because: string;
  /** Endpoints of the route's backend. */
  readonly endpoints: readonly EndpointRow[];
  /** Other routes of the host that would match, in their order. */
  readonly shadowed: readonly RouteRow[];
  readonly problems: readonly ProblemGroup[];
}
