// The model: all that Sluice serves, as data. Built by the units (host, backend, certificate), turned into nginx
// configuration by render/ and into Lua state by apply/. Everything is deeply readonly; absence is null.

import type { Snippet } from '../feature/snippet.ts';
import type { ObjectKey, ObjectRef } from '../kube/ref.ts';
import type { Token } from '../render/literal.ts';
import type { BackendPolicy, CanaryPolicy, HostPolicy, RoutePolicy } from './policy.ts';
import type { Settings } from './settings.ts';

/** Lower-case DNS name, "*.name" for one label more, or "_" for every other host. */
export type HostName = string;

/** "namespace/service/port", the port as the Ingress writes it. Injective, unlike the old "namespace-service-port". */
export type BackendId = string;

/** Digest of a profile's protocol and directives. */
export type ProfileId = string;

/** Digest of a server profile's directives. */
export type ServerProfileId = string;

export interface Directive {
  readonly name: string;
  readonly args: readonly Token[];
}

/** 'auto' is HTTP or HTTPS, as the client's connection. */
export type Protocol = 'http' | 'https' | 'auto' | 'grpc' | 'grpcs' | 'fcgi';

/** The question to a service for external authentication, as far as nginx needs directives for it; the rest is policy. */
export interface AuthLocation {
  readonly scheme: 'http' | 'https';
  /** Names of the headers that are added to it. */
  readonly headers: readonly string[];
  /** A 401 leads somewhere. */
  readonly signin: boolean;
  /** Configuration of the user's own for its location. */
  readonly snippet: Snippet | null;
  /** Who asks for it: global-auth-snippet goes with the settings. */
  readonly askedBy: 'ingress' | 'settings';
  /** Buffers for its answer: the same as for the backend's. */
  readonly directives: readonly Directive[];
}

/** A file that a directive names. */
export interface ConfigFile {
  /** Made of the SHA-256 of its content. */
  readonly name: string;
  readonly content: string;
}

/** What TLS connections to backends must agree on to be shared. */
export interface Identity {
  readonly digest: string;
  /** 'none' where requests of one profile may differ in it. */
  readonly pool: 'kept' | 'none';
}

/** A set of location directives that routes share; rendered as one named location in each server that needs it. */
export interface Profile {
  readonly id: ProfileId;
  readonly protocol: Protocol;
  readonly directives: readonly Directive[];
  readonly files: readonly ConfigFile[];
  /** What an Ingress brings along. */
  readonly snippet: Snippet | null;
  /** Whether what the route's data says is asked before the jump into it, or in it, after its snippets (PHASE-01). */
  readonly asks: 'before' | 'after';
  /** null where nothing distinguishes its connections from others of the protocol. */
  readonly identity: Identity | null;
  /** null where no service is asked. */
  readonly auth: AuthLocation | null;
}

/** A set of server directives that hosts with the same TLS policy share; rendered as one server of their own. */
export interface ServerProfile {
  readonly id: ServerProfileId;
  readonly directives: readonly Directive[];
  readonly files: readonly ConfigFile[];
  /** What an Ingress brings along; only with `locations`. */
  readonly snippet: Snippet | null;
  /** Native mode: the paths of its host as nginx's own locations. null for a server whose paths are data. */
  readonly locations: readonly NativeLocation[] | null;
}

/** A path of a host in native mode. */
export interface NativeLocation {
  readonly match: PathMatch;
  readonly path: string;
  /** As in Route. */
  readonly pattern: string | null;
  readonly profile: Profile;
}

/** SHA-256 of a user list, lower-case hex. */
export type UserListId = string;

/** Who may enter with which password. */
export interface UserList {
  readonly id: UserListId;
  /** The hash as crypt(3) or htpasswd write it. A name that comes twice has its first one. */
  readonly users: readonly (readonly [name: string, hash: string])[];
}

export type Target =
  | { readonly kind: 'backend'; readonly id: BackendId; readonly service: string; readonly port: string }
  /** The default backend of the controller: `id`, or the built-in 404 when it is null or has no endpoints. */
  | { readonly kind: 'default'; readonly id: BackendId | null }
  | { readonly kind: 'deny'; readonly status: 403 | 503; readonly reason: string };

export type PathMatch = 'exact' | 'prefix' | 'regex';

