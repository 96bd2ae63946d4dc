// The loop: changes → model → nginx. The fast lane runs a pass for whatever came since the last one; the slow lane reloads
// when a pass found that it must, after things have been quiet for a moment. The fast lane never waits for the slow one.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Applied, Applier, Reloaded } from './apply/applier.ts';
import type { Nginx } from './apply/nginx.ts';
import { ConfigRefused } from './apply/process.ts';
import { ReloadFailed } from './apply/reload.ts';
import type { Graph } from './model/graph.ts';
import type { Model, Problem } from './model/types.ts';
import type { ReadKey } from './model/view.ts';
import type { LoopEvent } from './telemetry/journal.ts';
import { Wakeup } from './watch/wakeup.ts';

/** The slow lane waits until nothing asked for a reload for this long, but not longer than the second value. */
const QUIET_MS = 100;
const AT_MOST_MS = 1000;
/** Reloads begin at least this far apart, whatever is wanted meanwhile. */
const APART_MS = 1000;
/** A pass takes what came in the meantime; passes begin at least this far apart. */
const SLICE_MS = 10;
const RETRY_MS = 500;
const MAX_BACKOFF_MS = 10_000;
const ACKNOWLEDGE_POLL_MS = 20;

export interface LoopParts {
  readonly graph: Graph;
  readonly applier: Applier;
  readonly nginx: Nginx;
  readonly log: Logger;
  /** Reloads wait for a random time up to this, so that replicas do not reload in step. */
  readonly jitterMs: number;
  /** Called after each pass: how long it took, and how long its oldest change had waited, null when it took none; milliseconds. */
  onApplied(model: Model, milliseconds: number, waited: number | null): void;
  /** Called after each reload: how long it took, or that it failed. */
  onReload(
    outcome: (Reloaded & { readonly kind: 'reloaded' }) | { readonly kind: 'failed' },
    milliseconds: number,
  ): void;
  /** Called with each thing worth remembering. */
  onEvent(event: LoopEvent): void;
}

