// `sluice nginx` as its user starts it: in a container of its own where the machine allows that.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isolated, programIn } from './mounts.ts';
import { SLUICE } from './sluice.ts';

export interface NginxContainer {
  /** The program, as numbered outside. */
  readonly pid: number;
  readonly process: ChildProcess;
  /** Everything printed so far; of earlier containers with the same log too. */
  log(): Promise<string>;
  /** Sends a signal to the program, and resolves with its exit status when nothing of it is left. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ContainerOptions {
  readonly confDir: string;
  readonly runDir: string;
  readonly logFile: string;
  readonly isolation: 'container' | 'none';
  readonly flags?: readonly string[];
}

export async function startNginxContainer(options: ContainerOptions): Promise<NginxContainer> {
  const { confDir, runDir, logFile, isolation, flags = [] } = options;
  const prefix = isolation === 'container' ? isolated(confDir, 'own') : [];
  const words = [SLUICE, 'nginx', `--conf-dir=${confDir}`, `--run-dir=${runDir}`, '--log-format=text', ...flags];
  const [command = '', ...args] = [...prefix, ...words];
  const descriptor = openSync(logFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', descriptor, descriptor] });
  closeSync(descriptor);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const pid = isolation === 'container' ? await programIn(child.pid ?? 0) : (child.pid ?? 0);
  return {
    pid,
    process: child,
    log: () => readFile(logFile, 'utf8'),
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) process.kill(pid, signal);
      return (await ended)[0];
    },
  };
}
