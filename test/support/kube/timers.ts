// The only timers of the API server double: it behaves by the clock as the real one does, and stops them all when it stops.

export class Timers {
  readonly #pending = new Map<NodeJS.Timeout, () => void>();

  /** Returns what takes it back. */
  after(milliseconds: number, run: () => void): () => void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      run();
    }, milliseconds);
    this.#pending.set(timer, () => undefined);
    return () => this.#forget(timer);
  }

  every(milliseconds: number, run: () => void): void {
    this.#pending.set(setInterval(run, milliseconds), () => undefined);
  }

  /** Ends early, without an error, when the timers are stopped. */
  async wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(timer);
        resolve();
      }, milliseconds);
      this.#pending.set(timer, resolve);
    });
  }

  stop(): void {
    for (const [timer, stopped] of [...this.#pending]) {
      this.#forget(timer);
      stopped();
    }
  }

  #forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#pending.delete(timer);
  }
}
