// Server-sent events: tells pages that something changed, at most once a second and to a bounded number of them. A page then
// asks for itself anew; what it is told is only that there is something new.
import type { ServerResponse } from 'node:http';

const MAX_LISTENERS = 32;
const APART_MS = 1000;
/** One that does not read what it gets is let go. */
const MAX_UNREAD_BYTES = 16_384;

export class Listeners {
  readonly #open = new Set<ServerResponse>();
  #number = 0;
  #timer: NodeJS.Timeout | null = null;
  #toldAt = 0;

  /** Ends all connections with the signal. */
  constructor(signal: AbortSignal) {
    signal.addEventListener(
      'abort',
      () => {
        if (this.#timer !== null) clearTimeout(this.#timer);
        for (const response of this.#open) response.end();
        this.#open.clear();
      },
      { once: true },
    );
  }

  get count(): number {
    return this.#open.size;
  }

  /** False when there are too many. `headers` come first. */
  add(response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (this.#open.size >= MAX_LISTENERS) return false;
    response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream' });
    response.write(`retry: 3000\n${eventOf(this.#number)}`);
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
    return true;
  }

  /** Something changed. */
  tell(): void {
    if (this.#timer !== null || this.#open.size === 0) return;
    this.#timer = setTimeout(() => this.#send(), Math.max(0, this.#toldAt + APART_MS - Date.now()));
    this.#timer.unref();
  }

  #send(): void {
    this.#timer = null;
    this.#toldAt = Date.now();
    this.#number += 1;
    for (const response of this.#open) {
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      else response.write(eventOf(this.#number));
    }
  }
}

function eventOf(number: number): string {
  return `id: ${number}\nevent: changed\ndata: ${number}\n\n`;
}
