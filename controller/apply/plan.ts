// What to send and whether to reload, as a pure function of what runs and what is wanted. The law: reload if and only if a
// wanted host needs what the running configuration lacks: a profile in its server, or its name in that server. Hosts that wait
// for it keep their running value.
import type { Host, HostName, Model } from '../model/types.ts';
import type { Need, Needs } from '../render/layout.ts';
import { allNeeds, type Hosts, type Loaded, missingOf, staleNames } from './needs.ts';
import { type State, usersOf, type ValueName } from './state.ts';

/** What nginx runs, as far as we know. */
export interface Running {
  readonly state: State;
  readonly hosts: Hosts;
  readonly loaded: Loaded;
  /** Digest of the configuration without what hosts need: everything that settings put into directives. */
  readonly base: string;
}

export interface Plan {
  /** In the order in which they must become visible: settings and certificates, backends, hosts, the catch-all last. */
  readonly upsert: readonly ValueName[];
  /** The other way round: nothing may be removed before what refers to it. */
  readonly remove: readonly ValueName[];
  /** Hosts that keep their running value until the reload. */
  readonly held: readonly HostName[];
  /** What to load, or null when no reload is needed; `reason` in words, `lacks` for counting. */
  readonly reload: { readonly needs: Needs; readonly reason: string; readonly lacks: Lack } | null;
}

/** What the running configuration lacks; the first of these where it is several. */
export type Lack = 'settings' | 'profile' | 'name';

const ORDER = ['settings', 'pem', 'users', 'certificate', 'backend', 'aliases', 'host', 'host/*', 'host/_'];

/** Wildcards and the catch-all come after the names that they would answer for, and go before them. */
function rank(name: ValueName): number {
  const kind = name.split('/', 1)[0] ?? '';
  if (kind !== 'host') return ORDER.indexOf(kind);
  return ORDER.indexOf(name === 'host/_' ? name : name.startsWith('host/*') ? 'host/*' : kind);
}

/** The order in which values become visible, one after the other; backwards that in which they go. */
export function byOrder(a: ValueName, b: ValueName): number {
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** `state` is stateOf(model); `base` the digest of the wanted configuration without what hosts need. */
export function plan(running: Running, model: Model, state: State, base: string): Plan {
  const missing = new Set<Need>();
  const held: HostName[] = [];
  for (const [name, host] of model.hosts) {
    const lacks = missingOf(running.loaded, host);
    if (lacks.length === 0) continue;
    for (const need of lacks) missing.add(need);
    held.push(name);
  }
  // Hosts that are gone answer as before until nginx takes their requests elsewhere.
  const stale = staleNames(running.loaded, model.hosts);
  held.push(...stale.filter((name) => running.hosts.has(name)));

  const waits = new Set(held.map((name) => `host/${name}`));
  const upsert: ValueName[] = [];
  for (const [name, text] of state) {
    if (!waits.has(name) && running.state.get(name) !== text) upsert.push(name);
  }
  let remove = [...running.state.keys()].filter((name) => !state.has(name) && !waits.has(name));
  if (remove.some((name) => /^(backend|pem|users)\//.test(name))) {
    // Hosts that wait, and routes that keep a last good version, refer to what the model has forgotten.
    const hosts = [
      ...[...model.hosts].map(([name, host]) => (waits.has(`host/${name}`) ? running.hosts.get(name) : host)),
      ...stale.map((name) => running.hosts.get(name)),
    ];
    const referred = new Set(hosts.flatMap((host) => (host === undefined ? [] : referredBy(host))));
    remove = remove.filter((name) => !referred.has(name));
  }
  return {
    upsert: upsert.sort(byOrder),
    remove: remove.sort((a, b) => byOrder(b, a)),
    held: held.sort(),
    reload: reloadFor(running, model, { missing, stale }, base),
  };
}

function reloadFor(
  running: Running,
  model: Model,
  { missing, stale }: { readonly missing: Needs; readonly stale: readonly HostName[] },
  base: string,
): Plan['reload'] {
  const baseChanged = running.base !== base;
  if (missing.size === 0 && stale.length === 0 && !baseChanged) return null;
  const lacks = baseChanged ? 'settings' : missing.size > 0 ? 'profile' : 'name';
  const reasons = [
    ...(baseChanged ? ['settings that are directives changed'] : []),
    ...(missing.size > 0 ? [`${shown([...missing])} not loaded`] : []),
    ...(stale.length > 0 ? [`${shown(stale)} of no host any more`] : []),
  ];
  return { needs: allNeeds(model.hosts, running.hosts), reason: reasons.join('; '), lacks };
}

const SHOWN = 10;

function shown(names: readonly string[]): string {
  const first = [...names].sort().slice(0, SHOWN).join(', ');
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${first}${more} ${names.length === 1 ? 'is' : 'are'}`;
}

/** Backends, user lists and client certificates that a host value names. */
function referredBy(host: Host): ValueName[] {
  const routes = host.routes.flatMap(({ backends, policy }) => [
    ...backends.map((id) => `backend/${id}`),
    ...(policy.backendTls?.certificate ? [`pem/${policy.backendTls.certificate}`] : []),
  ]);
  return [...routes, ...usersOf(host).map(({ id }) => `users/${id}`)];
}

/** What runs once a plan's data was sent. */
export function after(running: Running, { upsert, remove, held }: Plan, state: State, model: Model): Running {
  const next = new Map(running.state);
  for (const name of upsert) next.set(name, state.get(name) ?? '');
  for (const name of remove) next.delete(name);
  const hosts = new Map(model.hosts);
  for (const name of held) {
    const before = running.hosts.get(name);
    if (before === undefined) hosts.delete(name);
    else hosts.set(name, before);
  }
  return { ...running, state: next, hosts };
}
