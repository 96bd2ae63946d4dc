// Which CPUs processes run on (taskset of util-linux): so that what is measured does not wait for a CPU that another process has.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Binds all threads of processes, and those that they start, to CPUs ("0", "1-3"). */
export async function bindTo(cpus: string, pids: readonly number[]): Promise<void> {
  for (const pid of pids) await run('taskset', ['--all-tasks', '--cpu-list', '--pid', cpus, String(pid)]);
}

/** Every CPU of this machine, as bindTo() takes them. */
export function allCpus(): string {
  return `0-${availableParallelism() - 1}`;
}
