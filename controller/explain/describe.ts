// Routes and backends in a few words: for the commands that look at a running controller, and for the dashboard.
import { assertNever } from '../assert.ts';
import type { Template } from '../feature/template.ts';
import type { CanaryPolicy, HostPolicy, RoutePolicy } from '../model/policy.ts';
import type { Backend, BackendId, Canary, Endpoint, Host, Route } from '../model/types.ts';

export type Target =
  | { readonly kind: 'backend'; readonly id: BackendId; readonly text: string }
  | { readonly kind: 'default'; readonly id: BackendId | null; readonly text: string }
  | { readonly kind: 'deny'; readonly id: null; readonly text: string };

/** Where the requests of a route go. */
export function targetOf({ denied }: Host, { target }: Route): Target {
  if (denied !== null) return { kind: 'deny', id: null, text: `403: ${denied}` };
  switch (target.kind) {
    case 'backend':
      return { kind: 'backend', id: target.id, text: target.id };
    case 'default':
      return { kind: 'default', id: target.id, text: target.id === null ? 'built-in 404' : `${target.id}, else 404` };
    case 'deny':
      return { kind: 'deny', id: null, text: `${target.status}: ${target.reason}` };
    default:
      return assertNever(target);
  }
}

export interface DescribedCanary {
  readonly id: BackendId;
  readonly rule: string;
}

export function canariesOf({ canaries }: Backend): DescribedCanary[] {
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

/** How a backend chooses among its endpoints. */
export function balancingOf({ policy }: Backend): string {
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

/** As nginx writes addresses. */
export function addressOf({ address, port }: Pick<Endpoint, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What the cluster says of an endpoint. */
export function stateOf({ state, isElsewhere }: Endpoint): 'ready' | 'draining' | 'elsewhere' {
  return state === 'draining' ? state : isElsewhere ? 'elsewhere' : 'ready';
}

/** What happens to the requests of a route beside proxying, in the order in which it happens. */
export function policiesOf({ policy }: Route, { policy: ofHost }: Host): string[] {
  return [
    ...hostPolicies(ofHost),
    ...(policy.jumpsFirst ? ['snippet'] : []),
    ...redirects(policy),
    ...access(policy),
    ...rest(policy),
  ];
}

function hostPolicies({ leadsTo, clientCertificates, appRoot }: HostPolicy): string[] {
  return [
    ...(clientCertificates === null ? [] : ['client certificate']),
    ...(leadsTo === null ? [] : [`${leadsTo.code} to host ${leadsTo.host}`]),
    ...(appRoot === null ? [] : ['app root']),
  ];
}

function redirects({ redirectTo, redirectToTls }: RoutePolicy): string[] {
  return [
    ...(redirectTo === null ? [] : [`${redirectTo.code} to ${redirectTo.url}`]),
    ...(redirectToTls ? ['to HTTPS'] : []),
  ];
}

function access({ limits, denyFrom, allowFrom, basicAuth, externalAuth, satisfy }: RoutePolicy): string[] {
  return [
    ...(limits === null ? [] : ['limits']),
    ...(denyFrom === null ? [] : ['denied addresses']),
    ...(allowFrom === null ? [] : ['allowed addresses']),
    ...(basicAuth === null ? [] : ['basic auth']),
    ...(externalAuth === null ? [] : ['external auth']),
    ...(satisfy === null ? [] : ['any of these']),
  ];
}

function rest(policy: RoutePolicy): string[] {
  const { rewrite, upstreamHost, cors, mirror, bandwidth, errorCodes, accessLog } = policy;
  return [
    ...(rewrite === null ? [] : ['rewrite']),
    ...(upstreamHost === null ? [] : ['other Host']),
    ...(cors === null ? [] : ['CORS']),
    ...(mirror === null ? [] : [`copied to ${mirror.host}`]),
    ...(bandwidth === null ? [] : [`${bandwidth.bytesPerSecond} bytes/s`]),
    ...(errorCodes === null ? [] : ['own error pages']),
    ...(accessLog ? [] : ['not logged']),
  ];
}
