// What the inspection socket answers: the contract with the commands. A list is one JSON object a line, so that it can be read while
// it is written; null is "there is none" or "not known". No answer has keys of certificates or password hashes.
//
//   GET /v1/routes?host=&namespace=&ingress=   RouteView…        host: a glob; ingress: NAME or NAMESPACE/NAME
//   GET /v1/backends?name=&namespace=          BackendView…      name: part of the id, or of an endpoint's address
//   GET /v1/certificates?host=&namespace=      CertificateView…  host: a glob
//   GET /v1/problems?namespace=                ProblemView…
//   GET /v1/traffic                            TrafficView
//   GET /v1/running                            About, then ValueView…
//   GET /v1/state?name=                        the value of one object, as Lua has it
//   GET /v1/config                             nginx.conf, the text
//
// Requests carry the secret of the configuration folder (apply/secret.ts). Errors answer {"error": "…"} with 400, 403, 404 or 503
// (not there yet).
import type { DataSettings } from '../apply/state.ts';
import type { Selection } from '../model/settings.ts';
import type { ProblemCode } from '../model/types.ts';
import type { Abilities, Installation } from '../render/config.ts';

export interface CanaryView {
  readonly id: string;
  /** "header X-Canary, else 20 of 100". */
  readonly rule: string;
}

export type EndpointState = 'ready' | 'draining' | 'ejected' | 'elsewhere';

export interface EndpointView {
  /** "10.0.0.7:8080", "[fd00::7]:8080". */
  readonly address: string;
  readonly zone: string | null;
  /** 'elsewhere': of another zone, for when no other can serve. */
  readonly state: EndpointState;
  /** Of an ejected one: seconds until it is tried again. */
  readonly secondsLeft: number | null;
}

/** How many endpoints are in which state. */
export type EndpointCounts = Readonly<Record<EndpointState, number>>;

/** The order is that in which the router looks: hosts by name, wildcards, "_"; of a host the paths as they are tried. */
export interface RouteView {
  readonly host: string;
  /** Other names of the host. */
  readonly aliases: readonly string[];
  readonly match: 'exact' | 'prefix' | 'regex';
  readonly path: string;
  /** What a regex route is matched by; null for the others. */
  readonly pattern: string | null;
  readonly target: { readonly kind: 'backend' | 'default' | 'deny'; readonly id: string | null; readonly text: string };
  readonly canaries: readonly CanaryView[];
  /** "namespace/name"; null for routes that exist without one. */
  readonly ingress: string | null;
  readonly profile: string;
  /** The server of the host's own TLS policy, null for the shared one. */
  readonly server: string | null;
  /** What is done to its requests beside proxying, in the order in which it is: "to HTTPS", "basic auth". */
  readonly policies: readonly string[];
  /** Of its backend; null without one, and where a name is resolved in their place. */
  readonly endpoints: EndpointCounts | null;
}

export interface BackendView {
  readonly id: string;
  /** "namespace-service-port", as in logs and metrics. */
  readonly displayName: string;
  readonly balancing: string;
  /** An ExternalName that is resolved in place of endpoints, "name:port". */
  readonly resolves: string | null;
  readonly endpoints: readonly EndpointView[];
  readonly canaries: readonly CanaryView[];
  /** Of the Service, all its ports, since nginx started; null without --enable-metrics, and while nginx does not answer. */
  readonly requests: number | null;
  /** Of those, answered with 5xx. */
  readonly errors: number | null;
}

export interface CertificateView {
  /** "_" for the default certificate; null for one that is shown to backends. */
  readonly host: string | null;
  readonly use: 'host' | 'default' | 'backends';
  /** Null for the self-signed one. */
  readonly secret: string | null;
  readonly issuer: string;
  /** Subject alternative names; the common name where there are none. */
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly notAfter: string;
  /** Whole days, negative once it has expired. */
  readonly daysLeft: number;
  readonly fingerprint: string;
}

export interface ProblemView {
  readonly kind: string;
  /** '' for what has no namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly message: string;
}

/** Requests since nginx started. */
export interface TrafficRow {
  /** '' in all fields for requests that found no route. */
  readonly namespace: string;
  readonly ingress: string;
  readonly service: string;
  /** The display name of the canary that took them, '' for none. */
  readonly canary: string;
  /** '' where requests are not counted by host (--metrics-per-host=false). */
  readonly host: string;
  /** "200", or "2xx" with --report-status-classes. */
  readonly status: string;
  readonly requests: number;
  /** How many took up to each of the bounds, and not up to the one before; the last is for all others. Empty without bounds. */
  readonly durations: readonly number[];
}

export interface TrafficView {
  /** Milliseconds, monotonic. */
  readonly at: number;
  /** Seconds, ascending; empty where durations are not measured. */
  readonly bounds: readonly number[];
  readonly hosts: 'counted' | 'not counted';
  readonly rows: readonly TrafficRow[];
}

/** All that a wanted state needs to be compared with what runs. */
export interface About {
  readonly kind: 'about';
  readonly selection: Selection;
  readonly data: DataSettings;
  readonly abilities: Abilities;
  readonly installation: Installation;
  /** Digest of the configuration without what hosts need. */
  readonly base: string;
  /** What each configuration in force has (render/layout.ts). */
  readonly loaded: readonly (readonly string[])[];
  /** Profiles that routes use. */
  readonly profiles: readonly string[];
}

export interface ValueView {
  readonly kind: 'value';
  readonly name: string;
  /** SHA-256 of its text (digestOf()); null for what nobody is shown. */
  readonly digest: string | null;
}
