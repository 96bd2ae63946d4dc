// How far one watch came, and what it is worth when it ends.
import type { ApiError } from '../kube/api-error.ts';
import type { Outcome, Phase, Yield } from './steps.ts';

const TOO_MANY_REQUESTS = 429;

export class WatchProgress {
  #version: string;
  readonly #settledMs: number;
  #openedAt: number | null = null;
  #hasEvents = false;

  /** A watch that lasted for `settledMs` was worth its while, even without an event. */
  constructor(phase: Phase, settledMs: number) {
    this.#version = phase.kind === 'watch' ? phase.version : '';
    this.#settledMs = settledMs;
  }

  get version(): string {
    return this.#version;
  }

  get yield(): Yield {
    const lasted = this.#openedAt === null ? 0 : performance.now() - this.#openedAt;
    return this.#hasEvents || lasted >= this.#settledMs ? 'something' : 'nothing';
  }

  failed({ code, status }: ApiError): Outcome {
    const stage = status === TOO_MANY_REQUESTS ? 'busy' : this.#openedAt === null ? 'refused' : 'broken';
    // Time that passed in silence is no yield.
    const brought = code === 'idle' && !this.#hasEvents ? 'nothing' : this.yield;
    return { kind: 'watch-failed', stage, version: this.#version, yield: brought };
  }

  opened(): void {
    this.#openedAt = performance.now();
  }

  reached(version: string): void {
    this.#version = version;
    this.#hasEvents = true;
  }
}
