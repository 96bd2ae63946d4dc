// The body of a request, within bounds: so much of one, and so much of all that are under way (R9).

/** etcd takes 1.5 MiB of an object; a review holds it twice at an update. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Of all bodies that are being received or wait for their review. */
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;

export type Body =
  | { readonly kind: 'text'; readonly text: string; readonly bytes: number }
  | { readonly kind: 'too-large' | 'too-many' | 'not-utf8' | 'cut-off' };

export class Bodies {
  #held = 0;

  /**
   * Reads one; the caller gives `bytes` back to release() when it is done with the text. What does not fit is read to its end
   * and thrown away, because an answer that comes before it gets lost. Never rejects.
   */
  async read(message: AsyncIterable<Buffer>): Promise<Body> {
    const chunks: Buffer[] = [];
    let [bytes, kept] = [0, 0];
    let excess: 'too-large' | 'too-many' | null = null;
    const give = (kind: 'too-large' | 'too-many' | 'not-utf8' | 'cut-off'): Body => {
      this.release(kept);
      return { kind };
    };
    try {
      for await (const chunk of message) {
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) excess ??= 'too-large';
        else if (this.#held + chunk.length > MAX_TOTAL_BYTES) excess ??= 'too-many';
        if (excess !== null) {
          chunks.length = 0;
          this.release(kept); // at once: others still have a chance
          kept = 0;
          continue;
        }
        kept += chunk.length;
        this.#held += chunk.length;
        chunks.push(chunk);
      }
    } catch {
      return give('cut-off'); // the client went away, or was too slow
    }
    if (excess !== null) return give(excess);
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
      return { kind: 'text', text, bytes };
    } catch {
      return give('not-utf8');
    }
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}
