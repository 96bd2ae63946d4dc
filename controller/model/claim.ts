// Claims: what an Ingress says of a path of a host, before annotations are read and before it is known who wins.
import type { PathOrigin } from '../feature/draft.ts';
import type { Ingress, IngressPath, IngressRule, IngressTarget } from '../kube/objects.ts';
import { refOf } from './annotated.ts';
import type { HostName, Problem, Target } from './types.ts';

/** One path of one Ingress, before its annotations are applied. */
export interface Claim {
  readonly match: 'exact' | 'prefix';
  readonly path: string;
  readonly target: Target;
  readonly origin: PathOrigin;
  /** null for the catch-all "/" that exists without an Ingress. */
  readonly owner: Ingress | null;
}

/** What makes two definitions of a host the same location (HOST-08, CAN-01). */
export function idOf({ match, path }: Pick<Claim, 'match' | 'path'>): string {
  return `${match} ${path}`;
}

/** The paths that an Ingress defines on a host. */
export function claimsOf(ingress: Ingress, host: HostName, problems: Problem[]): Claim[] {
  const claims: Claim[] = [];
  for (const entry of pathsOf(ingress, host)) {
    const target = targetOf(ingress, entry.target);
    if (target === null) problems.push(resourceBackend(ingress, host, entry));
    else claims.push({ match: matchOf(entry), path: entry.path, target, origin: 'rule', owner: ingress });
  }
  return claims;
}

/** Of so few rules the right ones are found by looking. */
const FEW = 8;

/** The paths of an Ingress's rules for a host, in their order. */
export function pathsOf(ingress: Ingress, host: HostName): readonly IngressPath[] {
  const { rules } = ingress;
  const [first] = rules;
  if (rules.length === 1 && first !== undefined) return hostOf(first) === host ? first.paths : [];
  if (rules.length > FEW) return pathsByHost(ingress).get(host) ?? [];
  return rules.filter((rule) => hostOf(rule) === host).flatMap(({ paths }) => paths);
}

/** Whether an Ingress has a rule for a host, with paths or without. */
export function hasHost(ingress: Ingress, host: HostName): boolean {
  const { rules } = ingress;
  return rules.length > FEW ? pathsByHost(ingress).has(host) : rules.some((rule) => hostOf(rule) === host);
}

/** An Ingress may have thousands of hosts, and is asked for the paths of each. */
const known = new WeakMap<Ingress, ReadonlyMap<HostName, readonly IngressPath[]>>();

function pathsByHost(ingress: Ingress): ReadonlyMap<HostName, readonly IngressPath[]> {
  const before = known.get(ingress);
  if (before !== undefined) return before;
  const hosts = new Map<HostName, IngressPath[]>();
  for (const rule of ingress.rules) {
    const all = hosts.get(hostOf(rule)) ?? [];
    hosts.set(hostOf(rule), all);
    for (const path of rule.paths) all.push(path);
  }
  known.set(ingress, hosts);
  return hosts;
}

/** The host that a rule is for, '_' where it names none. */
export function hostOf({ host }: IngressRule): HostName {
  return host === '' ? '_' : host;
}

/** The host of its first rule; '_' for an Ingress that has only a default backend. */
export function firstHostOf({ rules: [first] }: Ingress): HostName {
  return first === undefined ? '_' : hostOf(first);
}

/** A missing pathType and ImplementationSpecific are treated as Prefix (PATH-01). */
export function matchOf(entry: IngressPath): Claim['match'] {
  return entry.pathType === 'Exact' ? 'exact' : 'prefix';
}

/** Where a path leads; null for a resource backend (HOST-14). */
export function targetOf(ingress: Ingress, target: IngressTarget): Target | null {
  if (target.kind === 'resource') return null;
  return {
    kind: 'backend',
    id: `${ingress.meta.namespace}/${target.name}/${target.port}`,
    service: target.name,
    port: target.port,
  };
}

export function showHost(host: HostName): string {
  return host === '_' ? 'rules without a host' : `host ${host}`;
}

/** Two Ingresses define the same path: the older one has it (HOST-08). */
export function conflict(loser: Ingress, winner: Claim, host: HostName): Problem {
  const other = winner.owner === null ? 'another Ingress' : `${winner.owner.meta.namespace}/${winner.owner.meta.name}`;
  return {
    object: refOf(loser),
    severity: 'warning',
    code: 'path-conflict',
    message: `${showHost(host)}: ${winner.match} path ${winner.path} already belongs to the older Ingress ${other}; this definition is not served`,
  };
}

function resourceBackend(ingress: Ingress, host: HostName, entry: IngressPath): Problem {
  return {
    object: refOf(ingress),
    severity: 'warning',
    code: 'resource-backend',
    message: `${showHost(host)}: path ${entry.path} has a resource backend, which is not supported; the path is skipped`,
  };
}
