// Before nginx ends, clients with an idle connection are told to open another one, elsewhere: an HTTP/1 client that sends on a
// connection which nginx is closing would lose that request.
import { setTimeout as delay } from 'node:timers/promises';
import type { Control } from './control.ts';

/** Until busy clients have met a "Connection: close"; idle ones are closed by nginx. */
const DRAIN_MS = 1000;
const POLL_MS = 50;

/** Resolves when it is time to end nginx: nobody is left, or all had a second; also when nobody could be told. */
export async function drainClients(control: Control, force: AbortSignal): Promise<void> {
  try {
    await control.drain('on', force);
    const end = Date.now() + DRAIN_MS;
    while (Date.now() < end && (await control.connections(force)) !== 0) {
      await delay(POLL_MS, undefined, { signal: force });
    }
  } catch {
    // nginx does not answer, or there is no time: it ends all the same
  }
}
