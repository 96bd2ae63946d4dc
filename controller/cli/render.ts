// `sluice render`: what would be applied, without starting nginx. Prints nginx.conf, then the routing data by name, then the
// Problems on standard error. Exit status: 0 without Problems, 1 with warnings only, 2 with errors.
import { resolve } from 'node:path';
import { dataOf, installationOf, selectionOf, TEMPLATE_FOLDER } from '../app.ts';
import { inspectNginx } from '../apply/binary.ts';
import { allNeeds } from '../apply/needs.ts';
import { isSecret, stateOf } from '../apply/state.ts';
import { lookAround } from '../apply/surroundings.ts';
import type { FlagValues } from '../flags.ts';
import type { Failed } from '../kube/reach.ts';
import { Graph } from '../model/graph.ts';
import { expiredCertificates, showProblem, tidy } from '../model/problems.ts';
import { configRenderer } from '../render/config.ts';
import { chooseSource, openSource } from '../source.ts';
import { Cluster } from '../watch/cluster.ts';
import { Intake } from '../watch/intake.ts';

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

export async function render(flags: FlagValues, output: Output): Promise<0 | 1 | 2> {
  const cluster = new Cluster();
  const errors: unknown[] = [];
  const choice = chooseSource(flags, process.env);
  const intake = new Intake(cluster, () => selectionOf(flags));
  const { signal } = new AbortController(); // ends with the process
  const events = { onChange: () => undefined, onError: (error: unknown) => errors.push(error) };
  const onWaiting = ({ error }: Failed): void => output.err(`${error.message}; trying again\n`);
  const { source, name } = await openSource(choice, flags, { store: intake, events, onWaiting }, signal);
  await source.readOnce(signal);
  if (errors.length > 0) throw new Error(`reading ${name} failed`, { cause: errors[0] });

  const origin = { kind: choice.kind, ingressClasses: source.ingressClasses };
  const model = new Graph(cluster, selectionOf(flags, origin)).evaluate();
  const { abilities } = await inspectNginx(process.env);
  const config = configRenderer(TEMPLATE_FOLDER)(
    model.settings,
    allNeeds(model.hosts, new Map()),
    model,
    abilities,
    installationOf(flags, await lookAround(resolve(flags['run-dir']), 'alone')),
  );
  output.out(config.text);
  const state = [...stateOf(model, await dataOf(flags))].sort(([a], [b]) => (a < b ? -1 : 1));
  output.out('\n# Routing data, which is sent to the Lua code. Keys and user lists are not shown.\n');
  for (const [name, text] of state) if (!isSecret(name)) output.out(`# ${name} ${text}\n`);

  const problems = tidy([
    ...source.problems(),
    ...intake.problems(),
    ...model.problems,
    ...expiredCertificates(model, Date.now()),
  ]);
  for (const problem of problems) output.err(`${showProblem(problem)}\n`);
  if (problems.some(({ severity }) => severity === 'error')) return 2;
  return problems.length > 0 ? 1 : 0;
}
