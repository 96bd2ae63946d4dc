// Runs reviews one after another, in slices between which everything else of the controller goes on, and none for longer than
// its budget (R9).
import { setImmediate as breathe } from 'node:timers/promises';
import { candidateOf } from './candidate.ts';
import { type Answer, openReview, sealReview } from './envelope.ts';
import type { Finding } from './finding.ts';
import { judging, type State, type Verdict } from './judge.ts';
import { messageOf, warningsOf } from './wording.ts';

const BUDGET_MS = 2000;
/** The controller has endpoints to send meanwhile. */
const SLICE_MS = 10;

/** How a review went. */
export interface Reviewed {
  readonly namespace: string;
  readonly name: string;
  readonly outcome: 'allowed' | 'refused';
  /** Ingresses that were looked at closely. */
  readonly looked: number;
  readonly bodyBytes: number;
  /** Seconds until the object was read, until it was judged after that, and in all. */
  readonly reading: number;
  readonly judging: number;
  readonly total: number;
}

export type Desked =
  | { readonly kind: 'answer'; readonly body: string }
  /** Nothing that could be answered with a review. */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** The state is not there yet: failurePolicy of the webhook decides. */
  | { readonly kind: 'early' };

export interface DeskParts {
  /** What is served at this moment; null until it is known. */
  state(): State | null;
  onReviewed(reviewed: Reviewed): void;
  readonly budgetMs?: number;
}

export class Desk {
  readonly #parts: DeskParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** One at a time: parsed, a body may be many times its size. Rejects when nobody waits for it any more, and for bugs. */
  review(body: string, signal: AbortSignal): Promise<Desked> {
    const next = this.#last.then(() => {
      signal.throwIfAborted();
      return this.#review(body);
    });
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #review(body: string): Promise<Desked> {
    const state = this.#parts.state();
    if (state === null) return { kind: 'early' };
    const started = performance.now();
    const opened = openReview(body);
    if (!opened.ok) return { kind: 'unreadable', why: opened.why };
    const { asked } = opened;
    const candidate = candidateOf(asked, state.view, state.settings);
    const seal = (answer: Answer): Desked => ({ kind: 'answer', body: sealReview(asked.uid, answer) });
    if (candidate.kind === 'passed') {
      return seal({ refusal: null, warnings: candidate.remark === null ? [] : [candidate.remark] });
    }
    if (candidate.kind === 'refused') return seal({ refusal: candidate.why, warnings: [] });
    const { ingress } = candidate;
    const read = performance.now();
    const { findings, looked } = await this.#judge(judging(ingress, state), started);
    const ended = performance.now();
    const isRefused = findings.some(({ weight }) => weight === 'refuse');
    this.#parts.onReviewed({
      namespace: ingress.meta.namespace,
      name: ingress.meta.name,
      outcome: isRefused ? 'refused' : 'allowed',
      looked,
      bodyBytes: Buffer.byteLength(body),
      reading: (read - started) / 1000,
      judging: (ended - read) / 1000,
      total: (ended - started) / 1000,
    });
    return seal({ refusal: isRefused ? messageOf(findings) : null, warnings: warningsOf(findings) });
  }

  async #judge(steps: Generator<void, Verdict>, started: number): Promise<Verdict> {
    const budget = this.#parts.budgetMs ?? BUDGET_MS;
    let slice = performance.now();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      const now = performance.now();
      if (now - started > budget) return { findings: [tooLong(budget)], looked: 1 };
      if (now - slice < SLICE_MS) continue;
      await breathe();
      slice = performance.now();
    }
  }
}

/** Not waved through: what nobody has looked at may take paths of others. */
function tooLong(budgetMs: number): Finding {
  const text = `reviewing it took longer than ${budgetMs / 1000} s; divide it into several Ingresses of fewer hosts`;
  return { weight: 'refuse', code: 'too-large', text };
}
