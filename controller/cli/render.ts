// `sluice render`: what would be applied, without starting nginx. Prints nginx.conf, then the routing data by name, then the
// Problems on standard error. Exit status: 0 without Problems, 1 with warnings only, 2 with errors.
import { resolve } from 'node:path';
import { dataOf, installationOf, TEMPLATE_FOLDER } from '../app.ts';
import { inspectNginx } from '../apply/binary.ts';
import { allNeeds } from '../apply/needs.ts';
import { isSecret, stateOf } from '../apply/state.ts';
import { lookAround } from '../apply/surroundings.ts';
import type { FlagValues } from '../flags.ts';
import { showProblem } from '../model/problems.ts';
import { configRenderer } from '../render/config.ts';
import { readSnapshot } from './snapshot.ts';
import type { Streams } from './streams.ts';

export type Output = Pick<Streams, 'out' | 'err'>;

export async function render(flags: FlagValues, streams: Streams, signal: AbortSignal): Promise<0 | 1 | 2> {
  const { model, problems } = await readSnapshot(flags, streams, signal);
  const { abilities } = await inspectNginx(process.env);
  const config = configRenderer(TEMPLATE_FOLDER)(
    model.settings,
    allNeeds(model.hosts, new Map()),
    model,
    abilities,
    installationOf(flags, await lookAround(resolve(flags['run-dir']), 'alone')),
  );
  streams.out(config.text);
  const state = [...stateOf(model, await dataOf(flags))].sort(([a], [b]) => (a < b ? -1 : 1));
  streams.out('\n# Routing data, which is sent to the Lua code. Keys and user lists are not shown.\n');
  for (const [name, text] of state) if (!isSecret(name)) streams.out(`# ${name} ${text}\n`);
  for (const problem of problems) streams.err(`${showProblem(problem)}\n`);
  if (problems.some(({ severity }) => severity === 'error')) return 2;
  return problems.length > 0 ? 1 : 0;
}
