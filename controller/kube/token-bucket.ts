// A token bucket that spares the API server: `rate` requests per second in the long run, `burst` at once.

export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  /** Below zero when requests wait already. */
  #tokens: number;
  #at: number;

  /** `now` is a time in milliseconds on the caller's clock, here and below. */
  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes one token and returns the milliseconds to wait until it is there; callers are served in their order. */
  take(now: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#rate) - 1;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate) * 1000;
  }
}
