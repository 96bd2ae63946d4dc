// Routes in the order in which they are looked up.
import { canariesOf, policiesOf, targetOf } from '../explain/describe.ts';
import { keyOf } from '../kube/ref.ts';
import type { Host, HostName, Model, Route } from '../model/types.ts';
import { countStates, endpointsOf } from './endpoints.ts';
import { globOf } from './glob.ts';
import type { Asked, Moment } from './moment.ts';
import type { RouteView } from './views.ts';

export interface RouteQuery {
  /** A glob over the host and its other names. */
  readonly host: string;
  readonly namespace: string;
  /** NAME or NAMESPACE/NAME. */
  readonly ingress: string;
}

export function* routeViews({ model }: Moment, asked: Asked, query: RouteQuery): Generator<RouteView> {
  const isAsked = globOf(query.host);
  const aliases = Map.groupBy(model.aliases, ({ host }) => host);
  for (const name of hostsInOrder(model)) {
    const host = model.hosts.get(name);
    const others = (aliases.get(name) ?? []).map((alias) => alias.name);
    if (host === undefined || ![name, ...others].some(isAsked)) continue;
    for (const route of host.routes) {
      if (isOf(route, query)) yield routeView(model, asked, host, others, route);
    }
  }
}

/** An exact name comes before a wildcard, and "_" is who is left. */
function hostsInOrder({ hosts }: Model): HostName[] {
  const rank = (name: HostName): number => (name === '_' ? 2 : name.startsWith('*') ? 1 : 0);
  return [...hosts.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function isOf({ source }: Route, { namespace, ingress }: RouteQuery): boolean {
  if (namespace !== '' && source?.namespace !== namespace) return false;
  return ingress === '' || (source !== null && [source.name, keyOf(source)].includes(ingress));
}

function routeView(model: Model, asked: Asked, host: Host, aliases: readonly string[], route: Route): RouteView {
  const { match, path, pattern, target, source, profile } = route;
  const backend = target.kind === 'deny' || target.id === null ? null : (model.backends.get(target.id) ?? null);
  return {
    host: host.name,
    aliases,
    match,
    path,
    pattern,
    target: targetOf(host, route),
    canaries: backend === null ? [] : canariesOf(backend),
    ingress: source === null ? null : keyOf(source),
    profile,
    server: host.server,
    policies: policiesOf(route, host),
    endpoints: backend === null || backend.resolve !== null ? null : countStates(endpointsOf(backend, asked)),
  };
}
