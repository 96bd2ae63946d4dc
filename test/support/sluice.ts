// Starts the controller as its user would: `bin/sluice` on a folder of manifests or a cluster, with ports and a run directory of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Control } from '../../controller/apply/control.ts';
import { CONFIG_FILES, RUN_FILES } from '../../controller/render/folders.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './ports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const SLUICE = join(ROOT, 'bin', 'sluice');

export interface Options {
  /** File name → manifest text, or objects that are written as a JSON List. */
  readonly manifests?: Readonly<Record<string, string | readonly object[]>>;
  /**
   * A kubeconfig, as text or where it is: a cluster is the source, in place of the folder. Loopback endpoints are allowed
   * unless a flag says otherwise: there the pods of tests are.
   */
  readonly kubeconfig?: string | { readonly file: string };
  /** What to wait for before it is handed out; "ready" unless told. */
  readonly until?: 'ready' | 'healthy';
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A folder of its own where none is given. */
  readonly runDir?: string;
  /** Where nginx.conf is; the run directory where none is given. */
  readonly confDir?: string;
  /** "elsewhere" when another program runs nginx: it is not ours to end. */
  readonly nginx?: 'child' | 'elsewhere';
  /** Command words before those of the program. They must become it: its process is the one that gets the signals. */
  readonly prefix?: readonly string[];
  /** In an own process group Ctrl-C does not reach it, so that the caller ends it in its own order. */
  readonly processGroup?: 'shared' | 'own';
}

export interface Sluice {
  readonly http: number;
  readonly https: number;
  readonly health: number;
  readonly folder: string;
  readonly runDir: string;
  readonly process: ChildProcess;
  readonly control: Control;
  /** Writes a manifest the way editors do: whole, then renamed into place. */
  write(file: string, content: string | readonly object[]): Promise<void>;
  remove(file: string): Promise<void>;
  /** What controller and nginx printed so far: the access log on `out`, all else on `err`. */
  logs(): Promise<{ out: string; err: string }>;
  /** nginx.conf as it was written last. */
  config(): Promise<string>;
  /** Starts the program again in the same run directory after it ended. */
  restart(): Promise<Sluice>;
  /** Ends it with SIGTERM and removes its files; the exit status. */
  stop(): Promise<number | null>;
}

export function manifestText(content: string | readonly object[]): string {
  return typeof content === 'string' ? content : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: content });
}

/** Starts and waits until it is ready. */
export async function startSluice(options: Options = {}): Promise<Sluice> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  await chmod(home, 0o711); // nginx workers may be another user and have temporary files below
  const folder = join(home, 'manifests');
  await mkdir(folder);
  for (const [file, content] of Object.entries(options.manifests ?? {})) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), manifestText(content));
  }
  if (typeof options.kubeconfig === 'string') await writeFile(join(home, 'kubeconfig'), options.kubeconfig);
  const ports = (await freePorts(3)) as [number, number, number];
  return launch(home, folder, ports, options);
}

async function launch(
  home: string,
  folder: string,
  [http, https, health]: [number, number, number],
  options: Options,
): Promise<Sluice> {
  const runDir = options.runDir ?? join(home, 'run');
  const files = { out: join(home, 'out.log'), err: join(home, 'err.log') };
  const descriptors = [openSync(files.out, 'a'), openSync(files.err, 'a')] as const;
  const kubeconfig = typeof options.kubeconfig === 'object' ? options.kubeconfig.file : join(home, 'kubeconfig');
  const confDir = options.confDir ?? runDir;
  const [command = '', ...words] = [...(options.prefix ?? []), SLUICE];
  const child = spawn(
    command,
    [
      ...words,
      ...(options.kubeconfig === undefined
        ? [`--manifests=${folder}`]
        : [`--kubeconfig=${kubeconfig}`, '--allow-loopback-endpoints']),
      `--run-dir=${runDir}`,
      ...(options.confDir === undefined ? [] : [`--conf-dir=${confDir}`]),
      `--http-port=${http}`,
      `--https-port=${https}`,
      `--healthz-port=${health}`,
      '--healthz-host=127.0.0.1',
      '--watch-ingress-without-class',
      '--post-shutdown-grace-period=0',
      '--log-format=text',
      ...(options.flags ?? []),
    ],
    {
      stdio: ['ignore', ...descriptors],
      env: { ...process.env, ...options.environment },
      detached: options.processGroup === 'own',
    },
  );
  for (const descriptor of descriptors) closeSync(descriptor);
  const logs = async () => ({ out: await readFile(files.out, 'utf8'), err: await readFile(files.err, 'utf8') });
  const ended = once(child, 'exit');

  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`sluice ended with ${child.exitCode}: ${(await logs()).err}`);
    const response = await fetch(`http://127.0.0.1:${health}/${options.until === 'healthy' ? 'healthz' : 'readyz'}`);
    if (!response.ok) throw new Error(`not ready: ${(await logs()).err}`);
  }, 60_000).catch(async (error: unknown) => {
    child.kill('SIGTERM'); // nginx has a process group of its own: only the controller ends it
    await ended;
    if (options.nginx !== 'elsewhere') await endNginx(runDir);
    throw error;
  });

  const secret = (await readFile(join(confDir, CONFIG_FILES.secret), 'utf8')).trim();
  return {
    http,
    https,
    health,
    folder,
    runDir,
    process: child,
    control: new Control(join(runDir, RUN_FILES.control), secret),
    logs,
    config: () => readFile(join(confDir, CONFIG_FILES.config), 'utf8'),
    write: async (file, content) => {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(home, 'next'), manifestText(content));
      await rename(join(home, 'next'), join(folder, file));
    },
    remove: (file) => rm(join(folder, file)),
    restart: async () => {
      await ended;
      return launch(home, folder, [http, https, health], options);
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      if (options.nginx !== 'elsewhere') await endNginx(runDir);
      await rm(home, { recursive: true, force: true });
      return code;
    },
  };
}

/** A controller that crashed leaves nginx serving, on purpose; one that ended in order has removed the pid file. */
async function endNginx(runDir: string): Promise<void> {
  const pid = Number.parseInt(await readFile(join(runDir, RUN_FILES.pid), 'utf8').catch(() => ''), 10);
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  if (name.trim() === 'nginx') process.kill(-pid, 'SIGKILL'); // master and workers: it leads a group of its own
}

/** Runs the program to its end, for sub-commands and refusals. */
export async function runSluice(args: readonly string[]): Promise<{ status: number | null; out: string; err: string }> {
  // The machine of the tests may itself be a Pod, whose cluster is none of their business.
  const env = { ...process.env, KUBERNETES_SERVICE_HOST: '' };
  const child = spawn(SLUICE, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, out, err };
}
