// Where features write: a route, a host or a backend in the making. A feature sets policy (data, live without a reload) or
// directives (part of a profile); what it leaves alone keeps the controller's default.
import type { Ingress } from '../kube/objects.ts';
import type { BackendPolicy, CanaryPolicy, HostPolicy, RoutePolicy } from '../model/policy.ts';
import type { Settings } from '../model/settings.ts';
import type {
  AliasName,
  AuthLocation,
  Certificate,
  ConfigFile,
  Directive,
  Identity,
  PathMatch,
  Protocol,
  Target,
  UserList,
} from '../model/types.ts';
import type { Token } from '../render/literal.ts';
import type { References } from './reference.ts';
import type { Snippet } from './snippet.ts';
import type { Template } from './template.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface PolicyDraft extends Mutable<Omit<RoutePolicy, 'timeouts'>> {
  timeouts: Mutable<RoutePolicy['timeouts']>;
}

/** The directives of a profile: one of a name, except those that may be repeated. */
export class DirectiveSet {
  readonly #directives = new Map<string, Directive>();
  readonly #files = new Map<string, ConfigFile>();

  /** Sets the only directive of this name, in the proxy module's spelling. */
  set(name: string, ...args: readonly Token[]): void {
    this.#directives.set(name, { name, args });
  }

  /** Adds a directive that may stand several times ("error_page", "proxy_set_header"). */
  add(name: string, ...args: readonly Token[]): void {
    this.#directives.set([name, ...args].join(' '), { name, args });
  }

  /** Notes a file that a directive names. */
  needsFile(file: ConfigFile): void {
    this.#files.set(file.name, file);
  }

