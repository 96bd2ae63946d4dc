// A watch of one object, for those who look at it now and then anyway: it only tells when to look at once.
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';

const WATCH_SECONDS = 300;
/** Such objects change rarely, and without a change nothing comes. */
const IDLE_MS = (WATCH_SECONDS + 30) * 1000;
const PAUSE_MS = 5_000;

/**
 * Calls `onEvent` whenever something came from the watch of `name` in the collection `path`, until the signal. A watch that
 * is refused or breaks is tried again, silently: the caller's own looks report what is wrong.
 */
export async function follow(
  client: ApiClient,
  path: string,
  name: string,
  onEvent: () => void,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({
    watch: 'true',
    fieldSelector: `metadata.name=${name}`,
    timeoutSeconds: String(WATCH_SECONDS),
  });
  for (;;) {
    try {
      for await (const _ of await client.stream(`${path}?${query}`, { signal, idleMs: IDLE_MS })) onEvent();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ApiError)) throw error;
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}
