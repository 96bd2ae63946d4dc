// The workers that serve now: the same ones before and after mean that nothing was reloaded.
import type { Sluice } from './sluice.ts';

export async function workersOf(sluice: Sluice): Promise<number[]> {
  const { workers } = await sluice.control.status(AbortSignal.timeout(5000));
  return workers.map(({ pid }) => pid).sort((a, b) => a - b);
}
