// The nginx master in another container, behind a supervisor: every wish is a request on a unix socket, its end an event. A
// supervisor that is not there is waited for; one that goes took nginx with it, as far as we know.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { assertNever } from '../assert.ts';
import { PortTaken } from './listen.ts';
import type { Leaving, Listen, Master } from './nginx.ts';
import { ConfigRefused } from './process.ts';
import {
  aliveAnswer,
  doneAnswer,
  type HostAnswer,
  hostAnswer,
  leaveAnswer,
  type SupervisorEvent,
  startAnswer,
  stateAnswer,
  testAnswer,
} from './protocol.ts';
import { type Call, type SupervisorClient, SupervisorFailed, SupervisorUnavailable } from './supervisor-client.ts';

const SHORT_MS = 5000;
/** Longer than the supervisor gives `nginx -t`. */
const TEST_MS = 15_000;
const POLL_MS = 100;
/** A Pod's end reaches its containers one after the other. */
const LEAVING_TOGETHER_MS = 2000;

export interface RemoteParts {
  readonly client: SupervisorClient;
  readonly log: Logger;
  /** Told to the supervisor, so that it waits for our word at the end. */
  readonly graceSeconds: number;
  /** Ends every wait. */
  readonly signal: AbortSignal;
}

export class RemoteMaster implements Master {
  readonly #parts: RemoteParts;
  #pid: number | null = null;
  #isLeaving = false;
  /** The stream of events, until it ends; null while there is none. */
  #stream: Promise<void> | null = null;

  constructor(parts: RemoteParts) {
    this.#parts = parts;
  }

  get pid(): number | null {
    return this.#pid;
  }

  /** One that is about to go with its supervisor counts as gone: no new clients should be sent there. */
  get isAlive(): boolean {
    return this.#pid !== null && !this.#isLeaving;
  }

  /** What the binary there can do, and where it runs; waits for the supervisor. */
  host(): Promise<HostAnswer> {
    return this.#call({ method: 'GET', path: '/v1/host', answer: hostAnswer, timeoutMs: SHORT_MS });
  }

  /** Its folders are the supervisor's to make. */
  async prepare(): Promise<void> {}

  async adopt(): Promise<number | null> {
    await this.#attend();
    const { pid } = await this.#call({ method: 'GET', path: '/v1/state', answer: stateAnswer, timeoutMs: SHORT_MS });
    this.#take(pid);
    return this.#pid;
  }

  async start(listens: readonly Listen[]): Promise<void> {
    await this.#attend();
    const call = {
      method: 'POST',
      path: '/v1/start',
      body: { listens },
      answer: startAnswer,
      timeoutMs: TEST_MS,
    } as const;
    const answer = await this.#call(call);
    if (answer.outcome === 'port-taken') throw new PortTaken(answer.message);
    this.#take(answer.pid);
  }

  async test(): Promise<void> {
    const answer = await this.#call({ method: 'POST', path: '/v1/test', answer: testAnswer, timeoutMs: TEST_MS });
    if (answer.outcome === 'refused') throw new ConfigRefused(answer.output);
  }

  async reload(): Promise<void> {
    await this.#once({ method: 'POST', path: '/v1/reload', answer: doneAnswer, timeoutMs: SHORT_MS });
  }

