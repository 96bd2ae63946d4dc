// Who follows the events of the supervisor: controllers, usually one.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GRACE_HEADER, HEARTBEAT_MS, type SupervisorEvent } from '../apply/protocol.ts';

const MAX_GRACE_SECONDS = 86_400;
/** A follower that does not read is cut off. */
const MAX_BUFFERED_BYTES = 65_536;

export class Audience {
  readonly #state: () => SupervisorEvent;
  readonly #followers = new Map<ServerResponse, number>();
  readonly #heartbeat: NodeJS.Timeout;
  #left = Promise.withResolvers<void>();

  /** `state` is what each follower hears first. */
  constructor(state: () => SupervisorEvent) {
    this.#state = state;
    this.#heartbeat = setInterval(() => this.tell({ kind: 'heartbeat' }), HEARTBEAT_MS).unref();
  }

  get size(): number {
    return this.#followers.size;
  }

  /** The longest grace that one of them announced. */
  get graceMs(): number {
    return Math.max(0, ...this.#followers.values()) * 1000;
  }

  /** Resolves when the last one that is there now has gone. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  join(request: IncomingMessage, response: ServerResponse): void {
    const said = request.headers[GRACE_HEADER];
    const grace = typeof said === 'string' && /^\d{1,5}$/.test(said) ? Math.min(Number(said), MAX_GRACE_SECONDS) : 0;
    if (this.size === 0) this.#left = Promise.withResolvers<void>();
    this.#followers.set(response, grace);
    response.on('close', () => {
      this.#followers.delete(response);
      if (this.size === 0) this.#left.resolve();
    });
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    write(response, this.#state());
  }

  tell(event: SupervisorEvent): void {
    for (const response of this.#followers.keys()) {
      if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy();
      else write(response, event);
    }
  }

  end(): void {
    clearInterval(this.#heartbeat);
    for (const response of this.#followers.keys()) response.end();
  }
}

function write(response: ServerResponse, event: SupervisorEvent): void {
  response.write(`${JSON.stringify(event)}\n`);
}
