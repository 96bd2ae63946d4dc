// What all views are made of: one moment of the controller, read-only.
import type { Ejections } from '../apply/control.ts';
import type { Host, HostName, Model, Problem } from '../model/types.ts';
import type { Entry } from '../telemetry/journal.ts';
import type { Counted } from './counted.ts';

export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly isReady: boolean;
  readonly model: Model;
  /** The hosts as nginx has them: those that wait for a reload as they were. */
  readonly served: ReadonlyMap<HostName, Host>;
  /** Tidy: no repeats. */
  readonly problems: readonly Problem[];
  readonly counted: Counted;
  /** null while nginx does not answer. */
  readonly ejections: Ejections | null;
  /** Newest first. */
  readonly entries: readonly Entry[];
  readonly reloads: number;
}
