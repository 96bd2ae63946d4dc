// Rows of hosts, and one host with its routes.
import type { Host, HostName } from '../model/types.ts';
import { certificateOf, healthOf } from './certificates.ts';
import { countEndpoints, GOOD, type State, stateOfErrors, stateOfRoute, worst } from './health.ts';
import { indexOf, problemsByObject } from './index.ts';
import type { Moment } from './moment.ts';
import { matching, pageOf, type Query } from './paging.ts';
import { problemsOf } from './problems.ts';
import { backendsOf, objectsOf, routeRow } from './routes.ts';
import type { CertificateOf, HostRow, HostView, Page } from './views.ts';

export function hostPage(moment: Moment, query: Query): Page<HostRow> {
  const found = matching(indexOf(moment.model).hosts, query, (name) => [name]);
  return pageOf(
    found.flatMap((name) => moment.model.hosts.get(name) ?? []),
    query,
    (host) => hostRow(moment, host),
  );
}

export function hostRow(moment: Moment, host: Host): HostRow {
  const { counted } = moment;
  const traffic = counted.show(counted.host(host.name), counted.all);
  const certificate = certificateOf(moment, host.name);
  const backends = backendsOf(moment, host.routes);
  return {
    name: host.name,
    ...worst([stateOfRoutes(moment, host), stateOfErrors(traffic), stateOfCertificate(certificate)]),
    routes: host.routes.length,
    backends: backends.length,
    endpoints: countEndpoints(moment, backends),
    certificate,
    problems: objectsOfHost(host).reduce(
      (sum, name) => sum + (problemsByObject(moment.problems).get(name)?.length ?? 0),
      0,
    ),
    traffic,
  };
}

/** One bad route of several is a warning for the host. */
function stateOfRoutes(moment: Moment, host: Host): State {
  const states = host.routes.map((route) => stateOfRoute(moment, host, route));
  const bad = states.filter(({ health }) => health === 'bad');
  if (bad.length === 0 || bad.length === states.length) return worst(states);
  return { health: 'warn', trouble: `${bad.length} of ${states.length} routes: ${bad[0]?.trouble ?? ''}` };
}

function stateOfCertificate({ kind, daysLeft }: CertificateOf): State {
  if (kind !== 'own' || daysLeft === null) return GOOD; // the default one is told of once, in its own list
  const health = healthOf(daysLeft);
  if (health === 'good') return GOOD;
  return { health, trouble: daysLeft < 0 ? 'certificate expired' : `certificate: ${daysLeft} days` };
}

function objectsOfHost({ routes }: Host): string[] {
  return [...new Set(routes.flatMap(objectsOf))];
}

/** null when there is no such host. */
export function hostView(moment: Moment, name: HostName, query: Query): HostView | null {
  const host = moment.model.hosts.get(name);
  if (host === undefined) return null;
  return {
    host: hostRow(moment, host),
    aliases: moment.model.aliases.filter((alias) => alias.host === name).map((alias) => alias.name),
    server: host.server,
    denied: host.denied,
    routes: pageOf(host.routes, query, (route) => routeRow(moment, { host, route })),
    problems: problemsOf(moment, objectsOfHost(host)),
  };
}