  files(): ConfigFile[] {
    return [...this.#files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  delete(name: string): void {
    this.#directives.delete(name);
  }

  get(name: string): readonly Token[] | null {
    return this.#directives.get(name)?.args ?? null;
  }

  list(): Directive[] {
    return [...this.#directives].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, directive]) => directive);
  }
}

/** What connections to the HTTPS backends of a route have beside TLS (proxy-ssl-*). */
export interface BackendTls {
  /** null where none is given. */
  readonly name: Template | null;
  /** Whether it is sent as SNI. */
  readonly sendsName: boolean;
  /** null where the Secret has no CA. */
  readonly trust: {
    /** PEM. */
    readonly ca: string;
    readonly verify: boolean;
    readonly depth: number;
    readonly ciphers: string;
    readonly protocols: readonly string[];
    /** The client certificate. */
    readonly pair: Certificate | null;
  } | null;
}

export interface RouteDraft {
  /** Why the route must not be served at all (it answers 503); null when it may. */
  deny: string | null;
  /** The path is a regular expression (use-regex), or is rewritten, which makes it one (PATH-07). */
  isRegex: boolean;
  /** Where "/" of the host leads as far as this path is concerned; the first in routing order wins. */
  appRoot: Template | null;
  protocol: Protocol;
  /** Set beside proxy_ssl_* directives: how connections with them are told apart from others. */
  backendTls: { readonly pool: Identity['pool']; readonly pair: Certificate | null } | null;
  readonly directives: DirectiveSet;
  readonly policy: PolicyDraft;
  /** Configuration of the user's own for the location. */
  snippet: Snippet | null;
  /** With `policy.externalAuth`. */
  auth: Omit<AuthLocation, 'directives'> | null;
  /** With `policy.basicAuth`. */
  users: UserList | null;
}

/** What every feature may know of the object that it reads. */
interface Context {
  readonly settings: Settings;
  readonly namespace: string;
  readonly references: References;
  /** Notes a Problem of the Ingress about one of its annotations. */
  report(key: string, message: string): void;
}

/** What is said of annotations that have none for a catch-all Ingress. */
export const WITHOUT_EFFECT = 'it has no effect on an Ingress that has nothing but spec.defaultBackend';

/** A rule, the "/" that a host has even without one, that of a catch-all Ingress, or nobody's. */
export type PathOrigin = 'rule' | 'implicit' | 'catch-all' | 'none';

export interface RouteContext extends Context {
  readonly host: string;
  readonly path: string;
  /** As the rule says it: an Exact path can still become a regular expression (PATH-08). */
  readonly match: PathMatch;
  /** Where the path comes from; for 'catch-all' redirects and rewrites have no effect (DEF-02). */
  readonly origin: PathOrigin;
  /** Where the route leads before annotations are applied. */
  readonly target: Target;
  /** The host has a certificate assigned, the default one included (TLS-07). */
  readonly tlsConfigured: boolean;
  /** For routes that say nothing of their own. */
  readonly hostBackendTls: BackendTls | null;
  /** The Ingress of the route; null for the routes that exist without one. */
  readonly ingress: Ingress | null;
}

export type HostDraft = Mutable<HostPolicy> & {
  /** Directives of a server: a host that has some gets a server of its own, shared by hosts with the same ones. */
  readonly server: DirectiveSet;
  /** Configuration of the user's own for the server. */
  snippet: Snippet | null;
  /** What routes of the host inherit that say nothing of their own. */
  backendTls: BackendTls | null;
  /** Why the whole host answers 403; null when it does not (deny-server). */
  deny: string | null;
  /** Other names of it; null until an Ingress lists some (HOST-11). */
  aliases: readonly AliasName[] | null;
  /** The same name with or without "www." leads here. */
  hasWwwRedirect: boolean;
};

export interface HostContext extends Context {
  readonly host: string;
  readonly ingress: Ingress;
}

export type BackendDraft = Mutable<BackendPolicy>;

export interface BackendContext extends Context {
  readonly ingress: Ingress;
  /** The oldest Ingress that refers to the Service port: several settings are its alone (HOST-13). */
  readonly isFirst: boolean;
  /** A canary decides nothing about sessions (CAN-06). */
  readonly isCanary: boolean;
}

export type CanaryDraft = Mutable<CanaryPolicy>;

export function newRouteDraft(settings: Settings): RouteDraft {
  return {
    deny: null,
    isRegex: false,
    appRoot: null,
    protocol: 'http',
    snippet: null,
    backendTls: null,
    directives: new DirectiveSet(),
    policy: {
      redirectTo: null,
      relativeRedirects: settings.relativeRedirects,
      portInRedirects: settings.usePortInRedirects,
      redirectToTls: false,
      forceTls: false,
      preserveTrailingSlash: settings.preserveTrailingSlash,
      maxBodyBytes: settings.proxyBodySize,
      timeouts: {
        connect: settings.proxyConnectTimeout,
        send: settings.proxySendTimeout,
        read: settings.proxyReadTimeout,
      },
      accessLog: true,
      issuesSession: false,
      cors: null,
      customHeaders: null,
      mirror: null,
      limits: null,
      bandwidth: null,
      errorCodes: null,
      errorBackends: null,
      defaultBackend: null,
      allowFrom: null,
      denyFrom: null,
      basicAuth: null,
      externalAuth: null,
      clearedHeaders: null,
      satisfy: null,
      tries: settings.proxyNextUpstreamTries,
      redirects: null,
      cookieDomain: null,
      cookiePath: null,
      connection: null,
      jumpsFirst: false,
      backendTls: null,
      rewrite: null,
      upstreamHost: null,
    },
    auth: null,
    users: null,
  };
}

export function newHostPolicy(): HostPolicy {
  return { appRoot: null, leadsTo: null, clientCertificates: null };
}

export function newHostDraft(): HostDraft {
  return {
    ...newHostPolicy(),
    deny: null,
    server: new DirectiveSet(),
    snippet: null,
    backendTls: null,
    aliases: null,
    hasWwwRedirect: false,
  };
}

export function newBackendDraft(settings: Settings): BackendDraft {
  return {
    serviceUpstream: settings.serviceUpstream,
    loadBalance: settings.loadBalance,
    hashBy: null,
    hashSubset: null,
    hashLoadFactor: null,
    maxConnections: null,
    slowStart: null,
    retryBudget: settings.proxyNextUpstreamBudget,
    affinityMode: null,
    sessionCookie: null,
  };
}

export function newCanaryDraft(): CanaryDraft {
  return { header: null, headerValue: null, headerPattern: null, cookie: null, weight: 0, total: 100, inherits: true };
}
