// Medians and percentiles: what is left of samples on a noisy machine.

/** The value below which `percent` of the samples lie, by the nearest-rank rule; throws without samples. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (value === undefined) throw new Error('a percentile needs at least one sample');
  return value;
}

export function median(samples: readonly number[]): number {
  return (
    (percentile(samples, 50) +
      -percentile(
        samples.map((value) => -value),
        50,
      )) /
    2
  );
}
