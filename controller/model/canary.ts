// Canary Ingresses: which main backends they join (CAN-01 to CAN-05, CAN-09), and what a backend takes over from them. Pairs
// are found host by host and belong to the main backend, whichever host or path leads to it (CAN-04).
import type { Ingress } from '../kube/objects.ts';
import { keyOf } from '../kube/ref.ts';
import { acceptsCanary, backendPolicy, canaryPolicy, refOf } from './annotated.ts';
import { type Claim, idOf, matchOf, pathsOf, showHost, targetOf } from './claim.ts';
import type { BackendPolicy } from './policy.ts';
import { byAge, canariesOf } from './select.ts';
import type { Settings } from './settings.ts';
import type { BackendId, Canary, HostName, Problem } from './types.ts';
import type { View } from './view.ts';

/** A canary Ingress, the backend that it brings, and the main one that it joins. */
export interface Attachment {
  readonly main: BackendId;
  readonly canary: BackendId;
  readonly ingress: Ingress;
}

/** The pairs of one host; what joins nothing is a Problem. `claims` are its locations by idOf(). */
export function pairCanaries(
  view: View,
  settings: Settings,
  host: HostName,
  claims: ReadonlyMap<string, Claim>,
  problems: Problem[],
): Attachment[] {
  return canariesOf(view, settings.selection, host).flatMap((ingress) => {
    if (!acceptsCanary(settings, ingress, problems)) return [];
    return overlaysOf(ingress, host, claims).flatMap(({ where, target, main }) => {
      const pair = join(ingress, target, main);
      if (typeof pair !== 'string') return [pair];
      problems.push(unused(ingress, `${where}: ${pair}`));
      return [];
    });
  });
}

/** A path of a canary and the location that it lies over; null where there is none. */
interface Overlay {
  readonly where: string;
  readonly target: ReturnType<typeof targetOf>;
  readonly main: Claim | null;
}

function overlaysOf(ingress: Ingress, host: HostName, claims: ReadonlyMap<string, Claim>): Overlay[] {
  const overlays = pathsOf(ingress, host).map((entry) => {
    const id = idOf({ match: matchOf(entry), path: entry.path });
    return { where: `${showHost(host)}: ${id}`, target: targetOf(ingress, entry.target), main: claims.get(id) ?? null };
  });
  if (ingress.rules.length > 0 || ingress.defaultBackend === null) return overlays;
  // A catch-all canary lies over every location of "_" that can have one; the others are none of its business (CAN-09).
  const target = targetOf(ingress, ingress.defaultBackend);
  const joined = [...claims.values()].filter((main) => typeof join(ingress, target, main) !== 'string');
  return joined.length === 0
    ? [{ where: showHost(host), target, main: null }]
    : joined.map((main) => ({ where: showHost(host), target, main }));
}

/** The pair, or why there is none. */
function join(ingress: Ingress, target: Overlay['target'], main: Overlay['main']): Attachment | string {
  if (target?.kind !== 'backend') return 'a resource backend is not supported';
  if (main === null) return 'no Ingress of its namespace defines that, so the canary gets no requests';
  if (main.target.kind !== 'backend') return 'the default backend of the controller cannot have a canary';
  const owner = main.owner?.meta ?? null;
  if (owner?.namespace !== ingress.meta.namespace) {
    return `it belongs to the Ingress ${owner === null ? '' : keyOf(owner)} of another namespace, which a canary cannot join`;
  }
  if (main.target.id === target.id) return 'the canary leads to the same Service port as the main Ingress';
  return { main: main.target.id, canary: target.id, ingress };
}

function unused(ingress: Ingress, message: string): Problem {
  return { object: refOf(ingress), severity: 'warning', code: 'canary-unused', message };
}

/** The canaries of a main backend, oldest first; of one Ingress only its first backend counts. */
export function canariesOfBackend(
  settings: Settings,
  id: BackendId,
  attachments: readonly Attachment[],
): { readonly canaries: readonly Canary[]; readonly problems: readonly Problem[] } {
  const chosen = new Map<Ingress, Canary>();
  const problems: Problem[] = [];
  for (const { main, canary, ingress } of attachments) {
    if (main !== id) continue;
    const before = chosen.get(ingress);
    if (before === undefined) chosen.set(ingress, { id: canary, policy: canaryPolicy(settings, ingress) });
    else if (before.id !== canary) {
      problems.push(unused(ingress, `${before.id} is already its canary of ${id}; ${canary} gets no requests of it`));
    }
  }
  return { canaries: [...chosen.values()], problems };
}

/** A canary takes part in the sessions of its main backend, unless its Ingress says legacy. */
export function inheritSessions(
  view: View,
  settings: Settings,
  id: BackendId,
  own: BackendPolicy,
  attachments: readonly Attachment[],
): BackendPolicy {
  if (own.sessionCookie !== null) return own;
  for (const { main, canary, ingress } of attachments) {
    if (canary !== id || !canaryPolicy(settings, ingress).inherits) continue;
    const { sessionCookie, affinityMode } = backendPolicy(view, settings, main).policy;
    if (sessionCookie !== null) return { ...own, sessionCookie, affinityMode };
  }
  return own;
}

/** The pairs of all hosts, by host and by backend. */
export class CanaryIndex {
  readonly #byHost = new Map<HostName, readonly Attachment[]>();
  readonly #hosts = new Map<BackendId, Set<HostName>>();

  /** Replaces the pairs of a host and returns the backends for which something changed. */
  replace(host: HostName, after: readonly Attachment[]): ReadonlySet<BackendId> {
    const before = this.#byHost.get(host) ?? [];
    const isSame =
      before.length === after.length &&
      before.every((pair, index) => {
        const { main, canary, ingress } = after[index] ?? {};
        return pair.main === main && pair.canary === canary && pair.ingress === ingress;
      });
    if (isSame) return new Set();
    for (const id of backendsOf(before)) {
      const hosts = this.#hosts.get(id);
      hosts?.delete(host);
      if (hosts?.size === 0) this.#hosts.delete(id);
    }
    for (const id of backendsOf(after)) this.#hosts.set(id, (this.#hosts.get(id) ?? new Set()).add(host));
    if (after.length === 0) this.#byHost.delete(host);
    else this.#byHost.set(host, after);
    return backendsOf([...before, ...after]);
  }

  /** The pairs that a backend is part of, as main or as canary: oldest Ingress first, then by host and path. */
  of(id: BackendId): readonly Attachment[] {
    return [...(this.#hosts.get(id) ?? [])]
      .sort()
      .flatMap((host) => this.#byHost.get(host) ?? [])
      .filter(({ main, canary }) => main === id || canary === id)
      .sort((a, b) => byAge(a.ingress, b.ingress));
  }
}

function backendsOf(pairs: readonly Attachment[]): Set<BackendId> {
  return new Set(pairs.flatMap(({ main, canary }) => [main, canary]));
}
