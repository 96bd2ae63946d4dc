// Backends: how they balance, who serves for them, and how that goes.
import { balancingOf, canariesOf } from '../explain/describe.ts';
import { endpointsOf } from './endpoints.ts';
import type { Asked, Moment } from './moment.ts';
import { countByBackend } from './traffic.ts';
import type { BackendView } from './views.ts';

export interface BackendQuery {
  /** Part of the id, or of an endpoint's address; '' for all. */
  readonly name: string;
  /** '' for all. */
  readonly namespace: string;
}

export function* backendViews({ model }: Moment, asked: Asked, query: BackendQuery): Generator<BackendView> {
  const countOf = countByBackend(asked);
  const ids = [...model.backends.keys()].sort();
  for (const id of ids) {
    const backend = model.backends.get(id);
    if (backend === undefined || (query.namespace !== '' && !id.startsWith(`${query.namespace}/`))) continue;
    const endpoints = endpointsOf(backend, asked);
    const isNamed = id.includes(query.name) || endpoints.some(({ address }) => address.includes(query.name));
    if (!isNamed) continue;
    const count = countOf(backend);
    yield {
      id,
      displayName: backend.displayName,
      balancing: balancingOf(backend),
      resolves: backend.resolve === null ? null : `${backend.resolve.name}:${backend.resolve.port}`,
      endpoints,
      canaries: canariesOf(backend),
      requests: count?.requests ?? null,
      errors: count?.errors ?? null,
    };
  }
}
