// A flag that one side raises and the other waits for; raising it many times before the wait counts once.

export class Wakeup {
  #raised = false;
  #resolve: (() => void) | null = null;

  raise(): void {
    this.#raised = true;
    this.#resolve?.();
  }

  /** Resolves when the flag is up, and lowers it. Rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#raised) {
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        this.#resolve = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
      });
      this.#resolve = null;
    }
    this.#raised = false;
  }
}
