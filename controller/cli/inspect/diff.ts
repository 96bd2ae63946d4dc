// `sluice diff`: other manifests, or the cluster, against what a running controller serves. The controller says what runs and under
// which flags; the comparison is the controller's own plan(), made here.
import { TEMPLATE_FOLDER } from '../../app.ts';
import { plan } from '../../apply/plan.ts';
import { stateOf } from '../../apply/state.ts';
import type { ProblemView } from '../../inspect/views.ts';
import { showProblem } from '../../model/problems.ts';
import { configRenderer } from '../../render/config.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { column, plain, printData, printRows } from '../output.ts';
import { readSnapshot } from '../snapshot.ts';
import type { Streams } from '../streams.ts';
import { type Change, changesOf } from './changes.ts';
import { type Inspector, inspectorOf } from './client.ts';
import { detailsOf } from './details.ts';
import type { DIFF_OPTIONS } from './options.ts';
import { digestsOf, readRunning } from './running.ts';

const STYLES = { added: 'green', changed: 'yellow', removed: 'red' } as const;

const COLUMNS = [
  column<Change>('CHANGE', ({ change }) => change, { style: ({ change }) => STYLES[change] }),
  column<Change>('KIND', ({ kind }) => kind),
  column<Change>('NAME', ({ name }) => name),
  column<Change>('WHAT', ({ details }) => details.join('; ') || '-'),
];

export async function diff({ options, flags, streams, signal }: Invocation<typeof DIFF_OPTIONS>): Promise<number> {
  const inspector = await inspectorOf(flags, signal);
  const { changes, reload, problems } = await compare(inspector, flags, streams, signal);
  const { output } = options;
  for (const problem of problems) streams.err(`${plain(problem)}\n`);
  if (output === 'json' || output === 'yaml') printData(streams, output, { changes, reload });
  else {
    if (changes.length > 0) printRows(streams, output, changes, COLUMNS);
    else streams.err('no differences\n');
    if (reload !== null) streams.out(`nginx would be reloaded: ${plain(reload)}\n`);
    else if (changes.length > 0) streams.out('no reload: all of it is data\n');
  }
  return changes.length > 0 || reload !== null ? EXIT.findings : EXIT.ok;
}

interface Difference {
  readonly changes: readonly Change[];
  /** Why nginx would be reloaded, null when it would not. */
  readonly reload: string | null;
  /** Those that the controller does not have now. */
  readonly problems: readonly string[];
}

type Flags = Invocation<typeof DIFF_OPTIONS>['flags'];

async function compare(inspector: Inspector, flags: Flags, streams: Streams, signal: AbortSignal): Promise<Difference> {
  const { about, running } = await readRunning(inspector);
  const wanted = await readSnapshot(flags, streams, signal, about.selection);
  const texts = stateOf(wanted.model, about.data);
  const state = digestsOf(texts);
  const known = { profiles: wanted.model.profiles, servers: wanted.model.servers };
  const render = configRenderer(TEMPLATE_FOLDER);
  const { digest } = render(wanted.model.settings, new Set(), known, about.abilities, about.installation);
  // Hosts that wait for the reload are changes all the same: this is about what is served in the end.
  const { reload } = plan(running, wanted.model, state, digest);
  const changes = changesOf(running.state, state, about.profiles, [...wanted.model.profiles.keys()]);
  const now = await Array.fromAsync(inspector.rows<ProblemView>('/v1/problems'));
  const before = new Set(
    now.map(({ kind, namespace, name, ...rest }) => showProblem({ object: { kind, namespace, name }, ...rest })),
  );
  return {
    changes: await detailsOf(changes, texts, inspector),
    reload: reload?.reason ?? null,
    problems: wanted.problems.map(showProblem).filter((line) => !before.has(line)),
  };
}
