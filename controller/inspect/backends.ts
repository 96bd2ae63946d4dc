// Backends: how they balance, who serves for them, and how that goes.
import type { Template } from '../feature/template.ts';
import type { CanaryPolicy } from '../model/policy.ts';
import type { Backend, Canary } from '../model/types.ts';
import { endpointsOf } from './endpoints.ts';
import type { Asked, Moment } from './moment.ts';
import { countByBackend } from './traffic.ts';
import type { BackendView, CanaryView } from './views.ts';

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

export function canariesOf({ canaries }: Backend): CanaryView[] {
  return canaries.map(({ id, policy }: Canary) => ({ id, rule: ruleOf(policy) }));
}

/** In the order in which they are asked (CAN-07). */
function ruleOf({ header, headerValue, headerPattern, cookie, weight, total }: CanaryPolicy): string {
  const value = headerValue ?? (headerPattern === null ? null : `~${headerPattern}`);
  const rules = [
    ...(header === null ? [] : [value === null ? `header ${header}` : `header ${header}: ${value}`]),
    ...(cookie === null ? [] : [`cookie ${cookie}`]),
    ...(weight > 0 ? [`${weight} of ${total}`] : []),
  ];
  return rules.length === 0 ? 'nothing' : rules.join(', else ');
}

function balancingOf({ policy }: Backend): string {
  const { serviceUpstream, sessionCookie, affinityMode, hashBy, hashSubset, loadBalance } = policy;
  if (serviceUpstream) return 'by the Service';
  const subset = hashSubset === null ? '' : `, subsets of ${hashSubset}`;
  const rest = hashBy === null ? loadBalance.replace('_', ' ') : `hash by ${showTemplate(hashBy)}${subset}`;
  if (sessionCookie === null) return rest;
  return `sticky by cookie ${sessionCookie.name} (${affinityMode ?? 'balanced'})`;
}

function showTemplate(template: Template): string {
  return template
    .map((part) => (typeof part === 'string' ? part : `$${'variable' in part ? part.variable : part.capture}`))
    .join('');
}
