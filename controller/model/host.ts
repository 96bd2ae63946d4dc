// The host unit: all Ingresses of one host become its routes (HOST-01 to HOST-09, PATH-01 to PATH-06, DEF-01 to DEF-03).
import { newHostDraft, newRouteDraft } from '../feature/draft.ts';
import type { Ingress, IngressPath, IngressTarget } from '../kube/objects.ts';
import { isServerName } from '../render/literal.ts';
import { internProfile } from '../render/profile.ts';
import { type Annotated, annotated, refOf, unannotated } from './annotated.ts';
import { isTlsConfigured } from './certificate.ts';
import { serverFor } from './native.ts';
import { byAge, ingressesOf, isCanary, isOurs, namesUnknownClass } from './select.ts';
import type { Settings } from './settings.ts';
import type { BackendId, Host, HostName, Problem, Profile, Route, ServerProfile, Target } from './types.ts';
import type { View } from './view.ts';

export interface HostUnit {
  /** null when none of the Ingresses that name the host is ours. */
  readonly host: Host | null;
  readonly profiles: readonly Profile[];
  readonly server: ServerProfile | null;
  readonly backends: readonly BackendId[];
  readonly problems: readonly Problem[];
}

const NOTHING: HostUnit = { host: null, profiles: [], server: null, backends: [], problems: [] };

/** One path of one Ingress, before its annotations are applied. */
interface Claim {
  readonly match: Route['match'];
  readonly path: string;
  readonly target: Target;
  /** null for the catch-all "/" that exists without an Ingress. */
  readonly owner: Ingress | null;
}

/** Builds the routes of a host. Exact host names, "*.name", and "_" for every other host, which always exists. */
export function hostUnit(view: View, settings: Settings, name: HostName): HostUnit {
  const ingresses = ingressesOf(view, settings.selection, name);
  const creator = ingresses[0];
  const problems = unserved(view, settings, name);
  if (creator === undefined && name !== '_') return { ...NOTHING, problems };

  const claims = new Map<string, Claim>();
  for (const ingress of ingresses) {
    for (const claim of claimsOf(ingress, name, problems)) {
      const id = `${claim.match} ${claim.path}`;
      const winner = claims.get(id);
      if (winner === undefined) claims.set(id, claim);
      else if (winner.owner !== ingress) problems.push(conflict(ingress, winner, name));
    }
  }
  const implicit = implicitRoot(view, settings, name, creator ?? null);
  const rootId = `prefix ${implicit.path}`;
  if (!claims.has(rootId)) claims.set(rootId, implicit);

  const of = annotatedOnce(view, settings, problems);
  const host = newHostDraft();
  for (const ingress of ingresses) of(ingress).host(host, { host: name });
  const build = routeBuilder(view, settings, name, isTlsConfigured(view, settings, name), of);
  const built = [...claims.values()].map(build).sort(byPath);
  const profiles = new Map(built.map(({ profile }) => [profile.id, profile]));
  if (host.server.list().length > 0 && !isServerName(name)) host.deny ??= 'it has no name that a server could have';
  const { deny: denied, server: directives, snippet, ...policy } = host;
  // A host that answers 403 anyway needs no server of its own.
  const { server, routes } = serverFor(name, denied === null ? { directives, snippet } : null, built, problems);
  return {
    host: { name, server: server?.id ?? null, routes, policy, denied },
    profiles: [...profiles.values()],
    server,
    backends: [...new Set(routes.flatMap(({ target }) => ('id' in target && target.id !== null ? [target.id] : [])))],
    problems,
  };
}

/** Longer paths first, equal lengths in reverse order (PATH-06); exact before prefix. */
function byPath({ route: a }: { route: Route }, { route: b }: { route: Route }): number {
  if (a.path.length !== b.path.length) return b.path.length - a.path.length;
  if (a.path !== b.path) return a.path < b.path ? 1 : -1;
  return a.match < b.match ? -1 : 1;
}

function claimsOf(ingress: Ingress, host: HostName, problems: Problem[]): Claim[] {
  const claims: Claim[] = [];
  for (const rule of ingress.rules) {
    if ((rule.host === '' ? '_' : rule.host) !== host) continue;
    for (const entry of rule.paths) {
      const target = targetOf(ingress, entry.target);
      if (target === null) problems.push(resourceBackend(ingress, host, entry));
      else claims.push({ match: matchOf(entry), path: entry.path, target, owner: ingress });
    }
  }
  return claims;
}

/** A missing pathType and ImplementationSpecific are treated as Prefix (PATH-01). */
function matchOf(entry: IngressPath): Route['match'] {
  return entry.pathType === 'Exact' ? 'exact' : 'prefix';
}

