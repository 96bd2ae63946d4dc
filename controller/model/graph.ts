// The incremental model: units with what they read, and the reverse index from reads to units. A changed object re-runs
// exactly its readers. The law, held by test/flow: the result equals a model built from scratch, byte for byte.

import { CanaryIndex } from './canary.ts';
import { type CertificateUnit, certificateUnit } from './certificate.ts';
import { type BackendUnit, backendUnit } from './endpoints.ts';
import { type HostUnit, hostUnit } from './host.ts';
import { type NameClaim, resolveNames } from './names.ts';
import { tidy } from './problems.ts';
import { readSettings, type Selection, type Settings } from './settings.ts';
import type {
  Backend,
  BackendId,
  Certificate,
  Host,
  HostName,
  Model,
  Problem,
  Profile,
  ProfileId,
  ServerProfile,
  ServerProfileId,
} from './types.ts';
import { type IndexName, type ReadKey, RecordingView, readOfIndex, type View } from './view.ts';

/** A View that can also say which hosts exist. */
export interface Source extends View {
  keys(index: IndexName): string[];
}

type UnitName = `host:${HostName}` | `backend:${BackendId}` | `certificate:${HostName}` | 'settings';

interface Slot<T> {
  readonly value: T;
  readonly reads: ReadonlySet<ReadKey>;
}

const HOSTS_PREFIX = readOfIndex('ingress-by-host', '');

export class Graph {
  readonly #source: Source;
  readonly #selection: Selection;
  readonly #hosts = new Map<HostName, Slot<HostUnit>>();
  readonly #certificates = new Map<HostName, Slot<CertificateUnit>>();
  readonly #backends = new Map<BackendId, Slot<BackendUnit>>();
  /** How many hosts lead to a backend. */
  readonly #demand = new Map<BackendId, number>();
  readonly #canaries = new CanaryIndex();
  readonly #readers = new Map<ReadKey, Set<UnitName>>();
  readonly #dirty = new Set<UnitName>();
  #settings: Slot<{ settings: Settings; problems: readonly Problem[] }>;
  #names: readonly NameClaim[] = [];

  /** Builds everything that `source` holds at this moment. */
  constructor(source: Source, selection: Selection) {
    this.#source = source;
    this.#selection = selection;
    this.#settings = this.#readSettings();
    for (const name of ['_', ...source.keys('ingress-by-host')]) this.#dirtyHost(name);
  }

