// The running controller's nginx, asked over its control socket: the Lua router is the authority.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Control, ControlError } from '../../apply/control.ts';
import { type Place, queryOf, type Reasons } from '../../explain/reasons.ts';
import type { FlagValues } from '../../flags.ts';
import { CONFIG_FILES, RUN_FILES } from '../../render/folders.ts';
import { CommandError, EXIT } from '../exit.ts';
import { Inspector } from '../inspect/client.ts';
import { findFolders } from '../inspect/find.ts';
import { type Values, valuesOf } from './values.ts';

export interface Running {
  readonly control: Control;
  /** The controller itself, which may be away while nginx serves on. */
  readonly inspector: Inspector;
  readonly folder: string;
}

/** Throws CommandError where none runs. */
export async function findRunning(flags: FlagValues, signal: AbortSignal): Promise<Running> {
  const { confDir, runDir } = await findFolders(flags);
  try {
    const secret = (await readFile(join(confDir, CONFIG_FILES.secret), 'utf8')).trim();
    const control = new Control(join(runDir, RUN_FILES.control), secret);
    await control.status(signal);
    const inspector = new Inspector(join(confDir, CONFIG_FILES.inspection), secret, signal);
    return { control, inspector, folder: runDir };
  } catch (cause) {
    throw new CommandError(
      EXIT.unavailable,
      `no running controller answers in ${runDir} (${cause instanceof Error ? cause.message : String(cause)}): name its folder with --run-dir, or give --manifests=DIR or --kubeconfig=FILE to look at objects`,
      { cause },
    );
  }
}

export function valuesOfRunning({ control }: Running, signal: AbortSignal): Values {
  return valuesOf(async (name) => {
    try {
      return await control.get(`/v1/state/${name}`, signal);
    } catch (error) {
      if (error instanceof ControlError && error.message.includes(': 404 ')) return null;
      throw error;
    }
  });
}

/** What the controller knows of the objects; null where it does not answer, or no longer has the host. */
export async function reasonsOfRunning({ inspector }: Running, place: Place | null): Promise<Reasons | null> {
  if (place === null) return null;
  try {
    for await (const reasons of inspector.rows<Reasons>('/v1/reasons', queryOf(place))) return reasons;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
  return null;
}
