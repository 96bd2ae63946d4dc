// What a benchmark is: a name, a line about it, and a run that ends with figures.

/** A limit that a figure is held against. */
export type Limit = { readonly kind: 'at-most' | 'at-least'; readonly value: number } | { readonly kind: 'none' };

export const NO_LIMIT: Limit = { kind: 'none' };

export interface Figure {
  /** The key in the JSON line. */
  readonly name: string;
  readonly value: number;
  /** Digits behind the point. */
  readonly digits: number;
  readonly limit: Limit;
  readonly meaning: string;
}

export interface Surroundings {
  /** Aborted by Ctrl-C, and when the benchmark takes too long. */
  readonly signal: AbortSignal;
  /** One line of progress. */
  say(line: string): void;
}

export interface Benchmark {
  readonly name: string;
  /** One line for the list. */
  readonly about: string;
  readonly maxSeconds: number;
  /** Whatever it started has ended when this settles. */
  run(surroundings: Surroundings): Promise<readonly Figure[]>;
  /** The pictures of the documentation that show these figures: file in the repository → SVG. */
  pictures?(figures: readonly Figure[]): ReadonlyMap<string, string>;
}

export function isMet({ value, limit }: Figure): boolean {
  switch (limit.kind) {
    case 'at-most':
      return value <= limit.value;
    case 'at-least':
      return value >= limit.value;
    case 'none':
      return true;
  }
}

export function rounded({ value, digits }: Figure): number {
  return Number(value.toFixed(digits));
}
