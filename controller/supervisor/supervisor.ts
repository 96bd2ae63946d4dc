// The supervisor of nginx in a container without the token: it runs the fixed commands test, start, reload and stop for the
// controller, and says when nginx ended. At the end it lets nginx serve until the controller says that it may go.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { PortTaken } from '../apply/listen.ts';
import { ConfigRefused, type NginxProcess } from '../apply/process.ts';
import {
  aliveRequest,
  graceRequest,
  type HostAnswer,
  type leaveAnswer,
  MAX_OUTPUT_CHARACTERS,
  type startAnswer,
  startRequest,
  type testAnswer,
} from '../apply/protocol.ts';
import { Audience } from './audience.ts';
import { BadRequest, type Commands } from './server.ts';

/** What the controller needs beyond its grace to tell clients to go. */
const SLACK_MS = 5000;

export interface SupervisorParts {
  readonly nginx: NginxProcess;
  readonly host: HostAnswer;
  readonly log: Logger;
  /** How long nginx serves on at the end when no controller is there to say. */
  readonly graceMs: number;
  /** How long it may then finish its requests. */
  readonly patienceMs: number;
  /** Tells clients to go. */
  drain(): Promise<void>;
}

export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #audience: Audience;
  #isLeaving = false;
  /** Resolves when the controller said that nginx may go, with its grace. */
  readonly #released = Promise.withResolvers<number>();
  #stopNow = new AbortController();

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#audience = new Audience(() => ({ kind: 'state', pid: this.#living, isLeaving: this.#isLeaving }));
  }

  get #living(): number | null {
    return this.#parts.nginx.isAlive ? this.#parts.nginx.pid : null;
  }

  get commands(): Commands {
    return {
      follow: (request, response) => this.#audience.join(request, response),
      calls: new Map([
        ['GET /v1/host', async () => this.#parts.host],
        ['GET /v1/state', async () => ({ pid: this.#living })],
        ['POST /v1/test', () => this.#test()],
        ['POST /v1/start', (body: unknown) => this.#start(read(startRequest, body))],
        ['POST /v1/reload', () => this.#reload()],
        ['POST /v1/alive', async (body: unknown) => this.#alive(read(aliveRequest, body))],
        ['POST /v1/stop', (body: unknown) => this.#stop(read(graceRequest, body))],
        ['POST /v1/leave', async (body: unknown) => this.#release(read(graceRequest, body))],
      ] satisfies [string, (body: unknown) => Promise<object>][]),
    };
  }

  /** Takes over an nginx that an earlier supervisor left, outside of a container. */
  async adopt(signal: AbortSignal): Promise<void> {
    const pid = await this.#parts.nginx.adopt();
    if (pid === null) return;
    this.#parts.log.info({ master: pid }, 'nginx adopted');
    this.#watch(pid, signal);
  }

  /** Lets nginx go: on the controller's word, else after our own grace. `force` ends it at once. */
  async leave(force: AbortSignal): Promise<void> {
    const { nginx, log, patienceMs, drain } = this.#parts;
    this.#isLeaving = true;
    this.#audience.tell({ kind: 'leaving' });
    if (nginx.isAlive) {
      const allowed = await this.#word(force);
      log.info('nginx finishes its requests and ends');
      await nginx.leave({
        graceMs: allowed ?? patienceMs,
        force,
        drain: allowed === null && !force.aborted ? drain : async () => undefined, // the controller did it
      });
      log.info('nginx has ended');
    }
    this.#audience.end();
  }

  /** Waits until nginx may go: how long it may then take, null when the controller did not say. */
  async #word(force: AbortSignal): Promise<number | null> {
    const { log, graceMs } = this.#parts;
    const isAttended = this.#audience.size > 0;
    const longest = isAttended ? Math.max(graceMs, this.#audience.graceMs + SLACK_MS) : graceMs;
    log.info(
      isAttended ? 'waiting for the controller to say that nginx may go' : `no controller: nginx goes in ${longest} ms`,
    );
    const over = new AbortController();
    const signal = AbortSignal.any([force, over.signal]);
    const waits: Promise<number | null>[] = [this.#released.promise, delay(longest, null, { signal })];
    if (isAttended) waits.push(this.#audience.left.then(() => delay(graceMs, null, { signal })));
    try {
      return await Promise.race(waits);
    } catch {
      return null; // forced
    } finally {
      over.abort();
      void Promise.allSettled(waits.slice(1));
    }
  }

  async #test(): Promise<z.infer<typeof testAnswer>> {
    await this.#parts.nginx.prepare();
    try {
      await this.#parts.nginx.test();
      return { outcome: 'accepted' };
    } catch (error) {
      if (!(error instanceof ConfigRefused)) throw error;
      return { outcome: 'refused', output: error.output.slice(0, MAX_OUTPUT_CHARACTERS) };
    }
  }

  async #start({ listens }: z.infer<typeof startRequest>): Promise<z.infer<typeof startAnswer>> {
    const { nginx, log } = this.#parts;
    if (this.#isLeaving) throw new BadRequest('nginx is not started: the supervisor was asked to end');
    if (nginx.isAlive) throw new BadRequest('nginx runs already');
    try {
      await nginx.start(listens);
    } catch (error) {
      if (error instanceof PortTaken) return { outcome: 'port-taken', message: error.message };
      throw error;
    }
    const { pid } = nginx;
    if (pid === null) throw new Error('nginx ended right after its start');
    log.info({ master: pid }, 'nginx started');
    this.#watch(pid, new AbortController().signal);
    return { outcome: 'started', pid };
  }

  async #reload(): Promise<object> {
    await this.#parts.nginx.reload();
    this.#parts.log.info('nginx was told to load its configuration');
    return {};
  }

  async #alive({ pids }: z.infer<typeof aliveRequest>): Promise<object> {
    return { pids: [...(await this.#parts.nginx.alive(pids))] };
  }

  /** Answers when nothing of it is left. Asked a second time without a grace, it does not wait. */
  async #stop({ graceMs }: z.infer<typeof graceRequest>): Promise<object> {
    if (graceMs === 0) this.#stopNow.abort();
    else this.#stopNow = new AbortController();
    await this.#parts.nginx.stop(graceMs, this.#stopNow.signal);
    return {};
  }

  #release({ graceMs }: z.infer<typeof graceRequest>): z.infer<typeof leaveAnswer> {
    if (!this.#isLeaving) return { outcome: 'kept' };
    this.#released.resolve(graceMs);
    return { outcome: 'quitting' };
  }

  #watch(pid: number, signal: AbortSignal): void {
    this.#parts.nginx
      .ended(signal)
      .then(() => {
        if (!this.#isLeaving) this.#parts.log.info({ master: pid }, 'nginx ended');
        this.#audience.tell({ kind: 'ended', pid });
      })
      .catch(() => undefined); // the signal: nobody is left to hear it
  }
}

function read<T>(shape: z.ZodType<T>, body: unknown): T {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new BadRequest(`the body has another shape: ${parsed.error.issues[0]?.message ?? ''}`);
}
