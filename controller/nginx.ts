// Which nginx the controller drives: its own child, or that of `sluice nginx` in another container (--nginx-mode).
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { type Binary, inspectNginx } from './apply/binary.ts';
import { Control } from './apply/control.ts';
import { Nginx } from './apply/nginx.ts';
import { ensurePlaceholder } from './apply/placeholder.ts';
import { NginxProcess } from './apply/process.ts';
import { RemoteMaster } from './apply/remote.ts';
import { SupervisorClient } from './apply/supervisor-client.ts';
import { lookAround, type Surroundings } from './apply/surroundings.ts';
import type { FlagValues } from './flags.ts';
import { CONFIG_FILES, type Folders, RUN_FILES } from './render/folders.ts';

export interface OpenedNginx {
  readonly nginx: Nginx;
  readonly binary: Binary;
  readonly surroundings: Surroundings;
}

export interface NginxChoice {
  readonly control: Control;
  /** Finds out what nginx can do; of a remote one, as soon as its supervisor answers. */
  open(log: Logger, signal: AbortSignal): Promise<OpenedNginx>;
}

export function foldersOf(flags: FlagValues): Pick<Folders, 'confDir' | 'runDir'> {
  return { confDir: resolve(flags['conf-dir'] ?? flags['run-dir']), runDir: resolve(flags['run-dir']) };
}

/** Makes what the controller owns below the folders, and chooses by the flags. */
export async function chooseNginx(flags: FlagValues): Promise<NginxChoice> {
  const { confDir, runDir } = foldersOf(flags);
  const isRemote = flags['nginx-mode'] === 'remote';
  if (!isRemote) await mkdir(runDir, { recursive: true, mode: 0o711 });
  await mkdir(confDir, { recursive: true, mode: 0o700 });
  await ensurePlaceholder(confDir, new Date());
  const secret = await ensureSecret(join(confDir, CONFIG_FILES.secret));
  const open = isRemote
    ? async (log: Logger, signal: AbortSignal): Promise<OpenedNginx> => {
        const client = new SupervisorClient(join(runDir, RUN_FILES.supervisor), secret);
        const master = new RemoteMaster({ client, log, graceSeconds: flags['shutdown-grace-period'], signal });
        return { nginx: new Nginx(master, confDir), ...(await master.host()) };
      }
    : async (): Promise<OpenedNginx> => {
        const binary = await inspectNginx(process.env);
        const surroundings = await lookAround(runDir, 'alone');
        const master = new NginxProcess(binary, { confDir, runDir, tempDir: surroundings.tempDir });
        return { nginx: new Nginx(master, confDir), binary, surroundings };
      };
  return { control: new Control(join(runDir, RUN_FILES.control), secret), open };
}

/** The secret of the sockets lives as long as the configuration folder, so that a restarted controller can adopt nginx. */
async function ensureSecret(file: string): Promise<string> {
  const known = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (known.length >= 32) return known;
  const secret = randomBytes(32).toString('hex');
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}
