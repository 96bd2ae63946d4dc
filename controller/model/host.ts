// The host unit: all Ingresses of one host become its routes (HOST-01 to HOST-09, PATH-01 to PATH-10, DEF-01 to DEF-03).
import { type HostDraft, newHostDraft, newRouteDraft, type RouteContext } from '../feature/draft.ts';
import { doubtOf } from '../feature/pattern.ts';
import type { Ingress } from '../kube/objects.ts';
import { isServerName } from '../render/literal.ts';
import { internProfile } from '../render/profile.ts';
import { type Annotated, annotated, problemsOfAnnotations, refOf, unannotated } from './annotated.ts';
import { type Attachment, pairCanaries } from './canary.ts';
import { isTlsConfigured } from './certificate.ts';
import { type Claim, claimsOf, conflict, firstHostOf, idOf, showHost, targetOf } from './claim.ts';
import { counterpartOf, type NameClaim } from './names.ts';
import { serverFor } from './native.ts';
import type { HostPolicy } from './policy.ts';
import { type Candidate, inRegexMode } from './regex-mode.ts';
import { byAge, ingressesOf, isOurs, namesUnknownClass } from './select.ts';
import type { Settings } from './settings.ts';
import type {
  BackendId,
  Certificate,
  Host,
  HostName,
  Problem,
  Profile,
  Route,
  ServerProfile,
  Target,
} from './types.ts';
import type { View } from './view.ts';

export interface HostUnit {
  /** null when none of the Ingresses that name the host is ours. */
  readonly host: Host | null;
  readonly names: readonly NameClaim[];
  readonly profiles: readonly Profile[];
  readonly server: ServerProfile | null;
  /** Client certificates that its routes present to backends. */
  readonly pairs: readonly Certificate[];
  readonly backends: readonly BackendId[];
  /** The canaries of its paths. */
  readonly canaries: readonly Attachment[];
  readonly problems: readonly Problem[];
}

const NOTHING: HostUnit = {
  host: null,
  names: [],
  profiles: [],
  server: null,
  pairs: [],
  backends: [],
  canaries: [],
  problems: [],
};

interface Built extends Candidate {
  readonly profile: Profile;
  readonly appRoot: HostPolicy['appRoot'];
}

/** Builds the routes of a host. Exact host names, "*.name", and "_" for every other host, which always exists. */
export function hostUnit(view: View, settings: Settings, name: HostName): HostUnit {
  const ingresses = ingressesOf(view, settings.selection, name);
  const creator = ingresses[0];
  const problems = unserved(view, settings, name);
  const claims = new Map<string, Claim>();
  if (creator === undefined && name !== '_') {
    pairCanaries(view, settings, name, claims, problems); // a canary alone makes no host: say so (CAN-02)
    return { ...NOTHING, problems };
  }

  for (const ingress of ingresses) {
    for (const claim of claimsOf(ingress, name, problems)) {
      const id = idOf(claim);
      const winner = claims.get(id);
      if (winner === undefined) claims.set(id, claim);
      else if (winner.owner !== ingress) problems.push(conflict(ingress, winner, name));
    }
  }
  const implicit = implicitRoot(view, settings, name, creator ?? null);
  if (!claims.has(idOf(implicit))) claims.set(idOf(implicit), implicit);
  const canaries = pairCanaries(view, settings, name, claims, problems);

  const of = annotatedOnce(view, settings, name, problems);
  const host = newHostDraft();
  const names: NameClaim[] = [];
  for (const ingress of ingresses) {
    const before = { ...host };
    of(ingress).host(host, { host: name });
    names.push(...claimedNames(before, host, name, ingress));
  }
  const build = routeBuilder(view, settings, name, of, {
    tlsConfigured: isTlsConfigured(view, settings, name),
    hostBackendTls: host.backendTls,
  });
  const built = inRegexMode([...claims.values()].map(build), settings.selection.regexScope).sort(byPath);
  for (const { route } of built) problems.push(...unreadable(route, name));
  const profiles = new Map(built.map(({ profile }) => [profile.id, profile]));
  const appRoot = built.find((path) => path.appRoot !== null)?.appRoot ?? null;
  if (host.server.list().length > 0 && !isServerName(name)) host.deny ??= 'it has no name that a server could have';
  const {
    deny: denied,
    server: directives,
    snippet,
    aliases: _aliases,
    hasWwwRedirect: _hasWwwRedirect,
    backendTls: _backendTls,
    ...policy
  } = host;
  // A host that answers 403 anyway needs no server of its own.
  const { server, routes } = serverFor(name, denied === null ? { directives, snippet } : null, built, problems);
  return {
    host: { name, server: server?.id ?? null, routes, policy: { ...policy, appRoot }, denied },
    names,
    profiles: [...profiles.values()],
    server,
    // Several Secrets may hold the same one.
    pairs: built.flatMap(({ pair }) => (pair === null ? [] : [{ ...pair, secret: null }])),
    backends: [...new Set([...routes.flatMap(({ backends }) => backends), ...canaries.map(({ canary }) => canary)])],
    canaries,
    problems,
  };
}

