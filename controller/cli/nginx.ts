// `sluice nginx`: the container that runs nginx and has no token. Serves the supervisor's socket until the signal.
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { inspectNginx } from '../apply/binary.ts';
import { Control } from '../apply/control.ts';
import { drainClients } from '../apply/drain.ts';
import { NginxProcess } from '../apply/process.ts';
import { lookAround } from '../apply/surroundings.ts';
import { type FlagValues, UsageError } from '../flags.ts';
import { CONFIG_FILES, RUN_FILES } from '../render/folders.ts';
import { serve } from '../supervisor/server.ts';
import { Supervisor } from '../supervisor/supervisor.ts';

/** Without a controller nobody says how long old connections may last: the default of worker-shutdown-timeout. */
const PATIENCE_MS = 250_000;

/** Runs until `stop`, then lets nginx go in order; `force` cuts that short. */
export async function superviseNginx(
  flags: FlagValues,
  log: Logger,
  stop: AbortSignal,
  force: AbortSignal,
): Promise<void> {
  if (flags['conf-dir'] === null) {
    throw new UsageError(
      'sluice nginx needs --conf-dir=DIR, the folder that the controller writes; see sluice nginx --help',
    );
  }
  const [confDir, runDir] = [resolve(flags['conf-dir']), resolve(flags['run-dir'])];
  const binary = await inspectNginx(process.env);
  const surroundings = await lookAround(runDir, 'shared');
  const nginx = new NginxProcess(binary, { confDir, runDir, tempDir: surroundings.tempDir });
  const socket = join(runDir, RUN_FILES.supervisor);
  await mkdir(dirname(socket), { recursive: true, mode: 0o700 });
  await chmod(dirname(socket), 0o700); // it is the protection of the sockets in it, whoever made it
  const drain = async (): Promise<void> => {
    const secret = (await readFile(join(confDir, CONFIG_FILES.secret), 'utf8')).trim();
    await drainClients(new Control(join(runDir, RUN_FILES.control), secret), force);
  };
  const supervisor = new Supervisor({
    nginx,
    host: { binary, surroundings },
    log,
    graceMs: flags['shutdown-grace-period'] * 1000,
    patienceMs: PATIENCE_MS,
    drain,
  });
  await supervisor.adopt(force);
  const server = await serve(socket, join(confDir, CONFIG_FILES.secret), supervisor.commands, log);
  log.info({ nginx: binary.version, confDir, runDir }, `waiting for the controller, to run ${binary.path}`);
  if (!stop.aborted) await new Promise((done) => stop.addEventListener('abort', done, { once: true }));
  log.info('stopping');
  await supervisor.leave(force);
  server.close();
  server.closeAllConnections();
  await rm(socket, { force: true });
  log.info('stopped');
}
