// All names of the controller: which alias leads to which host, and which names only redirect. Hosts of Ingresses win over both;
// among those who want the same name the oldest Ingress does. It needs all hosts at once, and so is no unit.
import { newHostPolicy } from '../feature/draft.ts';
import type { Ingress } from '../kube/objects.ts';
import { refOf } from './annotated.ts';
import { byAge } from './select.ts';
import type { Alias, AliasName, Host, HostName, Problem } from './types.ts';

/** What a host wants to be called beside its own name. */
export interface NameClaim {
  readonly host: HostName;
  readonly owner: Ingress;
  readonly name: AliasName;
  /** It serves what the host serves, or redirects there. */
  readonly as: 'alias' | 'redirect';
}

export interface Names {
  /** In the order in which they are tried. */
  readonly aliases: readonly Alias[];
  /** Hosts that only redirect. */
  readonly redirects: readonly Host[];
  readonly problems: readonly Problem[];
}

/** The name with "www." where the host has none, and without where it has. */
export function counterpartOf(host: HostName): HostName {
  return host.startsWith('www.') ? host.slice('www.'.length) : `www.${host}`;
}

/** `code` is the status of redirects between names. */
export function resolveNames(claims: readonly NameClaim[], hosts: ReadonlySet<HostName>, code: number): Names {
  const winners = new Map<string, NameClaim>();
  const problems: Problem[] = [];
  for (const claim of [...claims].sort(byPrecedence)) {
    const id = idOf(claim.name);
    const winner = winners.get(id);
    if (winner === undefined && !hosts.has(id)) winners.set(id, claim);
    else if (id !== claim.host && claim.host !== winner?.host) problems.push(lost(claim, winner ?? null));
  }
  const won = [...winners.values()];
  return {
    aliases: won
      .filter((claim) => claim.as === 'alias')
      .map(({ name, host }): Alias => ({ ...name, host }))
      .sort(inOrder),
    redirects: won
      .filter((claim) => claim.as === 'redirect')
      .map(({ name, host }) => redirecting(name.name, host, code)),
    problems,
  };
}

/** A name is claimed as users write it; "~" keeps regular expressions apart from names. */
function idOf({ kind, name }: AliasName): string {
  return kind === 'regex' ? `~${name}` : name;
}

/** Redirects first, as before: their servers came before the others. Then the older Ingress, then the host. */
function byPrecedence(a: NameClaim, b: NameClaim): number {
  if (a.as !== b.as) return a.as === 'redirect' ? -1 : 1;
  return byAge(a.owner, b.owner) || (a.host < b.host ? -1 : a.host > b.host ? 1 : 0);
}

const KINDS: readonly AliasName['kind'][] = ['exact', 'below', 'above', 'regex'];

/** Longer wildcards first, as nginx tries them; regular expressions by their hosts, each in the order of its list. */
function inOrder(a: Alias, b: Alias): number {
  if (a.kind !== b.kind) return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);
  if (a.kind === 'regex') return a.host < b.host ? -1 : a.host > b.host ? 1 : 0;
  return b.name.length - a.name.length || (a.name < b.name ? -1 : 1);
}

function redirecting(name: HostName, host: HostName, code: number): Host {
  return { name, routes: [], policy: { ...newHostPolicy(), leadsTo: { host, code } }, denied: null };
}

function lost({ host, owner, name, as }: NameClaim, winner: NameClaim | null): Problem {
  const what = as === 'alias' ? 'server-alias' : 'from-to-www-redirect';
  const why = winner === null ? 'is a host of an Ingress' : `already belongs to host ${winner.host}`;
  const message = `annotation ${what} of host ${host}: ${idOf(name)} ${why}; it does not lead to ${host}`;
  return { object: refOf(owner), severity: 'warning', code: 'alias-conflict', message };
}
