// Where features write: one route in the making. A feature sets policy (data, live without a reload) or directives (part of
// a profile); what it leaves alone keeps the controller's default.
import type { Settings } from '../model/settings.ts';
import type { Protocol, RoutePolicy, Timeouts } from '../model/types.ts';
import type { Token } from '../render/literal.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface PolicyDraft extends Mutable<Omit<RoutePolicy, 'timeouts'>> {
  timeouts: Mutable<Timeouts>;
}

export interface RouteDraft {
  /** Why the route must not be served at all; null when it may. */
  deny: string | null;
  protocol: Protocol;
  /** By directive name, in the proxy module's spelling. */
  readonly directives: Map<string, readonly Token[]>;
  readonly policy: PolicyDraft;
}

/** What a feature may know of the route it writes to. */
export interface RouteContext {
  readonly settings: Settings;
  readonly path: string;
  /** The host has a certificate assigned, the default one included (TLS-07). */
  readonly tlsConfigured: boolean;
}

export function newDraft(settings: Settings): RouteDraft {
  return {
    deny: null,
    protocol: 'http',
    directives: new Map(),
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
    },
  };
}
