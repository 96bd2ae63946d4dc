// Where features write: a route, a host or a backend in the making. A feature sets policy (data, live without a reload) or
// directives (part of a profile); what it leaves alone keeps the controller's default.
import type { Ingress } from '../kube/objects.ts';
import type { BackendPolicy, HostPolicy, RoutePolicy } from '../model/policy.ts';
import type { Settings } from '../model/settings.ts';
import type { ConfigFile, Directive, PathMatch, Protocol, Target } from '../model/types.ts';
import type { Token } from '../render/literal.ts';
import type { References } from './reference.ts';
import type { Snippet } from './snippet.ts';

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

export interface RouteDraft {
  /** Why the route must not be served at all (it answers 503); null when it may. */
  deny: string | null;
  protocol: Protocol;
  readonly directives: DirectiveSet;
  readonly policy: PolicyDraft;
  /** Configuration of the user's own for the location. */
  snippet: Snippet | null;
}

/** What every feature may know of the object that it reads. */
interface Context {
  readonly settings: Settings;
  readonly namespace: string;
  readonly references: References;
  /** Notes a Problem of the Ingress about one of its annotations. */
  report(key: string, message: string): void;
}

export interface RouteContext extends Context {
  readonly host: string;
  readonly path: string;
  readonly match: PathMatch;
  /** Where the route leads before annotations are applied. */
  readonly target: Target;
  /** The host has a certificate assigned, the default one included (TLS-07). */
  readonly tlsConfigured: boolean;
  /** The Ingress of the route; null for the routes that exist without one. */
  readonly ingress: Ingress | null;
}

export type HostDraft = Mutable<HostPolicy> & {
  /** Directives of a server: a host that has some gets a server of its own, shared by hosts with the same ones. */
  readonly server: DirectiveSet;
  /** Configuration of the user's own for the server. */
  snippet: Snippet | null;
  /** Why the whole host answers 403; null when it does not (deny-server). */
  deny: string | null;
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
}

export function newRouteDraft(settings: Settings): RouteDraft {
  return {
    deny: null,
    protocol: 'http',
    snippet: null,
    directives: new DirectiveSet(),
    policy: {
      redirectToTls: false,
      preserveTrailingSlash: settings.preserveTrailingSlash,
      maxBodyBytes: settings.proxyBodySize,
      timeouts: {
        connect: settings.proxyConnectTimeout,
        send: settings.proxySendTimeout,
        read: settings.proxyReadTimeout,
      },
      accessLog: true,
      tries: settings.proxyNextUpstreamTries,
      redirects: null,
      cookieDomain: null,
      cookiePath: null,
      connection: null,
      jumpsFirst: false,
    },
  };
}

export function newHostDraft(): HostDraft {
  return { deny: null, server: new DirectiveSet(), snippet: null, appRoot: null };
}

export function newBackendDraft(settings: Settings): BackendDraft {
  return { serviceUpstream: settings.serviceUpstream };
}
