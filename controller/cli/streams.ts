// Standard input and output as commands see them: width and colours only where a terminal is, and NO_COLOR obeyed.
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';

export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** All of standard input. */
  read(): Promise<string>;
  /** Columns of the terminal on standard output, null when it is none. */
  readonly width: number | null;
  /** Whether a person looks at standard error: progress is for them. */
  readonly isWatched: boolean;
  /** The text in a style where standard output shows styles (NO_COLOR, FORCE_COLOR, TERM), else as it is. */
  paint(style: Style, text: string): string;
}

export function processStreams(): Streams {
  const { stdin, stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    read: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
      return Buffer.concat(chunks).toString('utf8');
    },
    width: stdout.isTTY ? stdout.columns : null,
    isWatched: stderr.isTTY === true,
    paint: (style, text) => styleText(style, text, { stream: stdout }),
  };
}
