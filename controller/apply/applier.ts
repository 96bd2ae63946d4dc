// Brings nginx to the wanted model: starts or adopts it, sends data at once, reloads when a directive is missing, and starts
// again after a crash. It keeps what runs, so that every pass sends only differences.
import { setTimeout as delay } from 'node:timers/promises';
import { assertNever } from '../assert.ts';
import type { FreeText } from '../model/config/free-text.ts';
import type { Settings } from '../model/settings.ts';
import type { ConfigFile, Model, Problem, Profile, ProfileId, ServerProfile, ServerProfileId } from '../model/types.ts';
import type { Abilities, ConfigRenderer, Installation, Rendered } from '../render/config.ts';
import { type Need, type Needs, parseNeed } from '../render/layout.ts';
import type { ApplyResult, Control, Position } from './control.ts';
import { ConfigFiles } from './files.ts';
import { type JudgedSettings, judge, refusedTextProblems } from './free-text.ts';
import { allNeeds, type Hosts } from './needs.ts';
import type { Nginx } from './nginx.ts';
import { after, byOrder, type Lack, type Plan, plan, type Running } from './plan.ts';
import { type Refused, type Trial, testConfig } from './quarantine.ts';
import { reload } from './reload.ts';
import { type DataSettings, type State, stateOf } from './state.ts';
import { isWanted, refusedProblems, withoutRefused } from './substitute.ts';

export interface ApplierParts {
  readonly nginx: Nginx;
  readonly control: Control;
  readonly render: ConfigRenderer;
  readonly abilities: Abilities;
  readonly installation: Installation;
  readonly data: DataSettings;
  /** Settings that only nginx can judge. */
  readonly freeTexts: readonly FreeText[];
}

/** What a pass of the fast lane did. */
export interface Applied {
  readonly upserts: number;
  readonly removals: number;
  /** The first few names of both, hosts first. */
  readonly first: readonly string[];
  /** Why a reload is needed, null when it is not. */
  readonly reload: string | null;
  /** What was sent, and with a "-" before it what was removed. */
  readonly names: readonly string[];
}

/** What nginx runs, and under what a wanted state is compared with it. */
export interface Snapshot extends Pick<ApplierParts, 'installation' | 'abilities' | 'data'> {
  readonly running: Running;
}

export type Reloaded =
  | { readonly kind: 'reloaded'; readonly reason: string; readonly lacks: Lack }
  | { readonly kind: 'unneeded' };

const NOTHING_RUNS: Running = { state: new Map(), hosts: new Map(), loaded: [new Set()], base: '' };
const NOTHING_SENT: Omit<Applied, 'reload'> = { upserts: 0, removals: 0, first: [], names: [] };
const MAX_STATE_MEGABYTES = 65_536;
const START_POLL_MS = 20;
const START_DEADLINE_MS = 15_000;

