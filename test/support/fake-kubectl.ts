// A kubectl for tests of the plugin: Pods from a list, and `exec` that runs the command here, with its arguments noted.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeKubectl {
  /** For PATH. */
  readonly folder: string;
  /** The arguments of each call so far. */
  calls(): Promise<string[][]>;
  remove(): Promise<void>;
}

/** `pods` are what `get pods -o name` prints; `bin` is where the `sluice` of the Pod is. */
export async function makeKubectl(pods: readonly string[], bin: string): Promise<FakeKubectl> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-kubectl-'));
  const [log, list, program] = [join(folder, 'calls'), join(folder, 'pods'), join(folder, 'kubectl')];
  await writeFile(log, '');
  await writeFile(list, pods.map((pod) => `pod/${pod}\n`).join(''));
  await writeFile(
    program,
    `#!/bin/sh
{ for argument in "$@"; do printf '%s\\037' "$argument"; done; echo; } >>'${log}'
for argument in "$@"; do
  case $argument in
    get) exec cat '${list}' ;;
    exec) break ;;
  esac
done
while [ "$1" != -- ]; do shift; done
shift
PATH='${bin}':$PATH exec "$@"
`,
  );
  await chmod(program, 0o755);
  return {
    folder,
    calls: async () =>
      (await readFile(log, 'utf8'))
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('\x1f').slice(0, -1)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
