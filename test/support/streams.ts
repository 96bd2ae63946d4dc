// Streams of a command that keep what was written.
import type { Streams } from '../../controller/cli/streams.ts';

export type Recorded = Streams & { readonly written: { out: string; err: string } };

export function recorded(rest: Partial<Streams> = {}): Recorded {
  const written = { out: '', err: '' };
  return {
    written,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    read: () => Promise.resolve(''),
    width: null,
    isWatched: false,
    paint: (_, text) => text,
    ...rest,
  };
}