  async alive(pids: readonly number[]): Promise<ReadonlySet<number>> {
    if (pids.length === 0) return new Set();
    const call = {
      method: 'POST',
      path: '/v1/alive',
      body: { pids },
      answer: aliveAnswer,
      timeoutMs: SHORT_MS,
    } as const;
    const asked = new Set(pids);
    return asked.intersection(new Set((await this.#once(call)).pids));
  }

  async ended(signal: AbortSignal): Promise<void> {
    if (this.#pid === null) return;
    const gone = this.#gone.promise;
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      void gone.then(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  async stop(graceMs: number): Promise<void> {
    const call = { method: 'POST', path: '/v1/stop', body: { graceMs }, answer: doneAnswer } as const;
    await this.#call({ ...call, timeoutMs: graceMs + TEST_MS });
    this.#lose();
  }

  /** At the end of a Pod nginx goes when we say so; when only we go, the supervisor keeps it for the next controller. */
  async leave({ graceMs, force, drain }: Leaving): Promise<void> {
    if (this.#pid === null) return;
    const together = Date.now() + LEAVING_TOGETHER_MS;
    while (!this.#isLeaving && this.#pid !== null && Date.now() < together && !force.aborted) {
      await delay(POLL_MS, undefined, { signal: force }).catch(() => undefined);
    }
    if (this.#isLeaving && this.#pid !== null) await drain();
    const call = {
      method: 'POST',
      path: '/v1/leave',
      body: { graceMs },
      answer: leaveAnswer,
      timeoutMs: SHORT_MS,
    } as const;
    try {
      const { outcome } = await this.#once(call);
      if (outcome === 'kept') {
        this.#parts.log.info('nginx goes on serving: its supervisor was not asked to end');
        return;
      }
      await this.ended(AbortSignal.any([force, AbortSignal.timeout(graceMs + SHORT_MS)])).catch(() => undefined);
      const now = {
        method: 'POST',
        path: '/v1/stop',
        body: { graceMs: 0 },
        answer: doneAnswer,
        timeoutMs: SHORT_MS,
      } as const;
      if (this.#pid !== null) await this.#once(now);
    } catch (error) {
      if (error instanceof SupervisorUnavailable) this.#parts.log.info('nginx has ended: its supervisor is gone');
      else if (error instanceof SupervisorFailed) this.#parts.log.error(error.message);
      else throw error;
    }
  }

  /** Follows the events of the supervisor, waiting for it when it is not there. */
  async #attend(): Promise<void> {
    if (this.#stream !== null) return;
    await this.#call({ method: 'GET', path: '/v1/state', answer: stateAnswer, timeoutMs: SHORT_MS });
    const { client, log, graceSeconds, signal } = this.#parts;
    const first = Promise.withResolvers<void>();
    const onEvent = (what: SupervisorEvent): void => {
      this.#note(what);
      first.resolve();
    };
    this.#stream = client
      .follow(graceSeconds, onEvent, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) log.debug({ err: error }, 'following the events of the supervisor of nginx failed');
      })
      .then(() => {
        if (this.#pid !== null && !signal.aborted) log.warn('the supervisor of nginx is gone, or hangs');
        this.#stream = null;
        this.#isLeaving = false;
        this.#lose();
        first.resolve();
      });
    await first.promise;
  }

  /** Its end may have been said before the answer that names it was read. */
  #take(pid: number | null): void {
    this.#lose();
    if (pid === null || pid === this.#lastEnded || this.#stream === null) return;
    this.#pid = pid;
    this.#gone = Promise.withResolvers<void>();
  }

  #lose(): void {
    this.#pid = null;
    this.#gone.resolve();
  }
  #gone = Promise.withResolvers<void>();
  #lastEnded: number | null = null;

  #note(what: SupervisorEvent): void {
    switch (what.kind) {
      case 'state':
        this.#isLeaving = what.isLeaving;
        break;
      case 'leaving':
        this.#isLeaving = true;
        break;
      case 'ended':
        this.#lastEnded = what.pid;
        if (what.pid === this.#pid) this.#lose();
        break;
      case 'heartbeat':
        break;
      default:
        assertNever(what);
    }
  }

  #once<T>(call: Call<T>): Promise<T> {
    return this.#parts.client.call(call, this.#parts.signal);
  }

  /** Asks until the supervisor answers; one line in the log says that it is waited for, another one that it came. */
  async #call<T>(call: Call<T>): Promise<T> {
    const { log, signal } = this.#parts;
    for (;;) {
      try {
        const answer = await this.#once(call);
        if (this.#isWaiting) log.info('the supervisor of nginx answers');
        this.#isWaiting = false;
        return answer;
      } catch (error) {
        if (!(error instanceof SupervisorUnavailable)) throw error;
        if (!this.#isWaiting) log.warn(`${error.message} Waiting for it`);
        this.#isWaiting = true;
        await delay(POLL_MS, undefined, { signal });
      }
    }
  }
  #isWaiting = false;
}
