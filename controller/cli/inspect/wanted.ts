// The model of a source, read once, under the selection of the running controller.
import type { FlagValues } from '../../flags.ts';
import { Graph } from '../../model/graph.ts';
import { expiredCertificates, tidy } from '../../model/problems.ts';
import type { Selection } from '../../model/settings.ts';
import type { Model, Problem } from '../../model/types.ts';
import { chooseSource, openSource } from '../../source.ts';
import { Cluster } from '../../watch/cluster.ts';
import { Intake } from '../../watch/intake.ts';
import { CommandError, EXIT } from '../exit.ts';

export interface Wanted {
  readonly model: Model;
  readonly problems: readonly Problem[];
}

/** Rejects with UsageError where the flags name no source, with CommandError where it cannot be read. */
export async function readWanted(flags: FlagValues, selection: Selection, signal: AbortSignal): Promise<Wanted> {
  const cluster = new Cluster();
  const errors: unknown[] = [];
  const intake = new Intake(cluster, () => selection);
  const events = { onChange: () => undefined, onError: (error: unknown) => errors.push(error) };
  const opening = { store: intake, events, onWaiting: () => undefined };
  const { source, name } = await openSource(chooseSource(flags, process.env), flags, opening, signal);
  await source.readOnce(signal);
  if (errors.length > 0) {
    const [cause] = errors;
    throw new CommandError(
      EXIT.data,
      `reading ${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
  const model = new Graph(cluster, selection).evaluate();
  const problems = [
    ...source.problems(),
    ...intake.problems(),
    ...model.problems,
    ...expiredCertificates(model, Date.now()),
  ];
  return { model, problems: tidy(problems) };
}