export class Applier {
  readonly #parts: ApplierParts;
  /** What was seen in this process: running hosts may need what the wanted model no longer has. */
  readonly #profiles = new Map<ProfileId, Profile>();
  readonly #servers = new Map<ServerProfileId, ServerProfile>();
  /** What nginx refused; the names are digests, so the verdict holds. */
  readonly #refused = new Map<Need, string>();
  readonly #files: ConfigFiles;
  #running: Running = NOTHING_RUNS;
  #position: Position | 'full' = 'full';
  /** With the size that the dictionary has grown to. */
  #installation: Installation;
  #reloads = 0;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
    this.#installation = parts.installation;
    this.#files = new ConfigFiles(parts.installation.confDir);
  }

  /** What nginx serves, value by value. */
  get state(): State {
    return this.#running.state;
  }

  /** The hosts that nginx serves, as it has them: those that wait for a reload as they were. */
  get hosts(): Hosts {
    return this.#running.hosts;
  }

  /** Reloads since the program started. */
  get reloads(): number {
    return this.#reloads;
  }

  /** For whoever looks at it; the model is the one in force. */
  snapshot({ settings }: Model): Snapshot {
    const { abilities, data, render } = this.#parts;
    const installation = { ...this.#installation, previousStateMegabytes: null };
    const isJudged = this.#judged?.of === settings && this.#judged.refused.size > 0;
    if (!isJudged || this.#baseOf?.digest !== this.#running.base) {
      return { running: this.#running, installation, abilities, data };
    }
    // Texts that nginx refused are in the settings of whoever compares, too: leaving them out is no difference.
    const { digest } = render(
      settings,
      new Set(),
      { profiles: new Map(), servers: new Map() },
      abilities,
      installation,
    );
    return { running: { ...this.#running, base: digest }, installation, abilities, data };
  }

  /** Starts nginx for a model, or adopts one that runs exactly the configuration that the model needs. */
  start(model: Model, signal: AbortSignal): Promise<'started' | 'adopted'> {
    return this.#exclusively(() => this.#start(model, signal));
  }

  /** The fast lane: sends every difference that needs no reload. */
  apply(model: Model, signal: AbortSignal): Promise<Applied> {
    return this.#exclusively(() => this.#apply(model, signal));
  }

  /** One start or apply at a time: both change what runs. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
  #last: Promise<unknown> = Promise.resolve();

  async #start(model: Model, signal: AbortSignal): Promise<'started' | 'adopted'> {
    this.#starts += 1;
    await this.#judge(model);
    const wanted = this.#render(model, allNeeds(this.#servable(model).hosts, new Map()));
    const adopted = await this.#adopt(wanted, signal);
    let inForce = wanted;
    if (!adopted) {
      await this.#parts.nginx.stop(model.settings.workerShutdownTimeout * 1000);
      await this.#parts.nginx.prepare();
      inForce = await this.#tested(model, new Set(), wanted.needs);
      await this.#parts.nginx.start(inForce);
      await this.#waitForStart(inForce, signal);
    }
    await this.#forget(model, inForce);
    this.#position = 'full';
    // The hosts stay known: routes that nginx refuses go on with their last good version.
    this.#running = { ...NOTHING_RUNS, hosts: this.#running.hosts, loaded: [inForce.needs], base: this.#base(model) };
    if (adopted) await this.#parts.control.drain('off', signal); // its controller may have died while it drained
    await this.#apply(model, signal);
    return adopted ? 'adopted' : 'started';
  }
  #starts = 0;

  async #apply(model: Model, signal: AbortSignal): Promise<Applied> {
    const { wanted, state, servable } = this.#plan(model);
    if (wanted.upsert.length > 0 || wanted.remove.length > 0 || this.#position === 'full') {
      if ((await this.#send(wanted, state, signal)) === 'full') return this.#grow();
      this.#running = after(this.#running, wanted, state, servable);
    }
    return {
      upserts: wanted.upsert.length,
      removals: wanted.remove.length,
      first: firstOf(wanted),
      reload: wanted.reload?.reason ?? null,
      names: [...wanted.upsert, ...wanted.remove.map((name) => `-${name}`)],
    };
  }

  /** The dictionary is full: the next reload makes a larger one; until then what runs goes on. */
  #grow(): Applied {
    const { stateMegabytes, previousStateMegabytes: pending } = this.#installation;
    // The reload that makes the larger one is still to come: growing twice would leave nothing to fill it from.
    if (pending !== null) return { ...NOTHING_SENT, reload: fullText(pending) };
    const larger = stateMegabytes * 2;
    if (larger > MAX_STATE_MEGABYTES) throw new Error(`the routing state does not fit into ${stateMegabytes} MB`);
    this.#installation = { ...this.#installation, stateMegabytes: larger, previousStateMegabytes: stateMegabytes };
    this.#baseOf = null;
    return { ...NOTHING_SENT, reload: fullText(stateMegabytes) };
  }

  /** The slow lane: loads what the model needs. The hosts that waited are sent by the next apply(). */
  async reload(model: Model, signal: AbortSignal): Promise<Reloaded> {
    await this.#judge(model);
    const wanted = this.#plan(model).wanted.reload;
    if (wanted === null) return { kind: 'unneeded' };
    const { needs, reason, lacks } = wanted;
    const [before = new Set<Need>()] = this.#running.loaded;
    const rendered = await this.#tested(model, needs.intersection(before), needs.difference(before));
    if (this.#plan(model).wanted.reload === null) return { kind: 'unneeded' }; // all that was missing is refused
    const starts = this.#starts;
    // From now on only what old and new workers both have may be used by new values.
    this.#running = { ...this.#running, loaded: [before, rendered.needs] };
    try {
      await reload(this.#parts.nginx, this.#parts.control, rendered, signal);
    } catch (error) {
      if (starts === this.#starts) this.#running = { ...this.#running, loaded: [before] };
      throw error;
    }
    this.#reloads += 1;
    if (starts === this.#starts) {
      this.#running = { ...this.#running, loaded: [rendered.needs], base: this.#base(model) };
      await this.#forget(model, rendered);
    }
    if (this.#installation.previousStateMegabytes !== null) {
      this.#installation = { ...this.#installation, previousStateMegabytes: null };
      this.#position = 'full'; // changes that came during the handover may be in the old dictionary only
    }
    return { kind: 'reloaded', reason, lacks };
  }

  /** What nginx refuses of a model. */
  problems(model: Model): Problem[] {
    const texts = this.#judged?.of === model.settings ? refusedTextProblems(this.#judged) : [];
    return [...refusedProblems(model, this.#refused), ...texts];
  }

  /** Finds the texts of the settings that nginx refuses, once for each version of the settings. */
  async #judge({ settings }: Model): Promise<void> {
    if (this.#judged?.of === settings) return;
    const { nginx, freeTexts, render, abilities } = this.#parts;
    if (freeTexts.some((text) => text.isSet(settings))) await nginx.prepare();
    const judged = await judge(settings, freeTexts, (tried) =>
      nginx.test(render(tried, new Set(), { profiles: new Map(), servers: new Map() }, abilities, this.#installation)),
    );
    this.#judged = { of: settings, ...judged };
    this.#baseOf = null;
  }
  #judged: (JudgedSettings & { readonly of: Settings }) | null = null;

  /** What nginx is to run: the settings without what it refuses of them. */
  #settingsOf({ settings }: Model): Settings {
    return this.#judged?.of === settings ? this.#judged.settings : settings;
  }

  /** Tests a configuration, and notes what nginx refuses of it. */
  async #tested(model: Model, known: Needs, fresh: Needs): Promise<Rendered> {
    for (const need of this.#refused.keys()) if (!isWanted(model, need)) this.#refused.delete(need);
    const trial: Trial = {
      render: (needs) => this.#render(model, needs),
      test: async (rendered) => {
        await this.#files.write(filesOf(rendered));
        await this.#parts.nginx.test(rendered);
      },
    };
    const { rendered, refused } = await testConfig(trial, known, fresh);
    for (const [need, reason] of refused) this.#refused.set(need, reason);
    return rendered;
  }

  /** Drops what neither the configuration in force nor the model needs, and the files of everything else. */
  async #forget(model: Model, rendered: Rendered): Promise<void> {
    const used = new Set([...rendered.needs].flatMap((need) => Object.values(parseNeed(need))));
    for (const id of this.#profiles.keys()) {
      if (!used.has(id) && !model.profiles.has(id)) this.#profiles.delete(id);
    }
    for (const id of this.#servers.keys()) {
      if (!used.has(id) && !model.servers.has(id)) this.#servers.delete(id);
    }
    await this.#files.keep(filesOf(rendered));
  }

  #servable(model: Model): Model {
    const refused: Refused = this.#refused;
    return withoutRefused(model, refused, this.#running.hosts, this.#running.loaded);
  }

  /** Why a model needs a reload, null when it does not. */
  reloadReason(model: Model): string | null {
    return this.#plan(model).wanted.reload?.reason ?? null;
  }

  /** True when every worker routes by everything that was applied. */
  async isAcknowledged(signal: AbortSignal): Promise<boolean> {
    const position = this.#position;
    if (position === 'full') return false;
    const { workers } = await this.#parts.control.status(signal);
    const serving = workers.filter(({ phase }) => phase === 'serving');
    return serving.length > 0 && serving.every(({ generation }) => generation >= position.generation);
  }

  #plan(model: Model): { wanted: Plan; state: State; servable: Model } {
    this.#note(model);
    const servable = this.#servable(model);
    const state = stateOf(servable, this.#parts.data);
    return { wanted: plan(this.#running, servable, state, this.#base(model)), state, servable };
  }

  #render(model: Model, needs: Needs, installation = this.#installation): Rendered {
    this.#note(model);
    const { render, abilities } = this.#parts;
    const known = { profiles: this.#profiles, servers: this.#servers };
    return render(this.#settingsOf(model), needs, known, abilities, installation);
  }

  #note({ profiles, servers }: Model): void {
    for (const [id, profile] of profiles) this.#profiles.set(id, profile);
    for (const [id, server] of servers) this.#servers.set(id, server);
  }

  /**
   * Digest of what settings and this installation put into directives. Rendering takes a millisecond and settings rarely
   * change, so it is kept by their identity. The dictionary before the last growth is left out: dropping it is no reason to
   * reload.
   */
  #base(model: Model): string {
    if (this.#baseOf?.settings !== model.settings) {
      const installation = { ...this.#installation, previousStateMegabytes: null };
      this.#baseOf = { settings: model.settings, digest: this.#render(model, new Set(), installation).digest };
    }
    return this.#baseOf.digest;
  }
  #baseOf: { settings: Model['settings']; digest: string } | null = null;

  async #send({ upsert, remove }: Plan, state: State, signal: AbortSignal): Promise<'sent' | 'full'> {
    if (this.#position === 'full') return this.#sendEverything(upsert, remove, state, signal);
    const lines = [...upsert.map((name) => `set ${name} ${state.get(name)}`), ...remove.map((name) => `del ${name}`)];
    const result = await this.#parts.control.apply(this.#position, lines, signal);
    if (result.kind === 'gap') return this.#sendEverything(upsert, remove, state, signal);
    return this.#noteResult(result);
  }

  #noteResult(result: ApplyResult): 'sent' | 'full' {
    switch (result.kind) {
      case 'applied':
        this.#position = result.position;
        return 'sent';
      case 'full':
        return 'full';
      case 'gap':
        throw new Error('nginx refused a full state as if it were a change');
      default:
        return assertNever(result);
    }
  }

  /** nginx lost its memory, or somebody else changed it: what runs plus this difference, as a whole. */
  async #sendEverything(
    upsert: readonly string[],
    remove: readonly string[],
    state: State,
    signal: AbortSignal,
  ): Promise<'sent' | 'full'> {
    const whole = new Map(this.#running.state);
    for (const name of upsert) whole.set(name, state.get(name) ?? '');
    for (const name of remove) whole.delete(name);
    const lines = [...whole.keys()].sort(byOrder).map((name) => `set ${name} ${whole.get(name)}`);
    return this.#noteResult(await this.#parts.control.apply('full', lines, signal));
  }

  async #adopt(rendered: Rendered, signal: AbortSignal): Promise<boolean> {
    if ((await this.#parts.nginx.adopt()) === null) return false;
    try {
      const { workers } = await this.#parts.control.status(signal);
      const serving = workers.filter(({ phase }) => phase === 'serving');
      return serving.length > 0 && serving.every(({ config }) => config === rendered.digest);
    } catch {
      return false; // it does not answer: it is stopped and started again
    }
  }

  async #waitForStart(rendered: Rendered, signal: AbortSignal): Promise<void> {
    const gone = new AbortController();
    const ended = this.#parts.nginx.ended(gone.signal).then(
      () => true,
      () => false,
    );
    const deadline = Date.now() + START_DEADLINE_MS;
    try {
      for (;;) {
        const workers = await this.#parts.control.status(signal).then(
          (status) => status.workers.filter(({ config }) => config === rendered.digest).length,
          () => 0, // the socket is not there yet
        );
        if (workers >= rendered.workers) return;
        const over = await Promise.race([ended, delay(START_POLL_MS, false, { signal })]);
        if (over)
          throw new Error('nginx ended right after its start; its own log above says why (a port in use, often)');
        if (Date.now() > deadline) throw new Error(`nginx did not come up within ${START_DEADLINE_MS} ms`);
      }
    } finally {
      gone.abort();
    }
  }
}

const NAMES_SHOWN = 6;

/** Hosts first, whose owners know them; what certificates and lists are called is nobody's word. */
function firstOf({ upsert, remove }: Plan): string[] {
  const changed = [...upsert, ...remove].filter(
    (name) => /^(host|backend|certificate)\//.test(name) || name === 'settings',
  );
  return [
    ...changed.filter((name) => name.startsWith('host/')),
    ...changed.filter((name) => !name.startsWith('host/')),
  ].slice(0, NAMES_SHOWN);
}

function fullText(megabytes: number): string {
  return `the routing state needs more than ${megabytes} MB`;
}

function filesOf({ servers }: Rendered): ConfigFile[] {
  return servers.flatMap(({ server, profiles }) => [
    ...(server?.files ?? []),
    ...profiles.flatMap(({ files }) => files),
  ]);
}
