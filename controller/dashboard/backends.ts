// Rows of backends, and one backend with its endpoints.
import { addressOf, balancingOf, canariesOf, stateOf } from '../explain/describe.ts';
import type { Backend, BackendId } from '../model/types.ts';
import { countEndpoints, ejectedFor, stateOfBackend, stateOfErrors, trafficOfEndpoint, worst } from './health.ts';
import { indexOf } from './index.ts';
import type { Moment } from './moment.ts';
import { matching, pageOf, type Query } from './paging.ts';
import { problemsOf } from './problems.ts';
import { objectsOf, routeRow } from './routes.ts';
import type { BackendRow, BackendView, EndpointRow, Page } from './views.ts';

const ROUTES_SHOWN = 100;

export function backendPage(moment: Moment, query: Query): Page<BackendRow> {
  const { backends } = moment.model;
  const found = matching(
    indexOf(moment.model).backends.flatMap((id) => backends.get(id) ?? []),
    query,
    ({ id, endpoints }) => [id, ...endpoints.map(addressOf)],
  );
  return pageOf(found, query, (backend) => backendRow(moment, backend));
}

export function backendRow(moment: Moment, backend: Backend): BackendRow {
  const { counted } = moment;
  const traffic = counted.show(counted.backend(backend.displayName), counted.all);
  return {
    id: backend.id,
    displayName: backend.displayName,
    ...worst([stateOfBackend(moment, backend), stateOfErrors(traffic)]),
    endpoints: countEndpoints(moment, [backend]),
    resolves: backend.resolve === null ? null : `${backend.resolve.name}:${backend.resolve.port}`,
    balancing: balancingOf(backend),
    routes: indexOf(moment.model).routesOf.get(backend.id)?.length ?? 0,
    traffic,
  };
}

/** null when there is no such backend. */
export function backendView(moment: Moment, id: BackendId): BackendView | null {
  const backend = moment.model.backends.get(id);
  if (backend === undefined) return null;
  const routes = indexOf(moment.model).routesOf.get(id) ?? [];
  const service = `Service ${id.split('/').slice(0, 2).join('/')}`;
  return {
    backend: backendRow(moment, backend),
    endpoints: endpointRows(moment, backend),
    canaries: canariesOf(backend),
    routes: routes.slice(0, ROUTES_SHOWN).map((entry) => routeRow(moment, entry)),
    problems: problemsOf(moment, [service, ...routes.slice(0, ROUTES_SHOWN).flatMap(({ route }) => objectsOf(route))]),
  };
}

/** Those of the model, in its order; where a name is resolved, those that requests went to. */
export function endpointRows(moment: Moment, backend: Backend): EndpointRow[] {
  const { displayName } = backend;
  const row = (address: string, zone: string | null, state: EndpointRow['state']): EndpointRow => {
    const secondsLeft = ejectedFor(moment, displayName, address);
    return {
      address,
      zone,
      state: secondsLeft === null ? state : 'ejected',
      secondsLeft,
      traffic: trafficOfEndpoint(moment, displayName, address),
    };
  };
  if (backend.resolve !== null) {
    return moment.counted.addresses(displayName).map((address) => row(address, null, 'resolved'));
  }
  return backend.endpoints.map((endpoint) => row(addressOf(endpoint), endpoint.zone, stateOf(endpoint)));
}
