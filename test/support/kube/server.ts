// An API server double: real HTTP on a loopback port, with the semantics of
// https://kubernetes.io/docs/reference/using-api/api-concepts/ over objects in memory, and failures on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { makePair, type Pair } from '../certificates.ts';
import { type Listener, listen } from '../listener.ts';
import { freePorts } from '../ports.ts';
import type { WebhookClient } from '../webhook.ts';
import { type Fault, Faults, type FaultWhere } from './faults.ts';
import { handle, type Parts, type SeenRequest } from './handler.ts';
import { renderKubeconfig } from './kubeconfig.ts';
import { Objects } from './objects.ts';
import { Store } from './store.ts';
import { Timers } from './timers.ts';
import type { Disturbance } from './watch.ts';
import { type ExpiredWatch, Watches } from './watches.ts';
import { covers, type Where } from './where.ts';

export interface ApiServerOptions {
  readonly scheme?: 'http' | 'https';
  /** The bearer token that every request must carry; null (the default) lets everybody in. */
  readonly token?: string | null;
  /** How many changes are remembered for watches and consistent lists; 20,000. */
  readonly history?: number;
  /** Milliseconds between bookmarks; a minute, as the real one. */
  readonly bookmarkEvery?: number;
  readonly expiredWatch?: ExpiredWatch;
}

/** "replaced" is another etcd, restored from a backup: the same objects, a new history, revisions from the beginning. */
export type History = 'kept' | 'replaced';

export class ApiServerDouble extends Objects {
  readonly port: number;
  readonly scheme: 'http' | 'https';
  readonly #pair: Pair | null;
  readonly #store: Store;
  readonly #watches: Watches;
  readonly #faults = new Faults();
  readonly #timers = new Timers();
  readonly #seen: SeenRequest[] = [];
  readonly #bookmarkEvery: number;
  #token: string | null;
  #webhook: WebhookClient | null = null;
  #listener: Listener | null = null;

  constructor(port: number, pair: Pair | null, options: ApiServerOptions) {
    const store = new Store(options.history ?? 20_000);
    super(store);
    this.port = port;
    this.scheme = pair === null ? 'http' : 'https';
    this.#pair = pair;
    this.#store = store;
    this.#watches = new Watches(store, this.#timers, options.expiredWatch ?? 'event');
    this.#token = options.token ?? null;
    this.#bookmarkEvery = options.bookmarkEvery ?? 60_000;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  /** The certificate to trust, PEM; null over plain HTTP. */
  get authority(): string | null {
    return this.#pair?.certificate ?? null;
  }

  /** The text of a kubeconfig file; the token is the one of this moment. */
  kubeconfig(): string {
    return renderKubeconfig({ url: this.url, token: this.#token, authority: this.authority });
  }

  /** Of the last change, over all kinds. */
  get revision(): number {
    return this.#store.revision;
  }

  /** Forgets the history: older resource versions and continue tokens are answered with 410. Open watches go on. */
  compact(): void {
    this.#store.compact();
  }

  /** Requests for resources that came so far, in order; refused ones too, but not those without the token. */
  requests(where: Where = {}): SeenRequest[] {
    return this.#seen.filter((request) => covers(where, request));
  }

  /** How many watches are open, half-open ones among them. */
  watches(where: Where = {}): number {
    return this.#watches.open(where).length;
  }

  /** Sends a bookmark now, to the watches that asked for them. */
  bookmark(where: Where = {}): void {
    this.#watches.bookmark(where);
  }

  /** Does something to the watches that are open now; how many there were. */
  disturbWatches(how: Disturbance, where: Where = {}): number {
    const watches = this.#watches.open(where);
    for (const watch of watches) watch[how]();
    return watches.length;
  }

  /** Switches a failure on; of several that are about a request, the last counts. Returns what takes it back. */
  fault(fault: Fault, where: FaultWhere = {}): () => void {
    return this.#faults.add(fault, where);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  /** From now on another token is asked for, or none. Open watches go on. */
  setToken(token: string | null): void {
    this.#token = token;
  }

  /** From now on writes of Ingresses through the API are put to this webhook first; null for nobody. */
  setWebhook(webhook: WebhookClient | null): void {
    this.#webhook = webhook;
  }

  /**
   * Connections are cut and new ones refused; faults are taken back. The objects stay and can be changed meanwhile.
   * Safe to call again.
   */
  async stop(): Promise<void> {
    const listener = this.#listener;
    if (listener === null) return;
    this.#listener = null;
    this.#timers.stop();
    const stopped = listener.stop();
    this.#faults.clear();
    await stopped;
  }

  /** Listens again on the same port after stop(). */
  async start(history: History = 'kept'): Promise<void> {
    if (history === 'replaced') this.#store.startOver();
    const parts: Parts = {
      store: this.#store,
      watches: this.#watches,
      faults: this.#faults,
      timers: this.#timers,
      seen: this.#seen,
      token: () => this.#token,
      webhook: () => this.#webhook,
    };
    const serve = (message: IncomingMessage, response: ServerResponse): void => {
      void handle(parts, message, response);
    };
    const pair = this.#pair;
    const server =
      pair === null ? createServer(serve) : createSecureServer({ key: pair.key, cert: pair.certificate }, serve);
    this.#listener = await listen(server, '127.0.0.1', this.port);
    this.#timers.every(this.#bookmarkEvery, () => this.bookmark());
  }
}

/** Starts one on a free port; stop() ends it. It has no objects. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServerDouble> {
  const [port] = (await freePorts(1)) as [number];
  const pair = options.scheme === 'https' ? await makePair(['127.0.0.1', 'localhost']) : null;
  const server = new ApiServerDouble(port, pair, options);
  await server.start();
  return server;
}
