// Waiting for a condition, in place of sleeping.
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;

/** Runs `check` until it does not throw, and returns what it returned; after the deadline throws its last error. */
export async function eventually<T>(check: () => T | Promise<T>, deadlineMs = 10_000): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(POLL_MS);
    }
  }
}
