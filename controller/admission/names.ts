// Other names of hosts (server-alias, from-to-www-redirect): what an Ingress would take from others, or not get.
import type { Ingress } from '../kube/objects.ts';
import { idOf, type NameClaim, resolveNames } from '../model/names.ts';
import { isOurs } from '../model/select.ts';
import type { Settings } from '../model/settings.ts';
import type { Host, HostName, Problem } from '../model/types.ts';
import type { View } from '../model/view.ts';

/** What the hosts that a review is about become, null for none, and what they then want to be called. */
export interface Touched {
  readonly hosts: ReadonlyMap<HostName, Host | null>;
  readonly claims: readonly NameClaim[];
}

export interface Named {
  readonly view: View;
  readonly settings: Settings;
  /** As they are served now. */
  readonly hosts: ReadonlyMap<HostName, Host>;
  readonly names: readonly NameClaim[];
}

/** Problems of these claims and of those that they meet. */
export function nameProblems(candidate: Ingress, now: Named, { hosts, claims }: Touched): readonly Problem[] {
  // Only a name that the candidate wants or is can be disputed by it.
  const disputed = new Set([...hosts.keys(), ...claims.map(({ name }) => idOf(name))]);
  const others = now.names.filter(
    ({ host, owner, name }) => !hosts.has(host) && !isSameIngress(owner, candidate) && disputed.has(idOf(name)),
  );
  if (claims.length + others.length === 0) return [];
  const { settings, view } = now;
  const known = new Map<HostName, Host>();
  for (const name of [...disputed, ...others.map(({ host }) => host)]) {
    const touched = hosts.get(name);
    const exists = touched === undefined ? isServed(view, settings, name) : touched !== null;
    const host = touched ?? now.hosts.get(name);
    // A copy: what is kept by a host must not outlive the review.
    if (exists && host !== undefined) known.set(name, { ...host });
  }
  const redirectCode = settings.httpRedirectCode;
  return resolveNames([...claims, ...others], { hosts: known, certificates: new Map(), redirectCode }).problems;
}

function isServed(view: View, { selection }: Settings, host: HostName): boolean {
  return view.list('ingress-by-host', host).some((ingress) => isOurs(view, selection, ingress));
}

function isSameIngress(a: Ingress, b: Ingress): boolean {
  return a.meta.namespace === b.meta.namespace && a.meta.name === b.meta.name;
}