export interface Route {
  readonly match: PathMatch;
  /** As the rule writes it. */
  readonly path: string;
  /** What a regex route is matched by: from the start, in any case, without an end (PATH-08); null for the others. */
  readonly pattern: string | null;
  readonly profile: ProfileId;
  readonly target: Target;
  readonly policy: RoutePolicy;
  /** Every backend that its requests may be sent to. */
  readonly backends: readonly BackendId[];
  /** What `policy.basicAuth` names, null where it is null. */
  readonly users: UserList | null;
  /** The Ingress that defines it; null for the routes that exist without one. */
  readonly source: ObjectRef | null;
}

export interface Host {
  readonly name: HostName;
  /** The server of its own TLS policy; null for the one that hosts without such a policy share. */
  readonly server: ServerProfileId | null;
  readonly routes: readonly Route[];
  readonly policy: HostPolicy;
  /** Every path of it answers 403: its client certificates cannot be verified. */
  readonly denied: string | null;
}

/** Another name of a host: itself, "*.name" for anything below, "name.*" for anything behind, or a regular expression. */
export interface AliasName {
  readonly kind: 'exact' | 'below' | 'above' | 'regex';
  readonly name: string;
}

export interface Alias extends AliasName {
  readonly host: HostName;
}

export interface Endpoint {
  /** IPv4 or IPv6 address, without brackets. */
  readonly address: string;
  readonly port: number;
  readonly state: 'ready' | 'draining';
  readonly zone: string | null;
  /** Of another zone, where the Service prefers the own one: used when none of the others can serve. */
  readonly isElsewhere: boolean;
}

export interface Backend {
  readonly id: BackendId;
  /** The old controller's "namespace-service-port", for logs and metrics only. */
  readonly displayName: string;
  /** Sorted by address and port. Draining ones are here when nothing is ready, or when they may hold sessions. */
  readonly endpoints: readonly Endpoint[];
  /** An ExternalName to resolve at request time, in place of endpoints. */
  readonly resolve: { readonly name: string; readonly port: number } | null;
  readonly policy: BackendPolicy;
  /** Oldest first (CAN-05). */
  readonly canaries: readonly Canary[];
}

/** Another backend that takes some of the requests. */
export interface Canary {
  readonly id: BackendId;
  readonly policy: CanaryPolicy;
}

export interface Certificate {
  /** SHA-256 of the chain and key, lower-case hex. */
  readonly fingerprint: string;
  readonly chain: string;
  readonly key: string;
  /** The Secret it comes from; null for the self-signed one. */
  readonly secret: ObjectKey | null;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

export type ProblemCode =
  | 'manifest-unreadable'
  | 'object-refused'
  | 'object-ignored'
  | 'object-duplicate'
  | 'api-version-converted'
  | 'class-unknown'
  | 'path-conflict'
  | 'path-pattern'
  | 'alias-conflict'
  | 'resource-backend'
  | 'canary-unused'
  | 'annotation-invalid'
  | 'annotation-forbidden'
  | 'annotation-legacy'
  | 'annotation-unknown'
  | 'annotation-unsupported'
  | 'setting-invalid'
  | 'setting-unknown'
  | 'service-missing'
  | 'service-port-missing'
  | 'service-without-endpoints'
  | 'address-refused'
  | 'external-name-refused'
  | 'certificate-unusable'
  | 'certificate-expired'
  | 'directives-refused'
  | 'reload-failed'
  | 'metrics-capped'
  | 'kind-forbidden'
  | 'write-refused'
  | 'address-unknown'
  | 'api-unreachable';

/** A user's mistake, or a failure the user must know of: log line, metric, Event, `render` output; later webhook text. */
export interface Problem {
  readonly object: ObjectRef;
  readonly severity: 'warning' | 'error';
  readonly code: ProblemCode;
  readonly message: string;
}

export interface Model {
  readonly settings: Settings;
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Those that are no exact names, in the order in which they are tried; exact ones are among the hosts. */
  readonly aliases: readonly Alias[];
  readonly backends: ReadonlyMap<BackendId, Backend>;
  /** By host or alias; "_" is the default certificate, absent when none is configured. */
  readonly certificates: ReadonlyMap<HostName, Certificate>;
  /** Client certificates towards backends, by fingerprint. */
  readonly pairs: ReadonlyMap<string, Certificate>;
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly servers: ReadonlyMap<ServerProfileId, ServerProfile>;
  readonly problems: readonly Problem[];
}
