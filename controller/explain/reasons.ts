// What only the objects can tell of a request: the annotations in force, who else wanted it, and Problems.
import { readAnnotations, SPECS } from '../feature/registry.ts';
import { NOT_SUPPORTED } from '../feature/unsupported.ts';
import type { Ingress } from '../kube/objects.ts';
import { keyOf, showRef } from '../kube/ref.ts';
import { claimsOf, idOf } from '../model/claim.ts';
import { effectiveAnnotations } from '../model/gate.ts';
import { byAge, isCanary, isOurs, isSelected, namesUnknownClass } from '../model/select.ts';
import type { Selection } from '../model/settings.ts';
import type { Host, HostName, Model, Problem, Route } from '../model/types.ts';
import type { Cluster } from '../watch/cluster.ts';
import { coverage, wildcardOf } from './match.ts';

export interface AnnotationInForce {
  readonly ingress: string;
  readonly key: string;
  readonly value: string;
  readonly scope: 'path' | 'host' | 'Service' | 'Ingress';
  /** 'refused': its value is not accepted; 'unknown': not one of ours. */
  readonly state: 'accepted' | 'refused' | 'unsupported' | 'unknown';
  readonly doc: string;
}

/** Something else that names the request's host or path and does not get it. */
export interface Shadowed {
  readonly ingress: string;
  readonly host: string;
  readonly path: string;
  readonly why: string;
}

/** What only the objects can tell. */
export interface Reasons {
  readonly annotations: readonly AnnotationInForce[];
  readonly shadowed: readonly Shadowed[];
  readonly problems: readonly Problem[];
  /** Directives of the profile. */
  readonly directives: readonly string[];
  readonly protocol: string | null;
}

/** The objects, and what became of them. */
export interface Known {
  readonly cluster: Cluster;
  readonly selection: Selection;
  readonly model: Model;
  readonly problems: readonly Problem[];
}

/** Where a request was found to go. */
export interface Place {
  readonly host: HostName;
  /** null where none of its paths matches. */
  readonly route: Pick<Route, 'match' | 'path' | 'pattern'> | null;
  /** As it is asked for, lower case. */
  readonly name: string;
  readonly uri: string;
}

interface Found extends Pick<Place, 'name' | 'uri'> {
  readonly host: Host;
  readonly route: Route | null;
}

/** A place as the query of a URL. */
export function queryOf({ host, route, name, uri }: Place): Readonly<Record<string, string | null>> {
  const { match = null, path = null, pattern = null } = route ?? {};
  return { host, name, uri, match, path, pattern };
}

/** The other way round; `get` has "" for what is missing. */
export function placeOf(get: (name: string) => string): Place {
  const match = MATCHES.find((each) => each === get('match'));
  const route = match === undefined ? null : { match, path: get('path'), pattern: get('pattern') || null };
  return { host: get('host'), route, name: get('name'), uri: get('uri') };
}

const MATCHES = ['exact', 'prefix', 'regex'] as const;

const SCOPES = { location: 'path', server: 'host', backend: 'Service', ingress: 'Ingress' } as const;

/** null where the model has no such host. */
export function reasonsOf(known: Known, place: Place): Reasons | null {
  const { model, problems } = known;
  const host = model.hosts.get(place.host);
  if (host === undefined) return null;
  const route = host.routes.find((each) => isAt(place, each)) ?? null;
  const found: Found = { ...place, host, route };
  const ingresses = ingressesAround(known, found);
  const objects = new Set([...ingresses.map(({ meta }) => `Ingress ${keyOf(meta)}`), ...relatedObjects(known, route)]);
  const profile = route === null ? null : (model.profiles.get(route.profile) ?? null);
  return {
    annotations: ingresses.flatMap((ingress) => annotationsInForce(known, found, ingress)),
    shadowed: [...otherPaths(known, found), ...otherHosts(known, found), ...notServed(known, found)],
    problems: problems.filter(({ object }) => objects.has(showRef(object))),
    directives: (profile?.directives ?? []).map(({ name, args }) => [name, ...args.map(({ text }) => text)].join(' ')),
    protocol: profile?.protocol ?? (host.routes.length === 0 ? null : 'http'),
  };
}

function isAt({ route }: Place, { match, path, pattern }: Route): boolean {
  return route?.match === match && route.path === path && route.pattern === pattern;
}

/** Every Ingress that names the host or one of the backends, canaries and those that are not served included. */
function ingressesAround({ cluster }: Known, { host, route }: Found): Ingress[] {
  const all = [
    ...cluster.list('ingress-by-host', host.name),
    ...(host.name === '_' ? cluster.list('ingress-catch-all', '') : []),
    ...(route?.backends ?? []).flatMap((id) => cluster.list('ingress-by-backend', id)),
  ];
  const own = route?.source == null ? null : cluster.get('Ingress', keyOf(route.source)); // under an alias, of another host
  return [...new Set(own === null ? all : [own, ...all])].sort(byAge);
}

function relatedObjects({ model, cluster }: Known, route: Route | null): string[] {
  if (route === null) return [];
  const ids = [
    ...route.backends,
    ...route.backends.flatMap((id) => model.backends.get(id)?.canaries.map((canary) => canary.id) ?? []),
  ];
  const services = ids.map((id) => id.split('/').slice(0, 2).join('/'));
  const source = route.source === null ? null : cluster.get('Ingress', keyOf(route.source));
  const secrets = (source?.tls ?? []).map(({ secretName }) => `${source?.meta.namespace ?? ''}/${secretName}`);
  return [...services.map((key) => `Service ${key}`), ...secrets.map((key) => `Secret ${key}`)];
}

