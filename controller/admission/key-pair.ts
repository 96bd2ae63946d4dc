// The certificate of the webhook, from its two files, followed while it runs: a job, cert-manager or the kubelet, which swaps a
// whole mounted Secret by a link, may bring another one at any time.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { watch } from 'chokidar';

/** Where they are. */
export interface Files {
  readonly certificate: string;
  readonly key: string;
  /** Of the authority that clients must have a certificate of; null where anybody may ask. */
  readonly clientAuthority: string | null;
}

/** What the files hold, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
  /** null where anybody may ask. */
  readonly ca: string | null;
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
  readonly #files: Files;
  readonly #events: KeyPairEvents;
  #before: KeyPair | null = null;
  #complaint: string | null = null;
  #queue: Promise<void> = Promise.resolve();

  constructor(files: Files, events: KeyPairEvents) {
    this.#files = files;
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
    const { certificate, key, clientAuthority } = this.#files;
    const paths = [certificate, key, ...(clientAuthority === null ? [] : [clientAuthority])];
    const folders = [...new Set(paths.map((path) => dirname(path)))];
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
      const { certificate, key: ofKey, clientAuthority } = this.#files;
      const [cert, key] = [await readFile(certificate, 'utf8'), await readFile(ofKey, 'utf8')];
      const ca = clientAuthority === null ? null : await readFile(clientAuthority, 'utf8');
      if (cert === this.#before?.cert && key === this.#before.key && ca === this.#before.ca) return;
      if (ca !== null) new X509Certificate(ca); // a list without any would let nobody in, or everybody
      createSecureContext({ cert, key }); // throws when they are broken, or do not fit together
      this.#before = { cert, key, ca };
      this.#complaint = null;
      this.#events.onPair(this.#before);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== this.#complaint) this.#events.onUnusable(why);
      this.#complaint = why;
    }
  }
}