function targetOf(ingress: Ingress, target: IngressTarget): Target | null {
  if (target.kind === 'resource') return null;
  return {
    kind: 'backend',
    id: `${ingress.meta.namespace}/${target.name}/${target.port}`,
    service: target.name,
    port: target.port,
  };
}

/**
 * The "/" that a host has even when no rule asks for it: it belongs to the Ingress that created the host and leads to its
 * spec.defaultBackend, else to the default backend of the controller (HOST-06, DEF-03). For "_" the oldest Ingress with
 * only a default backend takes it over (DEF-02).
 */
function implicitRoot(view: View, settings: Settings, name: HostName, creator: Ingress | null): Claim {
  const root = { match: 'prefix', path: '/' } as const;
  const global: Target = { kind: 'default', id: globalDefaultBackend(view, settings) };
  if (name === '_') {
    const owner = view
      .list('ingress-catch-all', '')
      .filter((ingress) => isOurs(view, settings.selection, ingress))
      .sort(byAge)[0];
    const target = owner?.defaultBackend ? targetOf(owner, owner.defaultBackend) : null;
    return { ...root, target: target ?? global, owner: owner ?? null };
  }
  const target = creator?.defaultBackend ? targetOf(creator, creator.defaultBackend) : null;
  return { ...root, target: target ?? global, owner: creator };
}

/** The first port of --default-backend-service (DEF-01). */
function globalDefaultBackend(view: View, settings: Settings): BackendId | null {
  const key = settings.selection.defaultBackendService;
  const port = key === null ? undefined : view.get('Service', key)?.ports[0]?.port;
  return key === null || port === undefined ? null : `${key}/${port}`;
}

function routeBuilder(view: View, settings: Settings, host: HostName, tlsConfigured: boolean, of: AnnotatedOf) {
  const none = unannotated(view, settings);
  return ({ match, path, target, owner }: Claim): { route: Route; profile: Profile } => {
    const draft = newRouteDraft(settings);
    const annotations = owner === null ? none : of(owner);
    annotations.route(draft, { host, match, path, target, tlsConfigured });
    if (owner === null) draft.policy.redirectToTls = false; // force-ssl-redirect is about Ingresses
    if (target.kind === 'default') {
      draft.protocol = 'http'; // whatever backend-protocol says (DEF-05)
      if (owner === null) draft.policy.accessLog = settings.enableAccessLogForDefaultBackend; // DEF-07
    }
    draft.policy.jumpsFirst = draft.snippet !== null || settings.locationSnippet !== null;
    const profile = internProfile(draft.protocol, draft.directives.list(), {
      files: draft.directives.files(),
      snippet: draft.snippet,
      asks: draft.policy.jumpsFirst ? 'after' : 'before',
    });
    const allowed: Target = draft.deny === null ? target : { kind: 'deny', status: 503, reason: draft.deny };
    const source = owner === null ? null : refOf(owner);
    return { route: { match, path, profile: profile.id, target: allowed, policy: draft.policy, source }, profile };
  };
}

type AnnotatedOf = (ingress: Ingress) => Annotated;

/** Reads the annotations of each Ingress once. */
function annotatedOnce(view: View, settings: Settings, problems: Problem[]): AnnotatedOf {
  const known = new Map<Ingress, Annotated>();
  return (ingress) => {
    const before = known.get(ingress);
    if (before !== undefined) return before;
    const annotations = annotated(view, settings, ingress, problems);
    known.set(ingress, annotations);
    return annotations;
  };
}

/** Ingresses of this host that nobody serves: their class does not exist (CLASS-01), or they are canaries. */
function unserved(view: View, settings: Settings, name: HostName): Problem[] {
  const ingresses = [
    ...view.list('ingress-by-host', name),
    ...(name === '_' ? view.list('ingress-catch-all', '') : []),
  ];
  return ingresses.flatMap((ingress): Problem[] => {
    const object = refOf(ingress);
    if (namesUnknownClass(view, settings.selection, ingress)) {
      const message = `IngressClass ${ingress.className} does not exist; the Ingress is not served until it does`;
      return [{ object, severity: 'warning', code: 'class-unknown', message }];
    }
    if (isCanary(settings.selection, ingress)) {
      const message = 'annotation canary is not supported by this version; the Ingress is not served';
      return [{ object, severity: 'warning', code: 'annotation-unsupported', message }];
    }
    return [];
  });
}

function showHost(host: HostName): string {
  return host === '_' ? 'rules without a host' : `host ${host}`;
}

function conflict(loser: Ingress, winner: Claim, host: HostName): Problem {
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
