// All names of the controller: which alias leads to which host, and which names only redirect. Hosts of Ingresses win over both;
// among those who want the same name the oldest Ingress does. It needs all hosts at once, and so is no unit.
import { newHostPolicy } from '../feature/draft.ts';
import type { Ingress } from '../kube/objects.ts';
import { refOf } from './annotated.ts';
import { coversName } from './certificate.ts';
import { byAge } from './select.ts';
import type { Alias, AliasName, Certificate, Host, HostName, Problem } from './types.ts';

/** What a host wants to be called beside its own name. */
export interface NameClaim {
  readonly host: HostName;
  readonly owner: Ingress;
  readonly name: AliasName;
  /** It serves what the host serves, or redirects there. */
  readonly as: 'alias' | 'redirect';
}

/** What the names of hosts add to them. */
export interface Names {
  /** Exact aliases, which are their host again under another name, and hosts that only redirect. */
  readonly hosts: readonly Host[];
  /** The other aliases, in the order in which they are tried. */
  readonly aliases: readonly Alias[];
  /** Certificates of hosts that cover another name of theirs. */
  readonly certificates: ReadonlyMap<HostName, Certificate>;
  readonly problems: readonly Problem[];
}

/** All hosts and certificates before any other name, and the status of redirects between names. */
export interface Named {
  readonly hosts: ReadonlyMap<HostName, Host>;
  readonly certificates: ReadonlyMap<HostName, Certificate>;
  readonly redirectCode: number;
}

/** The name with "www." where the host has none, and without where it has. */
export function counterpartOf(host: HostName): HostName {
  return host.startsWith('www.') ? host.slice('www.'.length) : `www.${host}`;
}

export function resolveNames(claims: readonly NameClaim[], { hosts, certificates, redirectCode }: Named): Names {
  const winners = new Map<string, NameClaim>();
  const problems: Problem[] = [];
  for (const claim of [...claims].sort(byPrecedence)) {
    const id = idOf(claim.name);
    const winner = winners.get(id) ?? null;
    const reason = hosts.has(id) ? 'is a host of an Ingress' : (lostTo(winner) ?? unusable(claim, hosts));
    if (reason === null) winners.set(id, claim);
    else if (id !== claim.host && claim.host !== winner?.host) problems.push(lost(claim, reason));
  }
  const covered = new Map<HostName, Certificate>();
  for (const { host, name } of winners.values()) {
    const own = certificates.get(host);
    const isLookedUp = name.kind === 'exact' || name.kind === 'below'; // at a handshake (TLS-05)
    if (own !== undefined && isLookedUp && coversName(own, name.name)) covered.set(name.name, own);
  }
  const isSecure = (name: HostName): boolean =>
    [name, name.replace(/^[^.]+/, '*')].some((known) => covered.has(known) || certificates.has(known));

  const won = [...winners.values()];
  const exact = won.filter(({ as, name }) => as === 'alias' && name.kind === 'exact');
  const patterns = won.filter(({ as, name }) => as === 'alias' && name.kind !== 'exact');
  const redirects = won.filter(({ as }) => as === 'redirect');
  return {
    hosts: [
      ...exact.flatMap(({ name, host }) => {
        const source = hosts.get(host);
        return source === undefined
          ? []
          : [underName(source, name.name, isSecure(name.name) ? 'to-tls' : 'only-forced')];
      }),
      ...redirects.map(({ name, host }) => redirecting(name.name, host, redirectCode)),
    ],
    aliases: patterns.map(({ name, host }): Alias => ({ ...name, host })).sort(inOrder),
    certificates: covered,
    problems,
  };
}

function lostTo(winner: NameClaim | null): string | null {
  return winner === null ? null : `already belongs to host ${winner.host}`;
}

/** nginx chooses the server of a host by its name: only names that it can be told lead to a host with one of its own. */
function unusable({ host, name, as }: NameClaim, hosts: ReadonlyMap<HostName, Host>): string | null {
  return as === 'alias' && name.kind !== 'exact' && hosts.get(host)?.server !== null
    ? 'is a pattern, which cannot have a TLS policy, and the host has one of its own'
    : null;
}

/** Copies of hosts under their aliases: the same ones in each pass as long as the host is the same. */
const copies = new WeakMap<Host, Map<string, Host>>();

/** The host under another name; without a certificate for that, only force-ssl-redirect leads to HTTPS (TLS-07). */
function underName(host: Host, name: HostName, redirects: 'to-tls' | 'only-forced'): Host {
  const own = copies.get(host) ?? new Map<string, Host>();
  copies.set(host, own);
  const id = `${redirects} ${name}`;
  const known = own.get(id);
  if (known !== undefined) return known;
  const routes =
    redirects === 'to-tls'
      ? host.routes
      : host.routes.map((route) => ({ ...route, policy: { ...route.policy, redirectToTls: route.policy.forceTls } }));
  const copy: Host = { ...host, name, routes };
  own.set(id, copy);
  return copy;
}

/** A name is claimed as users write it; "~" keeps regular expressions apart from names. */
export function idOf({ kind, name }: AliasName): string {
  return kind === 'regex' ? `~${name}` : name;
}

/** Redirects first, as before: their servers came before the others. Then the older Ingress, then the host. */
function byPrecedence(a: NameClaim, b: NameClaim): number {
  if (a.as !== b.as) return a.as === 'redirect' ? -1 : 1;
  return byAge(a.owner, b.owner) || (a.host < b.host ? -1 : a.host > b.host ? 1 : 0);
}

const KINDS: readonly AliasName['kind'][] = ['below', 'above', 'regex'];

/** Longer wildcards first, as nginx tries them; regular expressions by their hosts, each in the order of its list. */
function inOrder(a: Alias, b: Alias): number {
  if (a.kind !== b.kind) return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);
  if (a.kind === 'regex') return a.host < b.host ? -1 : a.host > b.host ? 1 : 0;
  return b.name.length - a.name.length || (a.name < b.name ? -1 : 1);
}

function redirecting(name: HostName, host: HostName, code: number): Host {
  return { name, server: null, routes: [], policy: { ...newHostPolicy(), leadsTo: { host, code } }, denied: null };
}

function lost({ host, owner, name, as }: NameClaim, reason: string): Problem {
  const what = as === 'alias' ? 'server-alias' : 'from-to-www-redirect';
  const message = `annotation ${what} of host ${host}: ${idOf(name)} ${reason}; it does not lead to ${host}`;
  return { object: refOf(owner), severity: 'warning', code: 'alias-conflict', message };
}
