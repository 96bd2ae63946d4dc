// What a container gives a process: a process-number space of its own, whose first process takes all others with it, and
// folders that it may not write. Only root may make them here.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';

const run = promisify(execFile);

/** Command words that are put before those of a program. */
export type Prefix = readonly string[];

/** True when this machine lets us make containers of this kind. */
export async function mayIsolate(): Promise<boolean> {
  const [command = '', ...args] = isolated('/tmp', 'own');
  return run(command, [...args, 'true']).then(
    () => true,
    () => false,
  );
}

/** A process-number space of its own; the program's number is told by programIn(). */
export const OWN_PROCESSES: Prefix = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Runs a program with `folder` mounted read-only; where it shares the process numbers, its pid is that of the command. */
export function isolated(folder: string, processes: 'own' | 'shared'): Prefix {
  const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  const unshare = processes === 'own' ? OWN_PROCESSES : ['unshare'];
  return [...unshare, '--mount', '--propagation', 'private', 'sh', '-c', script, folder];
}

/** The program that unshare(1) started, as numbered outside: signals go to it, as those of a kubelet do. */
export async function programIn(unshare: number): Promise<number> {
  return eventually(async () => {
    const children = await readFile(`/proc/${unshare}/task/${unshare}/children`, 'utf8');
    const child = Number.parseInt(children, 10);
    if (!Number.isSafeInteger(child)) throw new Error('unshare has not started it yet');
    return child;
  });
}

/** Runs a command inside the container of a process, as an exec of the kubelet does. */
export async function execIn(pid: number, command: readonly string[]): Promise<{ status: number; err: string }> {
  try {
    await run('nsenter', [`--target=${pid}`, '--mount', '--pid', ...command]);
    return { status: 0, err: '' };
  } catch (error) {
    const { code, stderr } = error as { code?: number; stderr?: string };
    return { status: code ?? -1, err: stderr ?? '' };
  }
}
