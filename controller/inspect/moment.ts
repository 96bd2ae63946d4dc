// What all answers are made of: one moment of the controller, read-only. A model never changes, so a long answer about one stays
// true in itself while newer ones are made.
import type { Snapshot } from '../apply/applier.ts';
import type { Ejections } from '../apply/control.ts';
import type { Place, Reasons } from '../explain/reasons.ts';
import type { Model, Problem } from '../model/types.ts';

export interface Moment {
  readonly model: Model;
  /** Tidy: no repeats. */
  readonly problems: readonly Problem[];
  /** What nginx runs. */
  snapshot(): Snapshot;
  /** What the objects say of a request that goes there; null where they have no such host. */
  reasons(place: Place): Reasons | null;
}

/** What nginx says when it is asked; null while it does not answer. */
export interface Asked {
  readonly ejections: Ejections | null;
  /** Requests by service (traffic.ts); null where they are not counted, too. */
  readonly counts: ReadonlyMap<string, Count> | null;
}

export interface Count {
  readonly requests: number;
  readonly errors: number;
}
