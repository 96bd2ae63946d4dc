// Where the running controller is: the folder that the flags name, else the one that the only controller here runs with.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FLAGS, type FlagValues } from '../../flags.ts';
import { foldersOf } from '../../nginx.ts';
import type { Folders } from '../../render/folders.ts';
import { CommandError, EXIT } from '../exit.ts';
import { readArguments } from '../read.ts';

const PROGRAM = /(^|\/)controller\/main\.ts$/;

type Found = Pick<Folders, 'confDir' | 'runDir'>;

/** The folders of the controller; rejects with CommandError where several run. */
export async function findFolders(flags: FlagValues): Promise<Found> {
  const named = foldersOf(flags);
  if (flags['conf-dir'] !== null || flags['run-dir'] !== FLAGS['run-dir'].default) return named;
  const running = await runningFolders('/proc');
  if (running.length > 1) {
    const shown = running.map(({ confDir }) => `--conf-dir=${confDir}`).join(', ');
    throw new CommandError(EXIT.usage, `several controllers run here: choose one of ${shown}`);
  }
  return running[0] ?? named;
}

/** Folders of the controllers whose processes we may look at, sorted. `proc` is that of proc(5). */
export async function runningFolders(proc: string): Promise<Found[]> {
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => foldersOfProcess(join(proc, pid))));
  const byFolder = new Map(found.filter((folders) => folders !== null).map((folders) => [folders.confDir, folders]));
  return [...byFolder.values()].sort((a, b) => (a.confDir < b.confDir ? -1 : 1));
}

/** null for what is no controller, or ended meanwhile. */
async function foldersOfProcess(process: string): Promise<Found | null> {
  try {
    const words = (await readFile(join(process, 'cmdline'), 'utf8')).split('\0').slice(0, -1);
    const at = words.findIndex((word) => PROGRAM.test(word));
    if (at < 0) return null;
    const args = words.slice(at + 1).filter((word) => word !== '/nginx-ingress-controller');
    const { COMMANDS } = await import('../commands.ts');
    const read = readArguments(COMMANDS, args);
    if (read.kind !== 'serve') return null;
    const { 'conf-dir': confDir, 'run-dir': runDir } = read.line.flags;
    const cwd = await readlink(join(process, 'cwd'));
    return { confDir: resolve(cwd, confDir ?? runDir), runDir: resolve(cwd, runDir) };
  } catch {
    return null; // not ours to look at, or a command line that is wrong
  }
}