export class Loop {
  readonly #parts: LoopParts;
  readonly #changed = new Wakeup();
  readonly #reloadWanted = new Wakeup();
  #stale = new Set<ReadKey>();
  /** When the oldest change that no pass has taken came in. */
  #heardAt: number | null = null;
  #lastWish = 0;
  #model: Model | null = null;
  #failure: Problem | null = null;
  #isReady = false;
  #isStopping = false;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** The whole state was acknowledged by every worker of the nginx that runs. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get model(): Model | null {
    return this.#model;
  }

  /** What the loop itself met, beside the Problems of the model. */
  get problems(): readonly Problem[] {
    const refused = this.#model === null ? [] : this.#parts.applier.problems(this.#model);
    return this.#failure === null ? refused : [...refused, this.#failure];
  }

  /** Tells the loop that these reads are stale. */
  notify(stale: ReadonlySet<ReadKey>): void {
    for (const read of stale) this.#stale.add(read);
    if (stale.size === 0) return;
    this.#heardAt ??= performance.now();
    this.#changed.raise();
  }

  /** Reads that are stale, and that no pass has taken yet. */
  get queued(): number {
    return this.#stale.size;
  }

  /** nginx is about to be stopped on purpose: its end is no crash. */
  expectEnd(): void {
    this.#isStopping = true;
  }

  /** Runs until the signal. Rejects when nginx cannot be started at all. */
  async run(signal: AbortSignal): Promise<void> {
    const { applier, nginx, log } = this.#parts;
    this.#model = this.#parts.graph.evaluate();
    const how = await applier.start(this.#model, signal);
    log.info({ master: nginx.pid }, `nginx ${how}`);
    this.#parts.onEvent({ kind: 'nginx', what: how });
    this.#parts.onApplied(this.#model, 0, null);
    this.#changed.raise(); // what the start held back, or changed meanwhile
    this.#unready.raise();
    const tasks = [
      this.#fastLane(signal),
      this.#slowLane(signal),
      this.#supervise(signal),
      this.#awaitReadiness(signal),
    ];
    const ended = await Promise.allSettled(tasks);
    for (const result of ended) {
      if (result.status === 'rejected' && !signal.aborted) throw result.reason;
    }
  }

  async #fastLane(signal: AbortSignal): Promise<void> {
    let last = 0;
    for (;;) {
      await this.#changed.wait(signal);
      // The first change after a quiet time goes at once; a storm is taken in slices.
      const early = last + SLICE_MS - performance.now();
      if (early > 0) await delay(early, undefined, { signal });
      last = performance.now();
      const stale = this.#stale;
      this.#stale = new Set();
      try {
        await this.#pass(stale, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        this.#parts.log.error({ err: error }, 'sending the state to nginx failed; trying again');
        await delay(RETRY_MS, undefined, { signal });
        this.#changed.raise();
      }
    }
  }

  async #pass(stale: ReadonlySet<ReadKey>, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    const waited = this.#heardAt === null ? null : started - this.#heardAt;
    this.#heardAt = null;
    this.#parts.graph.invalidate(stale);
    const model = this.#parts.graph.evaluate();
    this.#model = model;
    const applied = await this.#parts.applier.apply(model, signal);
    const milliseconds = performance.now() - started;
    const { upserts, removals, reload, first } = applied;
    this.#report(applied, stale, milliseconds);
    this.#parts.onEvent({ kind: 'applied', upserts, removals, reload, names: first, ms: milliseconds });
    this.#parts.onApplied(model, milliseconds, waited);
    if (applied.reload === null) this.#failure = null;
    else if (!this.#failure?.message.startsWith(failureText(applied.reload))) this.#wantReload();
  }

  /** One line for each applied change: what came, what was sent for it, whether that needs a reload and why, how long it took. */
  #report({ upserts, removals, reload, names }: Applied, stale: ReadonlySet<ReadKey>, milliseconds: number): void {
    if (upserts + removals === 0 && reload === null) return;
    const waiting = reload === null ? '' : `; a reload is needed: ${reload}`;
    this.#parts.log.info(
      {
        changed: shown([...stale].map(objectOf)),
        sent: shown(names),
        upserts,
        removals,
        reload,
        ms: round(milliseconds),
      },
      `applied ${upserts} changes and ${removals} removals${waiting}`,
    );
  }

  #wantReload(): void {
    this.#lastWish = performance.now();
    this.#reloadWanted.raise();
  }

  async #slowLane(signal: AbortSignal): Promise<void> {
    const { applier, log } = this.#parts;
    let reloaded = Number.NEGATIVE_INFINITY;
    for (;;) {
      await this.#reloadWanted.wait(signal);
      const first = performance.now();
      while (performance.now() < Math.min(this.#lastWish + QUIET_MS, first + AT_MOST_MS)) {
        await delay(QUIET_MS / 4, undefined, { signal });
      }
      const early = reloaded + APART_MS - performance.now();
      if (early > 0) await delay(early, undefined, { signal });
      await this.#waitOutOfStep(signal);
      const model = this.#model;
      if (model === null) continue;
      const started = performance.now();
      try {
        // A wish from before the last reload may be fulfilled by now.
        const outcome = await applier.reload(model, signal);
        this.#failure = null;
        this.#pause = RETRY_MS;
        if (outcome.kind === 'reloaded') {
          reloaded = started;
          const milliseconds = performance.now() - started;
          log.info({ reason: outcome.reason, ms: round(milliseconds) }, 'nginx reloaded');
          this.#parts.onReload(outcome, milliseconds);
          this.#parts.onEvent({ kind: 'reloaded', reason: outcome.reason, ms: milliseconds });
        }
      } catch (error) {
        if (signal.aborted) throw error;
        this.#parts.onReload({ kind: 'failed' }, performance.now() - started);
        await this.#reloadFailed(error, model, signal);
      }
      this.#changed.raise(); // the hosts that waited
    }
  }

  async #waitOutOfStep(signal: AbortSignal): Promise<void> {
    const ms = Math.round(Math.random() * this.#parts.jitterMs);
    if (ms === 0) return;
    this.#parts.log.info(`reloading in ${ms} ms, so that replicas do not reload in step (--reload-jitter)`);
    await delay(ms, undefined, { signal });
  }

  /**
   * nginx goes on with what it has. What nginx refused is not tried again until something else is wanted; what went wrong
   * around it (a full disk, nginx that just ended) is, after a growing pause.
   */
  async #reloadFailed(error: unknown, model: Model, signal: AbortSignal): Promise<void> {
    this.#parts.log.error({ err: error }, 'reloading nginx failed; the running configuration stays');
    const reason = this.#parts.applier.reloadReason(model) ?? '';
    this.#failure = {
      object: { kind: 'Configuration', namespace: '', name: 'nginx.conf' },
      severity: 'error',
      code: 'reload-failed',
      message: `${failureText(reason)}: ${error instanceof Error ? error.message : String(error)}`,
    };
    this.#parts.onEvent({
      kind: 'reload-failed',
      reason,
      message: error instanceof Error ? error.message : String(error),
    });
    if (error instanceof ConfigRefused || error instanceof ReloadFailed) return;
    this.#parts.onApplied(model, 0, null);
    await delay(this.#pause, undefined, { signal });
    this.#pause = Math.min(this.#pause * 2, MAX_BACKOFF_MS);
    this.#wantReload();
  }
  #pause = RETRY_MS;

  /** nginx that ends by itself is started again with everything: at once, and after a growing pause when it ends again. */
  async #supervise(signal: AbortSignal): Promise<void> {
    const { nginx, applier, log } = this.#parts;
    let pause = 0;
    for (;;) {
      const since = performance.now();
      await nginx.ended(signal);
      if (this.#isStopping) return;
      this.#isReady = false;
      if (performance.now() - since > 60_000) pause = 0;
      this.#parts.onEvent({ kind: 'nginx', what: 'ended' });
      log.error(`nginx ended by itself; starting it again ${pause === 0 ? 'at once' : `in ${pause} ms`}`);
      await delay(pause, undefined, { signal });
      pause = Math.min(Math.max(pause * 2, RETRY_MS), MAX_BACKOFF_MS);
      if (this.#model === null) continue;
      try {
        const how = await applier.start(this.#model, signal);
        log.info({ master: nginx.pid }, how === 'started' ? 'nginx started again' : 'nginx adopted');
        this.#parts.onEvent({ kind: 'nginx', what: how });
        this.#changed.raise();
        this.#unready.raise();
      } catch (error) {
        if (signal.aborted) throw error;
        log.error({ err: error }, 'starting nginx failed');
      }
    }
  }

  /** Ready after each start of nginx, the first and those after a crash, as soon as every worker has everything. */
  async #awaitReadiness(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#unready.wait(signal);
      for (;;) {
        this.#isReady = await this.#parts.applier.isAcknowledged(signal).catch(() => false);
        if (this.#isReady) break;
        await delay(ACKNOWLEDGE_POLL_MS, undefined, { signal });
      }
      this.#parts.log.info('ready: every nginx worker has the whole state');
    }
  }
  readonly #unready = new Wakeup();
}

/** "get:Service:demo/web" → "Service demo/web"; lists as they are. */
function objectOf(read: ReadKey): string {
  return read.startsWith('get:') ? read.slice(4).replace(':', ' ') : read;
}

const SHOWN = 10;

/** The first few; a storm of changes is one line, too. */
function shown(names: readonly string[]): readonly string[] {
  return names.length <= SHOWN ? names : [...names.slice(0, SHOWN), `… ${names.length - SHOWN} more`];
}

/** Tenths of milliseconds. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

function failureText(reason: string): string {
  return `the reload for "${reason}" failed`;
}
