// What `sluice explain` answers: the shape of -o json. Field names are part of the interface.
import type { Reasons } from '../../explain/reasons.ts';
import type { PathMatch } from '../../model/types.ts';

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

export interface Explanation {
  readonly request: { readonly method: string; readonly url: string; readonly uri: string | null };
  /** Where the answer comes from. */
  readonly from: string;
  readonly host: { readonly name: string; readonly foundBy: string; readonly server: string | null } | null;
  readonly route: {
    readonly ingress: string | null;
    readonly match: PathMatch;
    readonly path: string;
    readonly pattern: string | null;
    readonly profile: string;
  } | null;
  /** null where only nginx can tell. */
  readonly outcome: { readonly status: number | null; readonly text: string } | null;
  readonly phases: readonly Phase[];
  readonly backends: readonly BackendState[];
  /** null when nobody who knows the objects could be asked. */
  readonly reasons: Reasons | null;
  /** null when no controller was asked beside the objects. */
  readonly live: { readonly agrees: boolean; readonly text: string } | null;
}
