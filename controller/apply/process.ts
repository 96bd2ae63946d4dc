// The nginx master as a child process: start, test, reload, quit, and what is left of one that died. nginx runs in a process
// group of its own, so that a parent that dies leaves it serving, and one that comes back can adopt it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG_FILES, type Folders, RUN_FILES } from '../render/folders.ts';
import type { Binary } from './binary.ts';
import { expectFree } from './listen.ts';
import { type Leaving, type Listen, type Master, NEXT } from './nginx.ts';

/** nginx did not accept a configuration; `output` is all that it printed. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
  readonly code = 'config-refused';
  /** Its first error, without the name of the file. */
  readonly reason: string;
  /** The line that it names, null when it names none. */
  readonly line: number | null;
  readonly #output: string;

  constructor(output: string) {
    const error = firstError(output);
    super(`nginx refused the configuration: ${error.replace(/\s+/g, ' ')}`);
    this.#output = output;
    this.line = Number(/ in \S+:(\d+)$/.exec(error)?.[1] ?? Number.NaN) || null;
    const reason = error.replace(/^.*?\[(emerg|crit|alert)\] (\d+#\d+: )?/, '').replace(/ in \S+:\d+$/, '');
    this.reason = reason.replace(/\s+/g, ' ').slice(0, 500);
  }

  get output(): string {
    return this.#output;
  }
}

/** Up to nginx's last words: what it quotes of a snippet may have several lines, and end like a message. */
function firstError(output: string): string {
  const end = output.lastIndexOf('\nnginx: configuration file ');
  const said = (end < 0 ? output : output.slice(0, end)).trim();
  const start = /^.*\[(emerg|crit|alert)\]/m.exec(said)?.index;
  return said === '' ? 'it said nothing' : start === undefined ? (said.split('\n')[0] ?? '') : said.slice(start);
}

const TEST_TIMEOUT_MS = 10_000;

export class NginxProcess implements Master {
  readonly #binary: Pick<Binary, 'path'>;
  readonly #confDir: string;
  readonly #runDir: string;
  readonly #tempDir: string;
  #child: ChildProcess | null = null;
  #pid: number | null = null;
  #isPrepared = false;

  constructor(binary: Pick<Binary, 'path'>, { confDir, runDir, tempDir }: Folders) {
    this.#binary = binary;
    this.#confDir = confDir;
    this.#runDir = runDir;
    this.#tempDir = tempDir;
  }

  get pid(): number | null {
    return this.#pid;
  }

  get isAlive(): boolean {
    return this.#pid !== null && isAlive(this.#pid);
  }

  /** Makes the folders that nginx needs. Sockets are protected by theirs: nginx makes the sockets themselves 0666. */
  async prepare(): Promise<void> {
    this.#isPrepared = true;
    await mkdir(this.#file(dirname(RUN_FILES.control)), { recursive: true, mode: 0o700 });
    // Workers of a master that was started by root are another user, who must get through to the temporary files.
    await mkdir(this.#tempDir, { recursive: true, mode: 0o711 });
    const { uid } = await lstat(this.#tempDir);
    if (uid !== process.getuid?.()) throw new Error(`the folder ${this.#tempDir} belongs to user ${uid}: remove it`);
  }

  /** Takes over a running nginx of this run directory: its pid, or null when there is none. */
  async adopt(): Promise<number | null> {
    const pid = await this.#readPid();
    if (pid === null || !isNginx(pid)) return null;
    this.#pid = pid;
    return pid;
  }

  /** Starts nginx with the configuration in force; throws PortTaken. */
  async start(listens: readonly Listen[]): Promise<void> {
    await this.prepare();
    await this.#clearLeftovers();
    await expectFree(listens);
    const child = spawn(this.#binary.path, [...this.#arguments(CONFIG_FILES.config)], {
      detached: true, // a process group of its own
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await Promise.race([once(child, 'spawn'), once(child, 'error').then(([error]) => Promise.reject(error))]);
    this.#child = child;
    this.#pid = child.pid ?? null;
  }

  async test(): Promise<void> {
    // Standard output is inherited, because the test opens the access log, and a pipe of Node's cannot be opened.
    const child = spawn(this.#binary.path, ['-t', ...this.#arguments(NEXT)], {
      stdio: ['ignore', 'inherit', 'pipe'],
      timeout: TEST_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const closed = once(child, 'close');
    const output = await text(child.stderr);
    const [status] = await closed;
    if (status !== 0) throw new ConfigRefused(output);
  }

  async reload(): Promise<void> {
    this.signal('SIGHUP');
  }

  async alive(pids: readonly number[]): Promise<ReadonlySet<number>> {
    return new Set(pids.filter(isAlive));
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#pid === null) throw new Error(`cannot send ${signal}: nginx does not run`);
    process.kill(this.#pid, signal);
  }

  /** Resolves when nginx has ended. */
  async ended(signal: AbortSignal): Promise<void> {
    const child = this.#child;
    if (child !== null) {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit', { signal });
      return;
    }
    while (this.#pid !== null && isAlive(this.#pid)) await delay(200, undefined, { signal });
  }

  async leave({ graceMs, force, drain }: Leaving): Promise<void> {
    if (this.isAlive) await drain();
    await this.stop(graceMs, force);
  }

  /** Ends nginx: gracefully, with force after `graceMs` or when `force` says so. Nothing of it is left when this resolves. */
  async stop(graceMs: number, force?: AbortSignal): Promise<void> {
    const pid = this.#pid;
    // Without either, an nginx that a killed controller left behind may be serving from these folders.
    if (pid === null && !this.#isPrepared) return;
    if (pid !== null && isAlive(pid)) {
      process.kill(pid, 'SIGQUIT');
      const limits = [AbortSignal.timeout(graceMs), ...(force === undefined ? [] : [force])];
      await this.ended(AbortSignal.any(limits)).catch(() => undefined);
    }
    if (pid !== null) await this.#clearLeftovers();
    await rm(this.#tempDir, { recursive: true, force: true });
    this.#isPrepared = false;
    this.#pid = null;
    this.#child = null;
  }

  #arguments(file: string): string[] {
    return ['-p', `${this.#confDir}/`, '-c', join(this.#confDir, file), '-e', 'stderr'];
  }

  #file(name: string): string {
    return join(this.#runDir, name);
  }

  async #readPid(): Promise<number | null> {
    const content = await readFile(this.#file(RUN_FILES.pid), 'utf8').catch(() => '');
    const pid = Number.parseInt(content, 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
  }

  /** Workers of a master that was killed serve on with stale state, and its socket stops the next one: both must go. */
  async #clearLeftovers(): Promise<void> {
    const pid = this.#pid ?? (await this.#readPid());
    if (pid !== null) {
      for (const left of await nginxOfGroup(pid)) kill(left);
      while ((await nginxOfGroup(pid)).length > 0) await delay(10);
    }
    await rm(this.#file(RUN_FILES.control), { force: true });
    await rm(this.#file(RUN_FILES.pid), { force: true });
  }
}

interface Stat {
  readonly name: string;
  readonly group: number;
}

/**
 * A living process, from proc(5): the second field of /proc/PID/stat is its name in parentheses, the third the state, the
 * fifth the group. null for one that is gone, or dead and not yet reaped (kill(2) with signal 0 would still find that).
 */
function readStat(pid: number): Stat | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const match = /\((.*)\) (\S) \d+ (\d+)/s.exec(stat);
  return match === null || match[2] === 'Z' ? null : { name: match[1] ?? '', group: Number(match[3]) };
}

export function isAlive(pid: number): boolean {
  return readStat(pid) !== null;
}

export function isNginx(pid: number): boolean {
  return readStat(pid)?.name === 'nginx';
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile: that is what was wanted.
  }
}

async function nginxOfGroup(group: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => {
    const stat = readStat(pid);
    return stat?.name === 'nginx' && stat.group === group;
  });
}
