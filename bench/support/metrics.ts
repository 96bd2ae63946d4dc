// What a benchmark reads of Sluice's own /metrics.
import type { Sluice } from '../../test/support/sluice.ts';

/** Reloads of nginx since the program started. */
export async function reloadsOf(sluice: Sluice, signal: AbortSignal): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${sluice.health}/metrics`, { signal })).text();
  const value = /^sluice_reloads_total (\d+)$/m.exec(text)?.[1];
  if (value === undefined) throw new Error('/metrics has no sluice_reloads_total');
  return Number(value);
}