/** Of the winner all; of the others what says something of the whole host, or of the Service that they share. */
function annotationsInForce(
  { model, cluster, selection }: Known,
  { host, route }: Found,
  ingress: Ingress,
): AnnotationInForce[] {
  if (!isSelected(cluster, selection, ingress)) return [];
  const prefix = `${selection.annotationsPrefix}/`;
  const key = keyOf(ingress.meta);
  const isWinner = route?.source != null && keyOf(route.source) === key;
  const namesHost = ingress.rules.some((rule) => (rule.host === '' ? '_' : rule.host) === host.name);
  const refused = new Set(
    readAnnotations(effectiveAnnotations(ingress, model.settings), selection.annotationsPrefix).refused.map(
      (value) => value.key,
    ),
  );
  return [...ingress.meta.annotations].sort().flatMap(([name, value]): AnnotationInForce[] => {
    if (!name.startsWith(prefix)) return [];
    const short = name.slice(prefix.length);
    const spec = SPECS.get(short);
    if (spec === undefined) {
      const unsupported = NOT_SUPPORTED.get(short);
      const doc = unsupported?.why ?? 'Not an annotation of ingress-nginx, and not one of Sluice.';
      if (!isWinner) return [];
      return [
        { ingress: key, key: short, value, scope: 'Ingress', state: unsupported ? 'unsupported' : 'unknown', doc },
      ];
    }
    const scope = SCOPES[spec.scope];
    const counts = isWinner || isCanary(selection, ingress) || (scope === 'host' && namesHost) || scope === 'Service';
    if (!counts) return [];
    const state = refused.has(short) ? 'refused' : 'accepted';
    return [{ ingress: key, key: short, value, scope, state, doc: spec.doc }];
  });
}

/** Paths of the host that match as well, and definitions of the same path. */
function otherPaths({ cluster, selection }: Known, { host, route, uri }: Found): Shadowed[] {
  const owners = cluster
    .list('ingress-by-host', host.name)
    .filter((ingress) => isOurs(cluster, selection, ingress))
    .sort(byAge);
  const seen = new Set<string>();
  return owners.flatMap((ingress) =>
    claimsOf(ingress, host.name, []).flatMap((claim): Shadowed[] => {
      const id = idOf(claim);
      const isFirst = !seen.has(id);
      seen.add(id);
      const served = host.routes.find((each) => each.path === claim.path && sameKind(each, claim.match));
      const isWinner =
        isFirst &&
        served !== undefined &&
        served === route &&
        keyOf(route?.source ?? ingress.meta) === keyOf(ingress.meta);
      const covers = served === undefined ? 'no' : coverage(served, uri);
      if (isWinner || served === undefined || covers === 'no') return [];
      const entry = { ingress: keyOf(ingress.meta), host: host.name, path: `${claim.match} ${claim.path}` };
      const why = isFirst ? lostTo(served, route) : 'an older Ingress defines the same path (HOST-08)';
      return [{ ...entry, why: covers === 'unknown' ? `${why}; whether it matches, only nginx can tell` : why }];
    }),
  );
}

function sameKind({ match }: Route, claimed: 'exact' | 'prefix'): boolean {
  return match === 'regex' || match === claimed;
}

function lostTo(served: Route, winner: Route | null): string {
  if (winner === null) return 'the host answers before a path is chosen';
  if (winner.match === 'exact' && served.match !== 'exact') return `the exact path ${winner.path} wins`;
  if (served.path.length < winner.path.length) return `the longer path ${winner.path} wins`;
  return `${winner.match} ${winner.path} comes first`;
}

/** Less specific hosts that cover the name, with the path that they would have served. */
function otherHosts({ model }: Known, { host, name, uri }: Found): Shadowed[] {
  const others = [wildcardOf(name), '_'].filter((other): other is HostName => other !== null && other !== host.name);
  const wins = host.name === '_' ? -1 : host.name.startsWith('*.') ? 1 : 0;
  return others.flatMap((other, i): Shadowed[] => {
    const loser = model.hosts.get(other);
    const route = loser?.routes.find((each) => each.source !== null && coverage(each, uri) !== 'no');
    if (route?.source == null || i < wins) return [];
    const place = { ingress: keyOf(route.source), host: other, path: `${route.match} ${route.path}` };
    return [{ ...place, why: `host ${host.name} is more specific` }];
  });
}

/** Ingresses that name the host and that nobody serves. */
function notServed({ cluster, selection }: Known, { host, name }: Found): Shadowed[] {
  const names = [...new Set([name, host.name])];
  return names.flatMap((each) =>
    cluster.list('ingress-by-host', each).flatMap((ingress): Shadowed[] => {
      if (isSelected(cluster, selection, ingress)) return [];
      const why = namesUnknownClass(cluster, selection, ingress)
        ? `its IngressClass ${ingress.className ?? ''} does not exist`
        : 'it is not of our class, or of a namespace that is not watched';
      return [{ ingress: keyOf(ingress.meta), host: each, path: 'all', why }];
    }),
  );
}
