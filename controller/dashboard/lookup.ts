// Which route a URL leads to: nginx's router says so, the model what it is.
import { coverage } from '../explain/match.ts';
import type { Lookup, RouterAnswer } from '../explain/router.ts';
import { normalUri } from '../explain/uri.ts';
import type { Host, HostName, Route } from '../model/types.ts';
import { endpointRows } from './backends.ts';
import type { Moment } from './moment.ts';
import { problemsOf } from './problems.ts';
import { objectsOf, routeRow } from './routes.ts';
import type { LookupView } from './views.ts';

export interface Asked {
  readonly host: HostName;
  /** For people. */
  readonly path: string;
  /** As nginx compares it; null for one that it refuses. */
  readonly uri: string | null;
}

/** A URL, or a host with a path ("a.test/x"); null for other texts. */
export function parseAsked(text: string): Asked | null {
  const candidate = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(candidate)) return null;
  const { hostname, pathname } = new URL(candidate);
  return hostname === '' ? null : { host: hostname, path: shown(pathname), uri: normalUri(pathname) };
}

function shown(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path; // no UTF-8 in its escapes
  }
}

/** Whether a text asks for a URL and not for a part of a name. */
export function looksLikeUrl(text: string): boolean {
  return /:\/\/|\//.test(text);
}

/** `answer` is null where nginx does not answer. */
export function lookupView(moment: Moment, url: string, asked: Asked, answer: RouterAnswer | null): LookupView {
  const base = { url, host: asked.host, path: asked.path };
  const nowhere = (because: string): LookupView => ({
    ...base,
    served: null,
    route: null,
    because,
    endpoints: [],
    shadowed: [],
    problems: [],
  });
  if (answer === null) return nowhere('nginx, which decides, does not answer');
  const { lookup } = answer;
  if (lookup.kind === 'refused') return nowhere(REFUSED[lookup.status] ?? `nginx answers ${lookup.status}`);
  const host = moment.served.get(lookup.host);
  if (host === undefined) return nowhere('what is served changed meanwhile; ask again');
  const found = lookup.route === null ? null : (host.routes[lookup.route] ?? null);
  const id = found === null || found.target.kind === 'deny' ? null : found.target.id;
  const backend = id === null ? undefined : moment.model.backends.get(id);
  const others = host.routes.filter((route) => route !== found && coverage(route, asked.uri ?? '') !== 'no');
  return {
    ...base,
    served: { name: host.name, because: hostReason(lookup, asked.host) },
    route: found === null ? null : routeRow(moment, { host, route: found }),
    because: routeReason(host, found, lookup, asked.uri ?? ''),
    endpoints: backend === undefined ? [] : endpointRows(moment, backend),
    shadowed: others.map((route) => routeRow(moment, { host, route })),
    problems: found === null ? [] : problemsOf(moment, objectsOf(found)),
  };
}

const REFUSED: Readonly<Record<number, string>> = {
  400: 'the host or the path is malformed: 400',
  503: 'no Ingress has this host, and there is no default: 503',
};

type Found = Extract<Lookup, { kind: 'host' }>;

function hostReason({ host, isAlias }: Found, asked: HostName): string {
  if (isAlias) return 'one of its aliases matches';
  if (host === asked.toLowerCase().replace(/\.$/, '')) return 'the host has this name';
  if (host === '_') return 'no host, wildcard or alias matches: the default takes what is left';
  return `no host is called ${asked}; this wildcard covers one label`;
}

function routeReason({ denied }: Host, route: Route | null, { leadsToSlash, status }: Found, uri: string): string {
  if (denied !== null) return `every path of the host answers 403: ${denied}`;
  if (route === null) return 'no path of the host matches: 404';
  if (leadsToSlash) return `clients are sent on to ${uri}/`;
  if (status !== null)
    return `its regular expression ${status === 503 ? 'is none' : 'takes nginx too long'}: ${status}`;
  switch (route.match) {
    case 'exact':
      return 'an Exact path beats all others';
    case 'prefix':
      return route.path === uri ? 'the prefix is the whole path' : 'the longest prefix';
    case 'regex':
      return `the first regular expression that matches, longest first: ${route.pattern ?? ''}`;
  }
}
