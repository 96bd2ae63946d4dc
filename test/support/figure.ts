// Figures that a test measured, for who runs it: docs/operations.md quotes them.

/** Prints a line below the title of the running test's suite. */
export function figure(text: string): void {
  process.stdout.write(`      ${text}\n`);
}

/** "3 × ECONNRESET, 1 × 503", "0" for none. */
export function tally(lost: readonly string[]): string {
  const counts = [...Map.groupBy(lost, (why) => why)].map(([why, list]) => `${list.length} × ${why}`);
  return counts.length === 0 ? '0' : counts.join(', ');
}
