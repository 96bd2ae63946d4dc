// `sluice wait-shutdown`: what a preStop hook of ingress-nginx does (/wait-shutdown): ends the sluice of this container, the
// controller or the supervisor of nginx, and waits until neither it nor an nginx is left.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, isNginx } from '../apply/process.ts';

const POLL_MS = 200;

/** The kubelet bounds the wait: terminationGracePeriodSeconds. */
export async function waitShutdown(): Promise<0> {
  const ours = await programs();
  for (const pid of ours) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It ended meanwhile: that is what was wanted.
    }
  }
  for (;;) {
    const pids = await numbers();
    if (!ours.some(isAlive) && !pids.some(isNginx)) return 0;
    await delay(POLL_MS);
  }
}

async function numbers(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Every process that runs this very program, without those that wait like us. */
async function programs(): Promise<number[]> {
  const main = join(import.meta.dirname, '..', 'main.ts');
  const found: number[] = [];
  for (const pid of await numbers()) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (pid !== process.pid && words.includes(main) && !words.includes('wait-shutdown')) found.push(pid);
  }
  return found;
}
