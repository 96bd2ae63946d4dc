// `sluice render`: what would be applied, without starting nginx. Prints nginx.conf, then the routing data by name, then the
// Problems on standard error. Exit status: 0 without Problems, 1 with warnings only, 2 with errors.

import { dataOf, installationOf, manifestsOf, selectionOf, TEMPLATE_FOLDER } from '../app.ts';
import { inspectNginx } from '../apply/binary.ts';
import { stateOf } from '../apply/state.ts';
import type { FlagValues } from '../flags.ts';
import { Graph } from '../model/graph.ts';
import { expiredCertificates, showProblem, tidy } from '../model/problems.ts';
import { configRenderer } from '../render/config.ts';
import { Cluster } from '../watch/cluster.ts';
import { ManifestFolder } from '../watch/manifests.ts';

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

export async function render(flags: FlagValues, output: Output): Promise<0 | 1 | 2> {
  const path = await manifestsOf(flags);
  const cluster = new Cluster();
  const errors: unknown[] = [];
  const folder = new ManifestFolder(path, cluster, {
    onChange: () => undefined,
    onError: (error) => errors.push(error),
  });
  await folder.readOnce();
  if (errors.length > 0) throw new Error(`reading ${path} failed`, { cause: errors[0] });

  const model = new Graph(cluster, selectionOf(flags)).evaluate();
  const { abilities } = await inspectNginx(process.env);
  const config = configRenderer(TEMPLATE_FOLDER)(
    model.settings,
    [...model.profiles.values()],
    abilities,
    await installationOf(flags),
  );
  output.out(config.text);
  const state = [...stateOf(model, await dataOf(flags))].sort(([a], [b]) => (a < b ? -1 : 1));
  output.out('\n# Routing data, which is sent to the Lua code. Certificates and keys are not shown.\n');
  for (const [name, text] of state) if (!name.startsWith('pem/')) output.out(`# ${name} ${text}\n`);

  const problems = tidy([...folder.problems(), ...model.problems, ...expiredCertificates(model, Date.now())]);
  for (const problem of problems) output.err(`${showProblem(problem)}\n`);
  if (problems.some(({ severity }) => severity === 'error')) return 2;
  return problems.length > 0 ? 1 : 0;
}
