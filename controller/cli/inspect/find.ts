// Where the running controller is: the folder that the flags name, else the one that the only controller here runs with.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FLAGS, type FlagValues } from '../../flags.ts';
import { foldersOf } from '../../nginx.ts';
import { CommandError, EXIT } from '../exit.ts';
import { readArguments } from '../read.ts';

const PROGRAM = /(^|\/)controller\/main\.ts$/;

/** The configuration folder; rejects with CommandError where several controllers run. */
export async function findFolder(flags: FlagValues): Promise<string> {
  const named = foldersOf(flags).confDir;
  if (flags['conf-dir'] !== null || flags['run-dir'] !== FLAGS['run-dir'].default) return named;
  const running = await runningFolders('/proc');
  if (running.length > 1) {
    const shown = running.map((folder) => `--conf-dir=${folder}`).join(', ');
    throw new CommandError(EXIT.usage, `several controllers run here: choose one of ${shown}`);
  }
  return running[0] ?? named;
}

/** Configuration folders of the controllers whose processes we may look at, sorted. `proc` is that of proc(5). */
export async function runningFolders(proc: string): Promise<string[]> {
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => folderOf(join(proc, pid))));
  return [...new Set(found.filter((folder) => folder !== null))].sort();
}

/** null for what is no controller, or ended meanwhile. */
async function folderOf(process: string): Promise<string | null> {
  try {
    const words = (await readFile(join(process, 'cmdline'), 'utf8')).split('\0').slice(0, -1);
    const at = words.findIndex((word) => PROGRAM.test(word));
    if (at < 0) return null;
    const args = words.slice(at + 1).filter((word) => word !== '/nginx-ingress-controller');
    const { COMMANDS } = await import('../commands.ts');
    const read = readArguments(COMMANDS, args);
    if (read.kind !== 'serve') return null;
    const { 'conf-dir': confDir, 'run-dir': runDir } = read.line.flags;
    return resolve(await readlink(join(process, 'cwd')), confDir ?? runDir);
  } catch {
    return null; // not ours to look at, or a command line that is wrong
  }
}
