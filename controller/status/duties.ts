// What a replica does for the cluster beside serving: takes part in the election, and as the leader writes the status of Ingresses
// and tells of Problems by Events. All of it may fail without harm to what is served: then a Problem or the log says why.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import type { ObjectKey } from '../kube/ref.ts';
import { textAt } from '../kube/status.ts';
import type { Problem } from '../model/types.ts';
import type { Cluster } from '../watch/cluster.ts';
import type { IngressStatuses } from '../watch/statuses.ts';
import { AddressSource } from './address-source.ts';
import type { AddressChoice } from './addresses.ts';
import { Elector } from './elector.ts';
import { judgeFarewell } from './farewell.ts';
import { Herald } from './herald.ts';
import { type PodName, Pods } from './pods.ts';
import { Publisher } from './publisher.ts';
import { Troubles } from './troubles.ts';
import { StatusWriter } from './writer.ts';

/** Emptying the status of very many Ingresses must not hold the end of the program back for ever. */
const FAREWELL_MS = 240_000;
const MOST_PARALLEL = 10;

export interface DutySettings {
  readonly pod: PodName;
  /** null without an election: then nobody writes the status, and every replica tells of Problems. */
  readonly election: { readonly name: string; readonly ttlMs: number } | null;
  /** null: the status is left alone. */
  readonly status: {
    readonly choice: AddressChoice;
    readonly everyMs: number;
    readonly atEnd: 'kept' | 'emptied';
  } | null;
  readonly events: 'everything' | 'reloads';
  /** Requests to the API server a second in the long run. */
  readonly qps: number;
}

export interface DutyParts {
  readonly client: ApiClient;
  readonly statuses: IngressStatuses;
  readonly cluster: Cluster;
  readonly log: Logger;
  isOurs(key: ObjectKey): boolean;
  ours(): readonly ObjectKey[];
  /** Whether this instance leads changed. */
  onLeader(isLeader: boolean): void;
  /** problems() changed. */
  onProblems(): void;
}

export class ClusterDuties {
  readonly #settings: DutySettings;
  readonly #parts: DutyParts;
  readonly #pods: Pods;
  readonly #troubles: Troubles;
  readonly #herald: Herald;
  readonly #writer: StatusWriter;
  readonly #elector: Elector | null;
  readonly #publisher: Publisher | null;
  readonly #end = new AbortController();

  constructor(settings: DutySettings, parts: DutyParts) {
    const { client, statuses, log } = parts;
    this.#settings = settings;
    this.#parts = parts;
    this.#pods = new Pods(client, settings.pod);
    this.#troubles = new Troubles(log, () => parts.onProblems());
    this.#herald = new Herald({
      ...parts,
      pod: settings.pod,
      rate: Math.min(5, settings.qps / 4),
      about: settings.events,
      onTrouble: (error) => this.#troubles.report('events', error),
    });
    this.#writer = new StatusWriter({
      client,
      statuses,
      parallel: Math.max(1, Math.min(MOST_PARALLEL, Math.floor(settings.qps / 2))),
      ours: () => parts.ours(),
      isOurs: (key) => parts.isOurs(key),
      onWritten: (count, ms) =>
        log.info({ ms: Math.round(ms) }, `wrote the status of ${count === 1 ? 'one Ingress' : `${count} Ingresses`}`),
      onTrouble: (error) => this.#troubles.report('status', error),
    });
    this.#elector = settings.election === null ? null : this.#electorOf(settings.election);
    this.#publisher = settings.status === null ? null : this.#publisherOf(settings.status);
  }

  problems(): readonly Problem[] {
    return this.#troubles.problems();
  }

  /** All Problems of this moment, for Events. */
  say(problems: readonly Problem[]): void {
    this.#herald.say(problems);
  }

  /** The state was sent to nginx, which was reloaded so often. */
  applied(reloads: number): void {
    this.#herald.applied(reloads);
  }

  /** Does its duties until the signal, or leave(). Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#end.signal]);
    if (this.#elector === null) this.#herald.speak(until);
    await Promise.all(
      [this.#herald.run(until), this.#identify(until), this.#elector?.run(until)].map((task) =>
        this.#guard(task, until),
      ),
    );
  }

  /** Ends the duties: empties the status where that is due, and gives the Lease away. Never rejects. */
  async leave(force: AbortSignal): Promise<void> {
    this.#end.abort(new Error('the replica ends'));
    const signal = AbortSignal.any([force, AbortSignal.timeout(FAREWELL_MS)]);
    try {
      if (this.#settings.status?.atEnd === 'emptied' && this.#elector !== null) await this.#farewell(signal);
    } catch (error) {
      const advice = error instanceof ApiError && error.status === 403 ? '; grant get there' : '';
      this.#parts.log.warn(`the status of Ingresses stays as it is: ${messageOf(error)}${advice}`);
    }
    try {
      if (this.#elector?.isLeading === true) {
        await this.#elector.release(signal);
        this.#parts.onLeader(false);
        this.#parts.log.info('gave the leadership away');
      }
    } catch (error) {
      this.#parts.log.warn(
        `the Lease could not be given away, so the next leader waits for its end: ${messageOf(error)}`,
      );
    }
  }

  async #farewell(signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    const verdict = await judgeFarewell(this.#pods, this.#settings.pod.name, this.#elector?.holder ?? '', signal);
    if (verdict.kind === 'keep') {
      log.info(`the status of Ingresses stays: ${verdict.why}`);
      return;
    }
    log.info('the last replica was removed: emptying the status of Ingresses');
    await this.#writer.clear(signal);
  }

  #publisherOf({ choice, everyMs }: NonNullable<DutySettings['status']>): Publisher {
    const { client, log } = this.#parts;
    const source = new AddressSource(client, this.#pods, choice);
    return new Publisher({ source, writer: this.#writer, troubles: this.#troubles, log, everyMs });
  }

  #electorOf({ name, ttlMs }: { readonly name: string; readonly ttlMs: number }): Elector {
    const { client, log, onLeader } = this.#parts;
    const { namespace, name: identity } = this.#settings.pod;
    return new Elector(
      client,
      { namespace, name, identity, ttlMs },
      {
        onLeading: (signal) => {
          log.info(`leads: holds Lease ${namespace}/${name}`);
          onLeader(true);
          this.#herald.speak(signal);
          if (this.#publisher !== null) this.#guard(this.#publisher.run(signal), signal);
        },
        onLost: (why) => {
          log.warn(`leads no longer: Lease ${namespace}/${name}: ${why}`);
          this.#troubles.report('status', null);
          this.#troubles.addressFound();
          onLeader(false);
        },
        onOther: (holder) => log.info(`${holder} leads: it holds Lease ${namespace}/${name}`),
        onTrouble: (error) => this.#troubles.report('lease', error),
      },
    );
  }

  /** Who we are, for Events of our Pod; asked until it is known. */
  async #identify(signal: AbortSignal): Promise<void> {
    while (this.#herald.podUid === '') {
      try {
        this.#herald.podUid = textAt(await this.#pods.own(signal), 'metadata', 'uid');
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ApiError)) throw error;
        this.#parts.log.debug(`our Pod cannot be read: ${error.message}`);
      }
      if (this.#herald.podUid === '') await delay(60_000, undefined, { signal });
    }
  }

  /** A task that fails is a bug: it is logged, and everything else goes on. */
  async #guard(task: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
    try {
      await task;
    } catch (error) {
      if (!signal.aborted) this.#parts.log.error({ err: error }, 'a duty for the cluster failed');
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
