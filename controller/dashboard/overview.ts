// The first page: what is broken, whose fault it is, what changed.
import { endingCertificates } from './certificates.ts';
import { changeOf } from './changes.ts';
import { countEndpoints } from './health.ts';
import { hostRow } from './hosts.ts';
import type { Moment } from './moment.ts';
import { worstProblems } from './problems.ts';
import type { HostRow, Overview } from './views.ts';

const OWNERS = 5;
const CHANGES = 8;
const CERTIFICATES = 5;
const CERTIFICATE_DAYS = 30;
const HOSTS = 5;

export function overviewOf(moment: Moment): Overview {
  const { model, counted, problems, entries } = moment;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return {
    ready: moment.isReady,
    hosts: model.hosts.size,
    routes: [...model.hosts.values()].reduce((sum, { routes }) => sum + routes.length, 0),
    backends: model.backends.size,
    endpoints: countEndpoints(moment, [...model.backends.values()]),
    profiles: model.profiles.size,
    errors,
    warnings: problems.length - errors,
    reloads: moment.reloads,
    traffic: counted.show(counted.all, counted.all),
    countedSince: counted.since === null ? null : new Date(counted.since).toISOString(),
    problems: worstProblems(moment, OWNERS),
    changes: entries.slice(0, CHANGES).map(changeOf),
    certificates: endingCertificates(moment, CERTIFICATE_DAYS, CERTIFICATES),
    busiest: busiestHosts(moment),
  };
}

/** Those with most errors, then with most requests, of the last time or else of all time. */
function busiestHosts(moment: Moment): HostRow[] {
  const { counted, model } = moment;
  return [...counted.hosts]
    .sort(
      ([a, x], [b, y]) =>
        y.recentErrors - x.recentErrors ||
        y.recentRequests - x.recentRequests ||
        y.errors - x.errors ||
        y.requests - x.requests ||
        (a < b ? -1 : 1),
    )
    .flatMap(([name]) => model.hosts.get(name) ?? [])
    .slice(0, HOSTS)
    .map((host) => hostRow(moment, host));
}
