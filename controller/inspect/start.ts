// Inspection: what the controller tells the commands of `sluice` that look at it. The one way in.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { CONFIG_FILES } from '../render/folders.ts';
import type { Sources } from './answers.ts';
import { serveInspection } from './server.ts';

export interface Inspected extends Pick<Sources, 'control' | 'measured' | 'moment'> {
  readonly confDir: string;
  readonly log: Logger;
}

/** Answers until the signal. Serving does not depend on it: what stands in its way is one line in the log. */
export async function startInspection({ confDir, log, ...rest }: Inspected, signal: AbortSignal): Promise<void> {
  const path = join(confDir, CONFIG_FILES.inspection);
  const read: Sources['read'] = (file) => readFile(join(confDir, CONFIG_FILES[file]), 'utf8');
  try {
    await serveInspection(path, join(confDir, CONFIG_FILES.secret), { ...rest, read }, signal);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.warn(`sluice routes and the like cannot ask this controller: listening on ${path} failed: ${message}`);
  }
}
