// A reload that loses no request (ARCHITECTURE.md, "Reload without loss"): ask HTTP/1 clients to reconnect, SIGHUP, wait until
// every new worker serves and every old one has stopped accepting.
import { setTimeout as delay } from 'node:timers/promises';
import type { Rendered } from '../render/config.ts';
import type { Control, WorkerReport } from './control.ts';
import type { Nginx } from './nginx.ts';

/** nginx accepted the file but no new worker came up, for example because a port is taken. */
export class ReloadFailed extends Error {
  override readonly name = 'ReloadFailed';
  readonly code = 'reload-failed';
}

/** Until clients with an idle connection have met a "Connection: close". */
const DRAIN_MS = 300;
const POLL_MS = 20;
const DEADLINE_MS = 10_000;
const MAX_DRAINING_GENERATIONS = 3;
const ROOM_POLL_MS = 100;

/** Puts the configuration that was tested last in force. Throws ReloadFailed; then what ran goes on. */
export async function reload(nginx: Nginx, control: Control, rendered: Rendered, signal: AbortSignal): Promise<void> {
  await waitForRoom(nginx, control, rendered, signal);
  const before = (await control.status(signal)).workers.map(({ pid }) => pid);
  await control.drain('on', signal);
  try {
    await delay(DRAIN_MS, undefined, { signal });
    await nginx.reload();
    await waitForHandover(nginx, control, rendered, before, signal);
  } catch (error) {
    if (error instanceof ReloadFailed) await nginx.restore();
    throw error;
  } finally {
    await control.drain('off', signal);
  }
}

/** Old workers with long connections each keep their memory: at most three generations of them at a time. */
async function waitForRoom(
  nginx: Nginx,
  control: Control,
  { workers: size }: Rendered,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { workers } = await control.status(signal);
    const exiting = workers.filter(({ phase }) => phase === 'exiting').map(({ pid }) => pid);
    const draining = (await nginx.alive(exiting)).size;
    // This reload makes one generation more.
    if (draining <= (MAX_DRAINING_GENERATIONS - 1) * size) return;
    await delay(ROOM_POLL_MS, undefined, { signal });
  }
}

async function waitForHandover(
  nginx: Nginx,
  control: Control,
  rendered: Rendered,
  before: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const { workers } = await control.status(signal);
    const accepting = workers.filter(({ pid, phase }) => before.includes(pid) && phase === 'serving');
    const old = await nginx.alive(accepting.map(({ pid }) => pid));
    if (old.size === 0 && serving(workers, rendered.digest, before) >= rendered.workers) return;
    if (Date.now() > deadline) {
      throw new ReloadFailed(
        `after ${DEADLINE_MS} ms ${serving(workers, rendered.digest, before)} of ${rendered.workers} new workers serve and ${old.size} old ones still accept; nginx's own log says why`,
      );
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

function serving(workers: readonly WorkerReport[], digest: string, before: readonly number[]): number {
  return workers.filter(({ pid, config, phase }) => config === digest && phase === 'serving' && !before.includes(pid))
    .length;
}
