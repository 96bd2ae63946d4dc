// Which route a URL leads to, by the rules that lua/router/ follows (HOST-04, HOST-05, PATH-01 to PATH-10), read from the model.
// JavaScript's regular expressions are not PCRE: a pattern that only one of them knows is told as such.
import type { Alias, Host, HostName, Model, Route } from '../model/types.ts';
import { endpointRows } from './backends.ts';
import type { Moment } from './moment.ts';
import { problemsOf } from './problems.ts';
import { objectsOf, routeRow } from './routes.ts';
import type { LookupView } from './views.ts';

export interface Asked {
  readonly host: HostName;
  /** Decoded, as nginx compares it. */
  readonly path: string;
}

/** A URL, or a host with a path ("a.test/x"); null for other texts. */
export function parseAsked(text: string): Asked | null {
  const candidate = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(candidate)) return null;
  const { hostname, pathname } = new URL(candidate);
  if (hostname === '') return null;
  try {
    return { host: hostname.replace(/\.$/, ''), path: decodeURIComponent(pathname).replace(/\/{2,}/g, '/') };
  } catch {
    return null; // no UTF-8 in its escapes
  }
}

/** Whether a text asks for a URL and not for a part of a name. */
export function looksLikeUrl(text: string): boolean {
  return /:\/\/|\//.test(text);
}

export function lookupView(moment: Moment, url: string, asked: Asked): LookupView {
  const { model } = moment;
  const served = findHost(model, asked.host);
  const base = { url, host: asked.host, path: asked.path };
  if (served === null) {
    const because = 'no Ingress has this host, and there is no default: 503';
    return { ...base, served, route: null, because, endpoints: [], shadowed: [], problems: [] };
  }
  const { host, because } = served;
  const { found, why } = findRoute(host.routes, asked.path);
  const others = host.routes.filter((route) => route !== found && isCandidate(route, asked.path));
  const target = found?.target;
  const id = target === undefined || target.kind === 'deny' ? null : target.id;
  const backend = id === null ? undefined : model.backends.get(id);
  return {
    ...base,
    served: { name: host.name, because },
    route: found === null ? null : routeRow(moment, { host, route: found }),
    because: host.denied === null ? why : `every path of the host answers 403: ${host.denied}`,
    endpoints: backend === undefined ? [] : endpointRows(moment, backend),
    shadowed: others.map((route) => routeRow(moment, { host, route })),
    problems: found === null ? [] : problemsOf(moment, objectsOf(found)),
  };
}

function findHost(model: Model, name: HostName): { readonly host: Host; readonly because: string } | null {
  const get = (host: HostName, because: string) => {
    const found = model.hosts.get(host);
    return found === undefined ? null : { host: found, because };
  };
  const wildcard = name.replace(/^[^.]+/, '*');
  const alias = model.aliases.find((candidate) => aliasMatches(candidate, name));
  return (
    get(name, 'the host has this name') ??
    (name.includes('.') ? get(wildcard, `no host is called ${name}; this wildcard covers one label`) : null) ??
    (alias === undefined ? null : get(alias.host, `its alias ${alias.name} matches`)) ??
    get('_', 'no host, wildcard or alias matches: the default takes what is left')
  );
}

function aliasMatches({ kind, name: pattern }: Alias, name: string): boolean {
  switch (kind) {
    case 'exact':
      return pattern === name;
    case 'below':
      return name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1;
    case 'above':
      return name.startsWith(pattern.slice(0, -1)) && name.length > pattern.length - 1;
    case 'regex':
      return test(pattern, name) === 'yes';
  }
}

function findRoute(routes: readonly Route[], path: string): { readonly found: Route | null; readonly why: string } {
  const literal = findLiteral(routes, path);
  if (literal?.found.match !== 'exact') {
    // The first that matches wins, where it is longer than the literal one.
    const floor = literal?.found.path.length ?? 0;
    const regex = routes.find((route) => route.path.length > floor && ofPattern(route, path) !== 'no');
    if (regex !== undefined) {
      const why = `the first regular expression that matches, longest first: ${regex.pattern ?? ''}`;
      const isSure = ofPattern(regex, path) === 'yes';
      return { found: regex, why: isSure ? why : `${why} (not tried here; sluice explain asks nginx)` };
    }
  }
  return literal ?? { found: null, why: 'no path of the host matches: 404' };
}

/** As find_literal() of lua/router/host.lua. */
function findLiteral(routes: readonly Route[], path: string): { readonly found: Route; readonly why: string } | null {
  const exact = routes.find((route) => route.match === 'exact' && route.path === path);
  if (exact !== undefined) return { found: exact, why: 'an Exact path beats all others' };
  const prefixes = routes.filter(({ match }) => match === 'prefix');
  const same = prefixes.find((route) => route.path === path);
  if (same !== undefined) return { found: same, why: 'the prefix is the whole path' };
  const slash = prefixes.find((route) => route.path === `${path}/`);
  if (slash !== undefined) return { found: slash, why: `clients are sent on to ${slash.path}` };
  const covering = prefixes.filter((route) => path.startsWith(withSlash(route.path)));
  const longest = Math.max(...covering.map((route) => withSlash(route.path).length));
  const best = covering.filter((route) => withSlash(route.path).length === longest);
  // "/p/" as its user wrote it beats what "/p" implies.
  const found = best.find((route) => route.path.endsWith('/')) ?? best[0];
  return found === undefined ? null : { found, why: 'the longest prefix' };
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** Whether a route would take the path, were it alone. */
function isCandidate(route: Route, path: string): boolean {
  if (route.match === 'regex') return ofPattern(route, path) !== 'no';
  return findLiteral([route], path) !== null;
}

function ofPattern({ match, pattern }: Route, path: string): 'yes' | 'no' | 'unknown' {
  return match === 'regex' ? test(`^${pattern ?? ''}`, path) : 'no';
}

/** A pattern of a tenant could go on for ever here, which nginx bounds (lua_regex_match_limit): only short, simple ones are run. */
function test(pattern: string, text: string): 'yes' | 'no' | 'unknown' {
  if (pattern.length > 200 || text.length > 500 || isRisky(pattern)) return 'unknown';
  try {
    return new RegExp(pattern, 'i').test(text) ? 'yes' : 'no';
  } catch {
    return 'unknown';
  }
}

/** More than one part of unbounded length, within another one or beside it, can take time that grows with a power of the text. */
function isRisky(pattern: string): boolean {
  const unbounded = pattern.match(/[*+]|\{\d*,\d*\}/g)?.length ?? 0;
  return unbounded > 2 || /[*+}]\)[*+{]|\)[*+{]/.test(pattern.replace(/\\./g, ''));
}
