// Where objects come from: a folder of manifests, or an API server. Both fill a Cluster and tell what became stale.
import type { Selection } from '../model/settings.ts';
import type { Problem } from '../model/types.ts';
import type { ReadKey } from '../model/view.ts';

export interface SourceEvents {
  /** Reads of the cluster that a change made stale, and what happened, for the log. Without any, problems() changed. */
  onChange(stale: ReadonlySet<ReadKey>, what: string): void;
  /** Following itself failed, for example because the folder went away. */
  onError(error: unknown): void;
}

export interface Source {
  /** Reads everything and follows until the signal; resolves when the first state is complete. */
  start(signal: AbortSignal): Promise<void>;
  /** Reads everything once, without following. */
  readOnce(signal: AbortSignal): Promise<void>;
  /** Problems of reading, beside those of the model. */
  problems(): Problem[];
  /** Seconds since anything was heard about each kind; none where reading is no matter of connections. */
  silences(): ReadonlyMap<string, number>;
  /** Whether there are IngressClasses to go by (CLASS-05); holds from the end of start(). */
  readonly ingressClasses: Selection['ingressClasses'];
}