  /** Marks what must run again after these reads went stale. */
  invalidate(stale: Iterable<ReadKey>): void {
    for (const read of stale) {
      for (const unit of this.#readers.get(read) ?? []) this.#dirty.add(unit);
      if (read.startsWith(HOSTS_PREFIX)) this.#dirtyHost(read.slice(HOSTS_PREFIX.length));
    }
  }

  /** What hosts want to be called beside their names, as of the last evaluate(). */
  get names(): readonly NameClaim[] {
    return this.#names;
  }

  /** Runs the dirty units and returns the whole model; unchanged parts are the same objects as before. */
  evaluate(): Model {
    if (this.#dirty.has('settings')) {
      const before = JSON.stringify(this.#settings.value.settings);
      this.#settings = this.#readSettings();
      if (JSON.stringify(this.#settings.value.settings) !== before) this.#dirtyAll();
    }
    // Hosts first: they say which backends are wanted.
    const hosts = [...this.#dirty].filter((unit) => unit.startsWith('host:')).sort();
    for (const unit of hosts) this.#runHost(unit.slice('host:'.length));
    const dirty = [...this.#dirty].sort(); // with the backends whose canaries changed
    this.#dirty.clear();
    for (const unit of dirty)
      if (unit.startsWith('certificate:')) this.#runCertificate(unit.slice('certificate:'.length));
    for (const unit of dirty) if (unit.startsWith('backend:')) this.#runBackend(unit.slice('backend:'.length));
    for (const id of this.#demand.keys()) if (!this.#backends.has(id)) this.#runBackend(id);
    return this.#model();
  }

  #dirtyHost(name: HostName): void {
    this.#dirty.add(`host:${name}`);
    this.#dirty.add(`certificate:${name}`);
  }

  #dirtyAll(): void {
    for (const name of this.#hosts.keys()) this.#dirtyHost(name);
    for (const id of this.#backends.keys()) this.#dirty.add(`backend:${id}`);
  }

  #readSettings(): Slot<{ settings: Settings; problems: readonly Problem[] }> {
    return this.#run('settings', this.#settings ?? null, (view) => readSettings(view, this.#selection));
  }

  #runHost(name: HostName): void {
    const before = this.#hosts.get(name) ?? null;
    const exists = name === '_' || this.#source.list('ingress-by-host', name).length > 0;
    const settings = this.#settings.value.settings;
    const after = exists
      ? this.#run(`host:${name}`, before, (view) => hostUnit(view, settings, name))
      : this.#drop(`host:${name}`, before);
    for (const id of after?.value.backends ?? []) this.#demand.set(id, (this.#demand.get(id) ?? 0) + 1);
    for (const id of before?.value.backends ?? []) this.#release(id);
    for (const id of this.#canaries.replace(name, after?.value.canaries ?? [])) this.#dirty.add(`backend:${id}`);
    if (after === null) this.#hosts.delete(name);
    else this.#hosts.set(name, after);
  }

  #runCertificate(name: HostName): void {
    const before = this.#certificates.get(name) ?? null;
    const settings = this.#settings.value.settings;
    if (this.#hosts.has(name)) {
      const run = (view: View): CertificateUnit => certificateUnit(view, settings, name);
      this.#certificates.set(name, this.#run(`certificate:${name}`, before, run));
    } else {
      this.#drop(`certificate:${name}`, before);
      this.#certificates.delete(name);
    }
  }

  #runBackend(id: BackendId): void {
    if (!this.#demand.has(id)) return;
    const before = this.#backends.get(id) ?? null;
    const settings = this.#settings.value.settings;
    this.#backends.set(
      id,
      this.#run(`backend:${id}`, before, (view) => backendUnit(view, settings, id, this.#canaries.of(id))),
    );
  }

  #release(id: BackendId): void {
    const left = (this.#demand.get(id) ?? 0) - 1;
    if (left > 0) {
      this.#demand.set(id, left);
      return;
    }
    this.#demand.delete(id);
    this.#drop(`backend:${id}`, this.#backends.get(id) ?? null);
    this.#backends.delete(id);
  }

  #run<T>(unit: UnitName, before: Slot<T> | null, make: (view: View) => T): Slot<T> {
    const view = new RecordingView(this.#source);
    const value = make(view);
    for (const read of before?.reads ?? []) if (!view.reads.has(read)) this.#unsubscribe(unit, read);
    for (const read of view.reads) {
      const readers = this.#readers.get(read);
      if (readers === undefined) this.#readers.set(read, new Set([unit]));
      else readers.add(unit);
    }
    return { value, reads: view.reads };
  }

  #drop(unit: UnitName, before: Slot<unknown> | null): null {
    for (const read of before?.reads ?? []) this.#unsubscribe(unit, read);
    return null;
  }

  #unsubscribe(unit: UnitName, read: ReadKey): void {
    const readers = this.#readers.get(read);
    readers?.delete(unit);
    if (readers?.size === 0) this.#readers.delete(read);
  }

  #model(): Model {
    const hosts = new Map<HostName, Host>();
    const backends = new Map<BackendId, Backend>();
    const certificates = new Map<HostName, Certificate>();
    const profiles = new Map<ProfileId, Profile>();
    const servers = new Map<ServerProfileId, ServerProfile>();
    const pairs = new Map<string, Certificate>();
    const problems: Problem[] = [...this.#settings.value.problems];
    for (const [name, { value }] of this.#hosts) {
      problems.push(...value.problems);
      if (value.host === null) continue;
      hosts.set(name, value.host);
      for (const profile of value.profiles) profiles.set(profile.id, profile);
      for (const pair of value.pairs) pairs.set(pair.fingerprint, pair);
      if (value.server !== null) servers.set(value.server.id, value.server);
    }
    for (const [name, { value }] of this.#certificates) {
      problems.push(...value.problems);
      if (value.certificate !== null) certificates.set(name, value.certificate);
    }
    for (const [id, { value }] of this.#backends) {
      problems.push(...value.problems);
      backends.set(id, value.backend);
    }
    const { settings } = this.#settings.value;
    this.#names = [...this.#hosts.values()].flatMap(({ value }) => value.names);
    const names = resolveNames(this.#names, { hosts, certificates, redirectCode: settings.httpRedirectCode });
    problems.push(...names.problems);
    for (const host of names.hosts) hosts.set(host.name, host);
    for (const [name, certificate] of names.certificates) certificates.set(name, certificate);
    const { aliases } = names;
    return { settings, hosts, aliases, backends, certificates, pairs, profiles, servers, problems: tidy(problems) };
  }
}
