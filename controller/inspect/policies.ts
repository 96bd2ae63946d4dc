// What happens to the requests of a route beside proxying, in a few words each.
import type { HostPolicy, RoutePolicy } from '../model/policy.ts';
import type { Host, Route } from '../model/types.ts';

/** In the order in which it happens. */
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
