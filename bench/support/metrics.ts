// What a benchmark reads of Sluice's own /metrics.
import type { Sluice } from '../../test/support/sluice.ts';

/** Reloads of nginx since the program started. */
export async function reloadsOf(sluice: Sluice, signal: AbortSignal): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${sluice.health}/metrics`, { signal })).text();
  const values = [...text.matchAll(/^sluice_reloads_total\{[^}]*\} (\d+)$/gm)].map(([, value]) => Number(value));
  if (values.length === 0) throw new Error('/metrics has no sluice_reloads_total');
  return values.reduce((sum, value) => sum + value, 0);
}