/** The names that an Ingress added to the draft of its host. */
function claimedNames(before: HostDraft, { aliases, hasWwwRedirect }: HostDraft, host: HostName, owner: Ingress) {
  const added = aliases === before.aliases ? [] : (aliases ?? []);
  const names = added.map((name): NameClaim => ({ host, owner, name, as: 'alias' }));
  if (hasWwwRedirect && !before.hasWwwRedirect) {
    names.push({ host, owner, name: { kind: 'exact', name: counterpartOf(host) }, as: 'redirect' });
  }
  return names;
}

/** Longer paths first, equal lengths in reverse order (PATH-06); exact before prefix; "^/p/" before "^/p". */
function byPath({ route: a }: { route: Route }, { route: b }: { route: Route }): number {
  if (a.path.length !== b.path.length) return b.path.length - a.path.length;
  if (a.path !== b.path) return a.path < b.path ? 1 : -1;
  if (a.match !== b.match) return a.match < b.match ? -1 : 1;
  return (b.pattern ?? '').length - (a.pattern ?? '').length;
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
    const origin = owner === undefined ? 'none' : 'catch-all';
    return { ...root, target: target ?? global, origin, owner: owner ?? null };
  }
  const target = creator?.defaultBackend ? targetOf(creator, creator.defaultBackend) : null;
  return { ...root, target: target ?? global, origin: 'implicit', owner: creator };
}

/** The first port of --default-backend-service (DEF-01). */
function globalDefaultBackend(view: View, settings: Settings): BackendId | null {
  const key = settings.selection.defaultBackendService;
  const port = key === null ? undefined : view.get('Service', key)?.ports[0]?.port;
  return key === null || port === undefined ? null : `${key}/${port}`;
}

interface Built {
  readonly route: Route;
  readonly profile: Profile;
  readonly pair: Certificate | null;
}

function routeBuilder(
  view: View,
  settings: Settings,
  host: HostName,
  of: AnnotatedOf,
  shared: Pick<RouteContext, 'tlsConfigured' | 'hostBackendTls'>,
) {
  const none = unannotated(view, settings);
  return ({ match, path, target, origin, owner }: Claim): Built => {
    const draft = newRouteDraft(settings);
    const annotations = owner === null ? none : of(owner);
    annotations.route(draft, { host, match, path, origin, target, ...shared });
    if (owner === null) draft.policy.redirectToTls = draft.policy.forceTls = false; // force-ssl-redirect is about Ingresses
    if (target.kind === 'default') {
      draft.protocol = 'http'; // whatever backend-protocol says (DEF-05)
      if (owner === null) draft.policy.accessLog = settings.enableAccessLogForDefaultBackend; // DEF-07
    }
    draft.policy.jumpsFirst = draft.snippet !== null || settings.locationSnippet !== null;
    const asks = draft.policy.jumpsFirst ? 'after' : 'before';
    const { protocol, directives, backendTls: tls, auth: question, snippet } = draft;
    const files = directives.files();
    const profile = internProfile(protocol, directives.list(), { files, tls, question, snippet, asks });
    const allowed: Target = draft.deny === null ? target : { kind: 'deny', status: 503, reason: draft.deny };
    const { defaultBackend, errorCodes } = draft.policy;
    if (errorCodes !== null) {
      draft.policy.errorBackends = [defaultBackend, globalDefaultBackend(view, settings)].filter((id) => id !== null);
    }
    const own = 'id' in allowed ? [allowed.id, defaultBackend] : [];
    const backends = [...own, ...(draft.policy.errorBackends ?? [])].filter((id) => id !== null);
    const source = owner === null ? null : refOf(owner);
    const { policy, users, isRegex, appRoot } = draft;
    const place = { match, path, pattern: null, profile: profile.id, target: allowed };
    const route: Route = { ...place, policy, users, backends, source };
    return { route, profile, isRegex, appRoot, owner, pair: tls?.pair ?? null };
  };
}

type AnnotatedOf = (ingress: Ingress) => Annotated;

/**
 * Reads the annotations of each Ingress once. What is wrong with them as such is said on its first host alone: one of thousands
 * of hosts would say it thousands of times.
 */
function annotatedOnce(view: View, settings: Settings, host: HostName, problems: Problem[]): AnnotatedOf {
  const known = new Map<Ingress, Annotated>();
  return (ingress) => {
    const before = known.get(ingress);
    if (before !== undefined) return before;
    const annotations = annotated(view, settings, ingress, problems);
    if (firstHostOf(ingress) === host) problems.push(...problemsOfAnnotations(settings, ingress));
    known.set(ingress, annotations);
    return annotations;
  };
}

/** Ingresses of this host that nobody serves: their class does not exist (CLASS-01). */
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
    return [];
  });
}

function unreadable({ path, pattern, source }: Route, host: HostName): Problem[] {
  const doubt = pattern === null ? null : doubtOf(pattern);
  if (doubt === null || source === null) return [];
  const message = `${showHost(host)}: path ${path} is matched as a regular expression, and does not look like one (${doubt}); where nginx cannot read it, it serves nothing`;
  return [{ object: source, severity: 'error', code: 'path-pattern', message }];
}
