// What the place where nginx runs allows: asked there, which may be another container than the controller's.
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Installation } from '../render/config.ts';

export type Surroundings = Pick<Installation, 'tempDir' | 'listenIpv6' | 'accessLog' | 'openFiles' | 'cores'>;

/** Who else reads the run directory: in a container of nginx's own its temporary files are nobody's business. */
export type Sharing = 'alone' | 'shared';

export async function lookAround(runDir: string, sharing: Sharing): Promise<Surroundings> {
  return {
    tempDir: tempDirOf(runDir, sharing),
    listenIpv6: hasIpv6(),
    accessLog: canReopenStdout() ? '/dev/stdout' : join(runDir, 'access.log'),
    openFiles: await hardLimitOfOpenFiles(),
    cores: availableParallelism(),
  };
}

/** Started by root, nginx's workers are another user, who may have no way into the run directory. */
function tempDirOf(runDir: string, sharing: Sharing): string {
  if (sharing === 'alone' && process.getuid?.() !== 0) return join(runDir, 'temp');
  return join(tmpdir(), `sluice-${createHash('sha256').update(runDir).digest('hex').slice(0, 12)}`);
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'));
}

/** nginx opens /dev/stdout anew: not possible for a socket, for a file of somebody else, or when it is closed. */
function canReopenStdout(): boolean {
  try {
    closeSync(openSync('/dev/stdout', constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/** Open files that a process may ask for at most, from proc(5); 1024 where that cannot be read. */
async function hardLimitOfOpenFiles(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const hard = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1]);
  return Number.isSafeInteger(hard) ? Math.min(hard, 1_048_576) : 1024;
}
