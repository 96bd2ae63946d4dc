// The terminal of `sluice top`: text that is painted over, keys that end it, and everything as it was in the end.
import type { Streams } from '../streams.ts';

export interface Screen {
  /** Aborted when the user, or a signal, ends it. */
  readonly left: AbortSignal;
  /** Lines that fit below the head. */
  readonly rows: number;
  paint(text: string): void;
  close(): void;
}

const HEAD_LINES = 4;
const ROWS_UNKNOWN = 24;

/** The other screen of the terminal, without a cursor (xterm's 1049 and 25); and back. */
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CTRL_C = '\u0003';

export function screenOf(streams: Streams, signal: AbortSignal): Screen {
  const { stdin, stdout } = process;
  const left = new AbortController();
  const onKey = (bytes: Buffer): void => {
    const keys = bytes.toString('latin1');
    if (keys.includes('q') || keys.includes(CTRL_C)) left.abort();
  };
  if (stdin.isTTY) {
    stdin.setRawMode(true); // keys come at once, and Ctrl-C comes as a key
    stdin.on('data', onKey);
    stdin.resume();
  }
  streams.out(ENTER);
  return {
    left: AbortSignal.any([left.signal, signal]),
    get rows() {
      return Math.max((stdout.rows || ROWS_UNKNOWN) - HEAD_LINES, 1);
    },
    paint: (text) => streams.out(`${HOME}${text.replaceAll('\n', `${CLEAR_LINE}\n`)}${CLEAR_LINE}\n${CLEAR_BELOW}`),
    close: () => {
      streams.out(LEAVE);
      if (!stdin.isTTY) return;
      stdin.off('data', onKey);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
