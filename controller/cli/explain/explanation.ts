// What `sluice explain` answers: the shape of -o json. Field names are part of the interface.
import type { Problem } from '../../model/types.ts';

/** One thing that happens to the request, in order. */
export interface Phase {
  readonly phase: string;
  readonly text: string;
  /** The answer, where the request ends here. */
  readonly ends: { readonly status: number; readonly location: string | null } | null;
}

export interface PeerState {
  readonly address: string;
  readonly port: number;
  /** 'ejected': left out because it fails. */
  readonly state: 'ready' | 'draining' | 'other-zone' | 'ejected';
  /** Of an ejected one. */
  readonly secondsLeft: number | null;
}

export interface BackendState {
  readonly id: string;
  /** 0 to 1: its part of such requests. */
  readonly chance: number;
  /** Why it has that part. */
  readonly why: string;
  /** "round_robin", "hash by …": what chooses the endpoint. */
  readonly balancing: string;
  readonly peers: readonly PeerState[];
  /** The name that is looked up in DNS in place of endpoints; null for none. */
  readonly resolves: string | null;
}

export interface AnnotationInForce {
  readonly ingress: string;
  readonly key: string;
  readonly value: string;
  readonly scope: 'path' | 'host' | 'Service' | 'Ingress';
  /** 'refused': its value is not accepted; 'unknown': not one of ours. */
  readonly state: 'accepted' | 'refused' | 'unsupported' | 'unknown';
  readonly doc: string;
}

/** Something else that names the request's host or path and does not get it. */
export interface Shadowed {
  readonly ingress: string;
  readonly host: string;
  readonly path: string;
  readonly why: string;
}

/** What only the objects can tell. */
export interface Reasons {
  readonly annotations: readonly AnnotationInForce[];
  readonly shadowed: readonly Shadowed[];
  readonly problems: readonly Problem[];
  /** Directives of the profile. */
  readonly directives: readonly string[];
  readonly protocol: string | null;
}

export interface Explanation {
  readonly request: { readonly method: string; readonly url: string; readonly uri: string | null };
  /** Where the answer comes from. */
  readonly from: string;
  readonly host: { readonly name: string; readonly foundBy: string; readonly server: string | null } | null;
  readonly route: {
    readonly ingress: string | null;
    readonly match: string;
    readonly path: string;
    readonly pattern: string | null;
    readonly profile: string;
  } | null;
  /** null where only nginx can tell. */
  readonly outcome: { readonly status: number | null; readonly text: string } | null;
  readonly phases: readonly Phase[];
  readonly backends: readonly BackendState[];
  /** null when there are no objects to look at. */
  readonly reasons: Reasons | null;
  /** null when no controller was asked beside the objects. */
  readonly live: { readonly agrees: boolean; readonly text: string } | null;
}
