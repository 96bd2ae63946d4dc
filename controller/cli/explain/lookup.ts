// The router in TypeScript, for when no nginx is there: host, then path, as lua/router/names.lua, host.lua and regex.lua find
// them. test/property/explain.test.ts holds that both always agree.
import { matchesRegex, nameOf, wildcardOf } from '../../explain/match.ts';
import { regexOf } from '../../explain/regex.ts';
import type { Lookup, Undecided } from '../../explain/router.ts';
import type { Question } from './question.ts';
import type { HostValue, RouteValue, Values } from './values.ts';

export async function lookup(values: Values, { host: header, uri }: Question): Promise<Lookup | Undecided> {
  const name = nameOf(header);
  if (name === null || uri === null) return { kind: 'refused', status: 400 };
  const found = await findHost(values, name);
  if (found === null) return { kind: 'refused', status: 503 };
  if (found.kind === 'undecided') return found;
  const { host, isAlias } = found;
  const path = findRoute(host, uri);
  if (path.kind === 'undecided') return path;
  const { route, leadsToSlash, status } = path;
  return {
    kind: 'host',
    host: host.name,
    isAlias,
    hasCertificate: await hasCertificate(values, name),
    route: route === null ? null : host.routes.indexOf(route),
    leadsToSlash,
    status,
  };
}

export async function hasCertificate(values: Values, name: string): Promise<boolean> {
  const wildcard = wildcardOf(name);
  return (await values.hasCertificate(name)) || (wildcard !== null && (await values.hasCertificate(wildcard)));
}

type FoundHost = { readonly kind: 'found'; readonly host: HostValue; readonly isAlias: boolean } | Undecided;

async function findHost(values: Values, name: string): Promise<FoundHost | null> {
  const wildcard = wildcardOf(name);
  const direct = (await values.host(name)) ?? (wildcard === null ? null : await values.host(wildcard));
  if (direct !== null) return { kind: 'found', host: direct, isAlias: false };
  for (const alias of await values.aliases()) {
    const matches = aliasMatches(alias.kind, alias.name, name);
    if (matches === 'unknown') {
      return { kind: 'undecided', why: `whether the alias ~${alias.name} matches ${name} only nginx can tell` };
    }
    if (!matches) continue;
    const host = await values.host(alias.host);
    return host === null ? catchAll(values) : { kind: 'found', host, isAlias: true };
  }
  return catchAll(values);
}

async function catchAll(values: Values): Promise<FoundHost | null> {
  const host = await values.host('_');
  return host === null ? null : { kind: 'found', host, isAlias: false };
}

function aliasMatches(kind: string, alias: string, name: string): boolean | 'unknown' {
  if (kind === 'below') return name.length > alias.length - 1 && name.endsWith(alias.slice(1));
  if (kind === 'above') return name.length > alias.length - 1 && name.startsWith(alias.slice(0, -1));
  const regex = regexOf(`(?:${alias})`);
  if (regex.kind === 'foreign') return 'unknown';
  return regex.kind === 'regex' && regex.regex.test(name);
}

type FoundRoute =
  | Undecided
  | {
      readonly kind: 'found';
      readonly route: RouteValue | null;
      readonly leadsToSlash: boolean;
      readonly status: number | null;
    };

/** The route of a URI, as nginx would choose it. */
export function findRoute(host: HostValue, uri: string): FoundRoute {
  const { route, slash } = findLiteral(host, uri);
  const literal: FoundRoute = {
    kind: 'found',
    route: route ?? slash,
    leadsToSlash: route === null && slash !== null,
    status: null,
  };
  if (route?.match === 'exact') return literal;
  const longerThan = (route ?? slash)?.path.length ?? 0;
  for (const each of host.routes) {
    if (each.match !== 'regex') continue;
    if (each.path.length <= longerThan) break;
    const match = matchesRegex(each, uri);
    if (match === 'unknown') {
      return { kind: 'undecided', why: `whether the path ${each.path} matches ${uri} only nginx can tell` };
    }
    if (match !== 'no')
      return { kind: 'found', route: each, leadsToSlash: false, status: match === 'refused' ? 503 : null };
  }
  return literal;
}

function findLiteral({ routes }: HostValue, uri: string): { route: RouteValue | null; slash: RouteValue | null } {
  const exact = new Map(routes.filter(({ match }) => match === 'exact').map((route) => [route.path, route]));
  const prefixes = new Map<string, RouteValue>();
  const written = routes.filter(({ match }) => match === 'prefix');
  for (const route of written) if (route.path.endsWith('/')) prefixes.set(route.path, route);
  for (const route of written) {
    if (route.path.endsWith('/')) continue;
    if (!exact.has(route.path)) exact.set(route.path, route);
    if (!prefixes.has(`${route.path}/`)) prefixes.set(`${route.path}/`, route);
  }
  const direct = exact.get(uri);
  if (direct !== undefined) return { route: direct, slash: null };
  const slash = written.findLast(({ path }) => path.length > 1 && path === `${uri}/`);
  if (slash !== undefined) return { route: null, slash };
  const lengths = [...new Set([...prefixes.keys()].map((prefix) => prefix.length))].sort((a, b) => b - a);
  for (const length of lengths) {
    const route = length <= uri.length ? prefixes.get(uri.slice(0, length)) : undefined;
    if (route !== undefined) return { route, slash: null };
  }
  return { route: null, slash: null };
}
