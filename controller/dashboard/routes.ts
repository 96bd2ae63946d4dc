// Rows of routes.
import type { CanaryPolicy, RoutePolicy } from '../model/policy.ts';
import type { Backend, BackendId, Canary, Route } from '../model/types.ts';
import { routeKey } from './counted.ts';
import { countEndpoints, stateOfErrors, stateOfRoute, worst } from './health.ts';
import { indexOf, problemsByObject, type RouteOfHost } from './index.ts';
import type { Moment } from './moment.ts';
import { matching, pageOf, type Query } from './paging.ts';
import type { Page, RouteRow, TargetView } from './views.ts';

export function routeRow(moment: Moment, { host, route }: RouteOfHost): RouteRow {
  const { counted, model } = moment;
  const { match, path, pattern, target, source } = route;
  const traffic = counted.show(counted.of(routeKey(host.name, route)), counted.host(host.name));
  const state = worst([stateOfRoute(moment, route), stateOfErrors(traffic)]);
  const main = target.kind === 'deny' || target.id === null ? null : (model.backends.get(target.id) ?? null);
  return {
    host: host.name,
    match,
    path,
    pattern,
    target: showTarget(route),
    canaries: (main?.canaries ?? []).map(showCanary),
    ingress: source === null ? null : { kind: source.kind, key: `${source.namespace}/${source.name}` },
    service: target.kind === 'backend' ? target.service : null,
    profile: route.profile,
    endpoints: countEndpoints(moment, main === null ? [] : [main]),
    ...state,
    effects: effectsOf(route.policy),
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

function showTarget({ target }: Route): TargetView {
  switch (target.kind) {
    case 'backend':
      return { kind: 'backend', id: target.id, text: target.id };
    case 'default':
      return { kind: 'default', id: target.id, text: target.id === null ? 'built-in 404' : `${target.id}, else 404` };
    case 'deny':
      return { kind: 'deny', id: null, text: `${target.status}: ${target.reason}` };
  }
}

export function showCanary({ id, policy }: Canary): { id: BackendId; rule: string } {
  return { id, rule: canaryRule(policy) };
}

function canaryRule({ header, headerValue, headerPattern, cookie, weight, total }: CanaryPolicy): string {
  const value = headerValue ?? headerPattern;
  const parts = [
    ...(header === null ? [] : [value === null ? `header ${header}` : `header ${header} is ${value}`]),
    ...(cookie === null ? [] : [`cookie ${cookie}`]),
    ...(weight > 0 ? [`${weight} of ${total}`] : []),
  ];
  return parts.length === 0 ? 'no requests' : parts.join(', else ');
}

/** What happens to the requests, in the order in which it does. */
function effectsOf(policy: RoutePolicy): string[] {
  const { redirectTo, limits, bandwidth } = policy;
  return [
    ...(policy.jumpsFirst ? ['snippet first'] : []),
    ...(redirectTo === null ? [] : [`${redirectTo.code} to ${redirectTo.url}`]),
    ...(policy.redirectToTls ? ['HTTP → HTTPS'] : []),
    ...(policy.denyFrom === null ? [] : ['denied addresses']),
    ...(policy.allowFrom === null ? [] : ['allowed addresses']),
    ...(policy.basicAuth === null ? [] : ['basic auth']),
    ...(policy.externalAuth === null ? [] : ['external auth']),
    ...(limits === null ? [] : ['limits']),
    ...(bandwidth === null ? [] : [`${bandwidth.bytesPerSecond} bytes/s`]),
    ...(policy.cors === null ? [] : ['CORS']),
    ...(policy.mirror === null ? [] : [`copied to ${policy.mirror.host}`]),
    ...(policy.rewrite === null ? [] : ['rewritten']),
    ...(policy.upstreamHost === null ? [] : ['other Host']),
    ...(policy.errorCodes === null ? [] : ['own error pages']),
  ];
}

/** The backends that requests of a route may be sent to, in the model. */
export function backendsOf({ model }: Moment, routes: readonly Route[]): Backend[] {
  const ids = new Set(routes.flatMap(({ backends }) => backends));
  return [...ids].flatMap((id) => model.backends.get(id) ?? []);
}
