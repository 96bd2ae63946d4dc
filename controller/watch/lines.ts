// Cuts a stream of bytes into lines, wherever its pieces end: in a line, or in a character.

const NEWLINE = 10;

export class LineCutter {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** A line longer than `maxBytes` is a RangeError. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How much of a line that has not ended is held back. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** The lines that this piece completes, without their ends; empty ones are left out. */
  push(piece: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      this.#keep(piece.subarray(start, end));
      const line = this.#take();
      if (line.trim() !== '') lines.push(line);
      start = end + 1;
    }
    this.#keep(piece.subarray(start));
    return lines;
  }

  /** Pieces are joined only once the line is whole: joining at each would cost the square of its length. */
  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#bytes += piece.length;
    if (this.#bytes > this.#maxBytes) throw new RangeError(`a line is longer than ${this.#maxBytes} bytes`);
    this.#pieces.push(piece);
  }

  #take(): string {
    const [first, ...more] = this.#pieces;
    const line = first === undefined ? '' : (more.length === 0 ? first : Buffer.concat(this.#pieces)).toString('utf8');
    this.#pieces = [];
    this.#bytes = 0;
    return line;
  }
}
