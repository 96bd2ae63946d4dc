// The commands that look at a running controller.
import { type Command, tool } from '../command.ts';
import {
  BACKENDS_OPTIONS,
  CERTS_OPTIONS,
  CONF_OPTIONS,
  DIFF_OPTIONS,
  PROBLEMS_OPTIONS,
  ROUTES_OPTIONS,
  RUNNING_FLAGS,
  TOP_OPTIONS,
} from './options.ts';

/** Said in the help of each. */
const WHERE = `The controller is the one of --conf-dir or --run-dir; without either, the only one that runs on this machine
or in this container, as your user.`;

const routes = tool({
  name: 'routes',
  about: 'list the routes of a running controller',
  usage: ['[HOST] [--namespace=NS] [--ingress=NAME]'],
  details: `HOST is a name or a glob such as "*.example.com"; other names of hosts (aliases) count. Rows are in the order in which
the router looks: exact hosts, wildcards, "_" for every other host; of a host the paths as they are tried. POLICIES are what is done
to requests beside proxying.

${WHERE}`,
  maxWords: 1,
  words: [],
  options: ROUTES_OPTIONS,
  flags: RUNNING_FLAGS,
  run: async (invocation) => (await import('./routes.ts')).routes(invocation),
});

const backends = tool({
  name: 'backends',
  about: 'list the backends of a running controller, with the state of their endpoints',
  usage: ['[NAME] [--namespace=NS]'],
  details: `NAME is part of NAMESPACE/SERVICE/PORT, or of the address of an endpoint. Endpoints are ready unless their state stands
behind them: draining, elsewhere (of another zone, for when no other can serve), ejected with the seconds until they are tried
again. REQUESTS and ERRORS (5xx) are those of the Service since nginx started, with --enable-metrics; wide and JSON have every endpoint with its zone.

${WHERE}`,
  maxWords: 1,
  words: [],
  options: BACKENDS_OPTIONS,
  flags: RUNNING_FLAGS,
  run: async (invocation) => (await import('./backends.ts')).backends(invocation),
});

const certs = tool({
  name: 'certs',
  about: 'list the certificates of a running controller',
  usage: ['[HOST] [--namespace=NS] [--expiring=DAYS]'],
  details: `HOST is a name or a glob, of a host or in a certificate. The host "_" is the default certificate; "(backends)" are client
certificates towards backends.

With --expiring only those are listed that have fewer days left, and the exit status is 1 when there is one.

${WHERE}`,
  maxWords: 1,
  words: [],
  options: CERTS_OPTIONS,
  flags: RUNNING_FLAGS,
  run: async (invocation) => (await import('./certs.ts')).certs(invocation),
});

const problems = tool({
  name: 'problems',
  about: 'list what a running controller finds wrong, by object',
  usage: ['[--namespace=NS]'],
  details: `The exit status is 1 when there is an error, 0 when there are warnings only.

${WHERE}`,
  maxWords: 0,
  words: [],
  options: PROBLEMS_OPTIONS,
  flags: RUNNING_FLAGS,
  run: async (invocation) => (await import('./problems.ts')).problems(invocation),
});

const conf = tool({
  name: 'conf',
  about: 'print the nginx.conf that runs, or part of it, or an object of the routing data',
  usage: ['[HOST|PROFILE|SERVER]', '--state=NAME'],
  details: `With a host: the profiles of its routes, in its server. With a profile (p_…) or a server (s_…, n_…, shared): that one.

With --state the value of one object as the Lua code has it: host/NAME, backend/NAMESPACE/SERVICE/PORT, certificate/HOST, aliases,
settings. What holds keys or password hashes is not shown.

${WHERE}`,
  maxWords: 1,
  words: [],
  options: CONF_OPTIONS,
  flags: RUNNING_FLAGS,
  run: async (invocation) => (await import('./conf.ts')).conf(invocation),
});

const diff = tool({
  name: 'diff',
  about: 'say what a running controller would change for other manifests',
  usage: ['--manifests=DIR', '--kubeconfig=FILE'],
  details: `Compares all that the source has, read with the flags of the running controller, with what nginx runs. Lists hosts,
backends, certificates, profiles and settings that are added, changed or removed, whether nginx would be reloaded, and why. Problems
that are new go to standard error.

The folder stands for everything that is served: what is not in it counts as removed. The exit status is 1 when something would
change, as diff has it.

${WHERE}`,
  maxWords: 0,
  words: [],
  options: DIFF_OPTIONS,
  flags: ['manifests', 'kubeconfig', 'apiserver-host', 'certificate-authority', ...RUNNING_FLAGS],
  run: async (invocation) => (await import('./diff.ts')).diff(invocation),
});

const top = tool({
  name: 'top',
  about: 'show the requests per second of a running controller, live',
  usage: ['[--by=ingress|host|backend] [--once]'],
  details: `A table each second, busiest first; q or Ctrl-C ends it. When standard output is no terminal, or with --once or -o json, one
second is measured and printed. P50 and P99 are the
milliseconds that half of the requests took at most, and 99 of 100, by the buckets of request_duration_seconds (--time-buckets). The controller counts requests with --enable-metrics.

${WHERE}`,
  maxWords: 0,
  words: [],
  options: TOP_OPTIONS,
  flags: RUNNING_FLAGS,
  run: async (invocation) => (await import('./top.ts')).top(invocation),
});

export const INSPECTIONS: readonly Command[] = [routes, backends, certs, problems, conf, diff, top];
