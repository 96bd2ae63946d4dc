// The certificate of the webhook, from its two files, followed while it runs: a job, cert-manager or the kubelet, which swaps a
// whole mounted Secret by a link, may bring another one at any time.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { watch } from 'chokidar';

/** What both files hold, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface KeyPairEvents {
  /** A pair that fits together and is another one than before. */
  onPair(pair: KeyPair): void;
  /** They cannot be used; said once for each reason. What was used before goes on. */
  onUnusable(why: string): void;
}

/** Files that are written one after the other are read once both are there. */
const SETTLE_MS = 100;
/** Whatever the file system keeps to itself is found then. */
const LOOK_MS = 10_000;

export class KeyPairFiles {
  readonly #certificate: string;
  readonly #key: string;
  readonly #events: KeyPairEvents;
  #before: KeyPair | null = null;
  #complaint: string | null = null;
  #queue: Promise<void> = Promise.resolve();

  constructor(certificate: string, key: string, events: KeyPairEvents) {
    this.#certificate = certificate;
    this.#key = key;
    this.#events = events;
  }

  /** Reads them once, and again whenever they change, until the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.#read();
    let settling: NodeJS.Timeout | null = null;
    const soon = (): void => {
      settling ??= setTimeout(() => {
        settling = null;
        void this.#read();
      }, SETTLE_MS);
    };
    // The folders and not the files: a link beside them is what changes in a mounted Secret.
    const folders = [...new Set([dirname(this.#certificate), dirname(this.#key)])];
    const watcher = watch(folders, { depth: 0, followSymlinks: false, ignoreInitial: true });
    watcher.on('all', soon).on('raw', soon).on('error', soon);
    const looking = setInterval(() => void this.#read(), LOOK_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(looking);
        if (settling !== null) clearTimeout(settling);
        void watcher.close();
      },
      { once: true },
    );
  }

  #read(): Promise<void> {
    this.#queue = this.#queue.then(() => this.#readNow());
    return this.#queue;
  }

  /** Never rejects. */
  async #readNow(): Promise<void> {
    try {
      const [cert, key] = [await readFile(this.#certificate, 'utf8'), await readFile(this.#key, 'utf8')];
      if (cert === this.#before?.cert && key === this.#before.key) return;
      createSecureContext({ cert, key }); // throws when they are broken, or do not fit together
      this.#before = { cert, key };
      this.#complaint = null;
      this.#events.onPair(this.#before);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== this.#complaint) this.#events.onUnusable(why);
      this.#complaint = why;
    }
  }
}
