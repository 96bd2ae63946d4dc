// What the leader does about the status: learns the addresses, has them written, and looks again when it is time.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ApiError } from '../kube/api-error.ts';
import { type Address, rawAddress, sameAddresses } from '../kube/status.ts';
import { Wakeup } from '../watch/wakeup.ts';
import type { AddressSource } from './address-source.ts';
import type { Troubles } from './troubles.ts';
import type { StatusWriter } from './writer.ts';

export interface PublisherParts {
  readonly source: AddressSource;
  readonly writer: StatusWriter;
  readonly troubles: Troubles;
  readonly log: Logger;
  /** Between two looks at the addresses. */
  readonly everyMs: number;
}

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #changed = new Wakeup();
  #published: readonly Address[] = [];

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** Until the signal, with whose reason it rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, writer } = this.#parts;
    await Promise.all([writer.run(signal), source.follow(() => this.#changed.raise(), signal), this.#publish(signal)]);
  }

  async #publish(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#read(signal);
      const ends = new AbortController();
      const either = AbortSignal.any([signal, ends.signal]);
      const woken = this.#changed.wait(either).then(() => 'changed' as const);
      const why = await Promise.race([woken, delay(this.#parts.everyMs, 'due' as const, { signal: either })]);
      woken.catch(() => undefined);
      ends.abort();
      if (why === 'due') this.#parts.writer.review();
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { source, troubles } = this.#parts;
    try {
      const addresses = await source.read(signal);
      // What is not reachable for a moment is not unpublished.
      if (addresses.length === 0) troubles.addressMissing(source.name, 'has no address yet');
      else this.#announce(addresses);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ApiError)) throw error;
      troubles.addressMissing(source.name, `cannot be read: ${error.reason}`);
    }
  }

  #announce(addresses: readonly Address[]): void {
    const { source, writer, troubles, log } = this.#parts;
    troubles.addressFound();
    writer.publish(addresses);
    if (sameAddresses(addresses, this.#published)) return;
    this.#published = addresses;
    const text = addresses.map((address) => Object.values(rawAddress(address)).join(' ')).join(', ');
    log.info(`addresses of Ingresses, from ${source.name}: ${text}`);
  }
}
