// Rows of routes.
import { canariesOf, policiesOf, targetOf } from '../explain/describe.ts';
import type { Backend, BackendId, Route } from '../model/types.ts';
import { routeKey } from './counted.ts';
import { countEndpoints, stateOfErrors, stateOfRoute, worst } from './health.ts';
import { indexOf, problemsByObject, type RouteOfHost } from './index.ts';
import type { Moment } from './moment.ts';
import { matching, pageOf, type Query } from './paging.ts';
import type { Page, RouteRow } from './views.ts';

export function routeRow(moment: Moment, { host, route }: RouteOfHost): RouteRow {
  const { counted, model } = moment;
  const { match, path, pattern, target, source } = route;
  const traffic = counted.show(counted.of(routeKey(host.name, route)), counted.host(host.name));
  const state = worst([stateOfRoute(moment, host, route), stateOfErrors(traffic)]);
  const main = target.kind === 'deny' || target.id === null ? null : (model.backends.get(target.id) ?? null);
  return {
    host: host.name,
    match,
    path,
    pattern,
    target: targetOf(host, route),
    canaries: main === null ? [] : canariesOf(main),
    ingress: source === null ? null : { kind: source.kind, key: `${source.namespace}/${source.name}` },
    service: target.kind === 'backend' ? target.service : null,
    profile: route.profile,
    endpoints: countEndpoints(moment, main === null ? [] : [main]),
    ...state,
    effects: policiesOf(route, host),
    problems: objectsOf(route).reduce(
      (sum, name) => sum + (problemsByObject(moment.problems).get(name)?.length ?? 0),
      0,
    ),
    traffic,
  };
}

/** Rows of routes of any host. */
export function routePage(moment: Moment, query: Query): Page<RouteRow> {
  const found = matching(indexOf(moment.model).routes, query, ({ host, route }) => [
    host.name,
    route.path,
    route.source === null ? '' : `${route.source.namespace}/${route.source.name}`,
    route.target.kind === 'backend' ? route.target.id : '',
  ]);
  return pageOf(found, query, (entry) => routeRow(moment, entry));
}

/** "Kind namespace/name" of what a route is made of. */
export function objectsOf({ source, target, backends }: Route): string[] {
  const ids: readonly BackendId[] = target.kind === 'backend' ? [target.id, ...backends] : backends;
  const services = ids.map((id) => `Service ${id.split('/').slice(0, 2).join('/')}`);
  const ingress = source === null ? [] : [`${source.kind} ${source.namespace}/${source.name}`];
  return [...new Set([...ingress, ...services])];
}

/** The backends that requests of a route may be sent to, in the model. */
export function backendsOf({ model }: Moment, routes: readonly Route[]): Backend[] {
  const ids = new Set(routes.flatMap(({ backends }) => backends));
  return [...ids].flatMap((id) => model.backends.get(id) ?? []);
}
