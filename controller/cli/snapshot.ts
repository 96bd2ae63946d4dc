// The objects of the source that the flags name, read once, and the model that they become: what commands look at.
import { selectionOf } from '../app.ts';
import type { FlagValues } from '../flags.ts';
import type { Failed } from '../kube/reach.ts';
import { Graph } from '../model/graph.ts';
import { expiredCertificates, tidy } from '../model/problems.ts';
import type { Selection } from '../model/settings.ts';
import type { Model, Problem } from '../model/types.ts';
import { chooseSource, openSource } from '../source.ts';
import { Cluster } from '../watch/cluster.ts';
import { Intake } from '../watch/intake.ts';
import { withProgress } from './output.ts';
import type { Streams } from './streams.ts';

export interface Snapshot {
  /** "the manifests in DIR". */
  readonly name: string;
  readonly kind: 'manifests' | 'cluster';
  readonly cluster: Cluster;
  readonly selection: Selection;
  readonly model: Model;
  /** Of the source, of objects that are held back, of the model, and of expired certificates. */
  readonly problems: readonly Problem[];
}

/** `given` is the selection of a running controller; null for that of the flags. Throws UsageError, ApiUnavailable. */
export async function readSnapshot(
  flags: FlagValues,
  streams: Streams,
  signal: AbortSignal,
  given: Selection | null = null,
): Promise<Snapshot> {
  const cluster = new Cluster();
  const errors: unknown[] = [];
  const choice = chooseSource(flags, process.env);
  const intake = new Intake(cluster, () => given ?? selectionOf(flags));
  const events = { onChange: () => undefined, onError: (error: unknown) => errors.push(error) };
  const onWaiting = ({ error }: Failed): void => streams.err(`${error.message}; trying again\n`);
  const { source, name } = await openSource(choice, flags, { store: intake, events, onWaiting }, signal);
  await withProgress(streams, `reading ${name}`, source.readOnce(signal));
  if (errors.length > 0) throw new Error(`reading ${name} failed`, { cause: errors[0] });
  const selection = given ?? selectionOf(flags, { kind: choice.kind, ingressClasses: source.ingressClasses });
  const model = new Graph(cluster, selection).evaluate();
  const problems = tidy([
    ...source.problems(),
    ...intake.problems(),
    ...model.problems,
    ...expiredCertificates(model, Date.now()),
  ]);
  return { name, kind: choice.kind, cluster, selection, model, problems };
}
