// The command line: every flag of ingress-nginx under its old name (docs/spec/flags.yaml) and Sluice's own few. Syntax is
// that of pflag: --name=value, --name value, --bool, --bool=false.
import { parseArgs } from 'node:util';
import { closest } from 'fastest-levenshtein';
import { bool, intBetween, type Parser } from './feature/parse.ts';
import { parseKey } from './kube/ref.ts';
import { type LabelSelector, parseSelector } from './model/selector.ts';
import { addressList, goDuration, leaseName } from './status/flag-values.ts';
import type { Label } from './telemetry/families.ts';
import { bucketList, familyList, labelList } from './telemetry/flag-values.ts';

/** The command line is wrong; the message says how to mend it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

interface Flag<T> {
  readonly default: T;
  readonly parse: Parser<T>;
  /** A bare --name means true. */
  readonly isBool: boolean;
  readonly doc: string;
}

const text: Parser<string> = (value) => ({ ok: true, value });
const port = intBetween(1, 65535);
const reference: Parser<string | null> = (value) => {
  if (value === '') return { ok: true, value: null };
  return parseKey(value) === null ? { ok: false, accepts: 'namespace/name' } : { ok: true, value };
};
const selector: Parser<LabelSelector | null> = (value) => {
  if (value === '') return { ok: true, value: null };
  const parsed = parseSelector(value);
  return parsed === null
    ? { ok: false, accepts: 'a label selector such as team=a,tier!=test' }
    : { ok: true, value: parsed };
};
const absolutePath: Parser<string> = (value) =>
  /^\/[A-Za-z0-9._/-]*$/.test(value) ? { ok: true, value } : { ok: false, accepts: 'a path that starts with "/"' };
/** "host:port" as Go writes it: the host may be missing, that of IPv6 stands in brackets. */
const hostPort: Parser<{ readonly host: string; readonly port: number } | null> = (value) => {
  if (value === '') return { ok: true, value: null };
  const [, v6, host = v6 ?? '', number = ''] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(value) ?? [];
  const parsed = port(number);
  return parsed.ok
    ? { ok: true, value: { host, port: parsed.value } }
    : { ok: false, accepts: 'host:port or :port, such as :8443' };
};
const logFormat: Parser<'auto' | 'text' | 'json'> = (value) =>
  value === 'auto' || value === 'text' || value === 'json'
    ? { ok: true, value }
    : { ok: false, accepts: 'auto, text or json' };

const nginxMode: Parser<'child' | 'remote'> = (value) =>
  value === 'child' || value === 'remote' ? { ok: true, value } : { ok: false, accepts: 'child or remote' };

function flag<T>(initial: NoInfer<T>, parse: Parser<T>, doc: string): Flag<T> {
  return { default: initial, parse, isBool: false, doc };
}

function toggle(initial: boolean, doc: string): Flag<boolean> {
  return { default: initial, parse: bool, isBool: true, doc };
}

function optional(doc: string): Flag<string | null> {
  return flag<string | null>(null, (value) => ({ ok: true, value: value === '' ? null : value }), doc);
}

/** Flags that have an effect. */
export const FLAGS = {
  manifests: optional('Folder of YAML or JSON manifests to serve; followed while running. Without it, a cluster is.'),
  kubeconfig: optional('Kubeconfig of the cluster to serve; without it, the one that this Pod runs in.'),
  'apiserver-host': optional('URL of the API server, in place of the one in the kubeconfig or of the Pod.'),
  'certificate-authority': optional('File of the authority that signed the certificate of --apiserver-host.'),
  'kube-api-qps': flag(20, intBetween(1, 10_000), 'Requests per second to the API server in the long run.'),
  'kube-api-burst': flag(40, intBetween(1, 10_000), 'Requests to the API server at once.'),
  'watch-idle-timeout': flag(75, intBetween(1, 3600), 'Seconds of silence after which a watch is opened again.'),
  'allow-loopback-endpoints': toggle(
    false,
    'Proxy to loopback addresses in EndpointSlices; for tests and development.',
  ),
  'run-dir': flag('.run', text, 'Folder for sockets and the pid file. One per instance.'),
  'conf-dir': optional('Folder for nginx.conf, its files and the secret; --run-dir, when not given.'),
  'nginx-mode': flag(
    'child',
    nginxMode,
    'child: nginx is started here; remote: by "sluice nginx" with the same folders.',
  ),
  'reload-jitter': flag<number | null>(
    null,
    intBetween(0, 10),
    'Longest random delay of a reload, seconds: replicas do not reload in step. 1 in a cluster, else 0.',
  ),
  'log-format': flag('auto', logFormat, 'text, json, or auto: text on a terminal, else json.'),
  'state-megabytes': flag(512, intBetween(1, 65536), 'Shared memory for the routing state at first; it grows.'),
  'resolv-conf': flag('/etc/resolv.conf', text, 'File that names the DNS servers for ExternalName Services.'),
  'ingress-class': flag('nginx', text, 'Value of the annotation kubernetes.io/ingress.class that is ours.'),
  'controller-class': flag('k8s.io/ingress-nginx', text, 'spec.controller of the IngressClasses that are ours.'),
  'watch-ingress-without-class': toggle(false, 'Also serve Ingresses that name no class.'),
  'ingress-class-by-name': toggle(false, 'Also accept an IngressClass whose name equals --ingress-class.'),
  'watch-namespace': optional('Serve only this namespace.'),
  'watch-namespace-selector': flag<LabelSelector | null>(null, selector, 'Serve only namespaces with these labels.'),
  'disable-catch-all': toggle(false, 'Ignore Ingresses that have spec.defaultBackend.'),
  'disable-svc-external-name': toggle(false, 'Give ExternalName Services no endpoints.'),
  'enable-topology-aware-routing': toggle(false, 'Prefer endpoints for the own zone, where a Service wants that.'),
  zone: optional('The zone of this instance, in place of the label of its node.'),
  'isolate-regex': toggle(
    false,
    'Keep use-regex and rewrite-target to the paths of their Ingress, instead of the whole host.',
  ),
  'annotations-prefix': flag('nginx.ingress.kubernetes.io', text, 'Prefix of the annotations.'),
  configmap: flag<string | null>(null, reference, 'The controller ConfigMap, namespace/name.'),
  'default-backend-service': flag<string | null>(null, reference, 'Service for requests that nothing else serves.'),
  'default-ssl-certificate': flag<string | null>(null, reference, 'Secret of the default certificate.'),
  'update-status': toggle(true, 'Write the addresses of this controller into the status of Ingresses.'),
  'publish-service': flag<string | null>(null, reference, 'Service whose addresses are written there, namespace/name.'),
  'publish-status-address': flag(null, addressList, 'Addresses to write there instead.'),
  'report-node-internal-ip-address': toggle(
    false,
    'Of nodes, write the internal addresses; without either of the above.',
  ),
  'update-status-on-shutdown': toggle(true, 'Empty the status when the last replica is removed.'),
  'status-update-interval': flag(60, intBetween(0, 86_400), 'Seconds between two looks at the addresses; at least 5.'),
  'election-id': flag('ingress-controller-leader', leaseName, 'Name of the Lease by which the leader is elected.'),
  'election-ttl': flag(null, goDuration, 'How long the Lease is held without a renewal, such as 1m; 30s without it.'),
  'disable-leader-election': toggle(false, 'Elect no leader; then nobody writes the status of Ingresses.'),
  'disable-sync-events': toggle(false, 'Send no Events but those of reloads.'),
  'http-port': flag(80, port, 'Port for HTTP.'),
  'https-port': flag(443, port, 'Port for HTTPS.'),
  'healthz-port': flag(10254, port, 'Port of /healthz, /readyz, /metrics and /dashboard.'),
  'healthz-host': flag('', text, 'Address of that port; all when empty.'),
  'validating-webhook': flag<{ readonly host: string; readonly port: number } | null>(
    null,
    hostPort,
    'Address of the admission webhook, such as :8443; none when empty.',
  ),
  'validating-webhook-certificate': optional('File of its certificate, PEM; followed while running.'),
  'validating-webhook-key': optional('File of the key of that certificate, PEM.'),
  'validating-webhook-client-ca': optional('File of the authority, PEM, of whose certificates its clients need one.'),
  'disable-full-test': toggle(false, 'Changes nothing: a review is always about what the Ingress touches alone.'),
  'enable-dashboard': toggle(false, 'Show what is served, and what is wrong, at /dashboard of the health port.'),
  'health-check-path': flag('/healthz', absolutePath, 'Path of the health checks.'),
  'enable-metrics': toggle(false, 'Measure requests, nginx and the controller under the names of ingress-nginx.'),
  'metrics-per-host': toggle(true, 'Label the metrics of requests with the host.'),
  'metrics-per-undefined-host': toggle(
    false,
    'Label requests for hosts that no Ingress names, or behind wildcards, with the name that clients send.',
  ),
  'metrics-without-labels': flag<ReadonlySet<Label>>(new Set(), labelList, 'Labels of requests to do without.'),
  'metrics-max-series': flag(20_000, intBetween(1, 1_000_000), 'Label sets of requests; more are counted as "other".'),
  'report-status-classes': toggle(false, 'Label requests with 2xx, 3xx and so on in place of the status code.'),
  'exclude-socket-metrics': flag<ReadonlySet<string>>(
    new Set(),
    familyList,
    'Metrics of requests to leave out, with commas between them.',
  ),
  'time-buckets': flag<readonly number[]>(
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    bucketList,
    'Buckets of durations, seconds.',
  ),
  'length-buckets': flag<readonly number[]>(
    [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
    bucketList,
    'Buckets of request_size and response_size, bytes.',
  ),
  'size-buckets': flag<readonly number[]>(
    [10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000],
    bucketList,
    'Buckets of bytes_sent, bytes.',
  ),
  'shutdown-grace-period': flag(0, intBetween(0, 86_400), 'Seconds between the signal and the end of nginx.'),
  'post-shutdown-grace-period': flag(10, intBetween(0, 86_400), 'Seconds between the end of nginx and our own.'),
  v: flag(0, intBetween(0, 10), 'Log verbosity; 2 and more also logs debug messages.'),
  version: toggle(false, 'Print the version and exit.'),
  help: toggle(false, 'Print this help and exit.'),
} as const;

type ValueOf<F> = F extends Flag<infer T> ? T : never;
export type FlagValues = { readonly [N in keyof typeof FLAGS]: ValueOf<(typeof FLAGS)[N]> };

/** Flags of ingress-nginx that do nothing here yet, or ever (klog's): accepted with a warning, so that old manifests start. */
export const UNSUPPORTED_FLAGS: ReadonlySet<string> = new Set(
  `enable-annotation-validation deep-inspect tcp-services-configmap
  udp-services-configmap enable-ssl-chain-completion enable-ssl-passthrough sync-period
  sync-rate-limit dynamic-configuration-retries
  ssl-passthrough-proxy-port default-server-port health-check-timeout status-port stream-port
  profiling profiler-port profiler-address internal-logger-address
  bucket-factor max-buckets
  monitor-max-batch-size maxmind-license-key maxmind-edition-ids maxmind-mirror maxmind-retries-count
  maxmind-retries-timeout vmodule logtostderr alsologtostderr stderrthreshold log_dir log_file log_file_max_size
  one_output add_dir_header skip_headers skip_log_headers log_backtrace_at`.split(/\s+/),
);

/** Flags that ingress-nginx itself removed, and what took their place. */
export const REMOVED_FLAGS: ReadonlyMap<string, string> = new Map([
  ['sort-backends', 'the order is random per worker'],
  ['force-namespace-isolation', 'use --watch-namespace'],
  ['enable-dynamic-certificates', 'they always are'],
  ['enable-dynamic-configuration', 'it always is'],
  ['disable-node-list', 'there is no replacement'],
  ['ssl-passtrough-proxy-port', 'use --ssl-passthrough-proxy-port'],
]);

/** Boolean flags among the unsupported ones: their value never stands in the next argument. */
const UNSUPPORTED_BOOL = new Set(
  `enable-annotation-validation deep-inspect enable-ssl-chain-completion enable-ssl-passthrough
  profiling
  logtostderr alsologtostderr one_output add_dir_header skip_headers
  skip_log_headers sort-backends force-namespace-isolation enable-dynamic-certificates enable-dynamic-configuration
  disable-node-list`.split(/\s+/),
);

export interface CommandLine {
  /** Words that are not flags: the sub-command. */
  readonly words: readonly string[];
  readonly flags: FlagValues;
  /** Flags that were given but do nothing. */
  readonly warnings: readonly string[];
}

/** Reads the arguments after the program's name; throws UsageError. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { tokens } = parseArgs({ args: args.map(verbosity), strict: false, tokens: true, options: argumentTypes() });
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(FLAGS).map(([name, spec]) => [name, spec.default]),
  );
  const words: string[] = [];
  const warnings: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind === 'option') readFlag(token.name, token.value, values, warnings);
  }
  const flags = values as unknown as FlagValues;
  if (flags['metrics-per-undefined-host'] && !flags['metrics-per-host']) {
    throw new UsageError('--metrics-per-undefined-host needs --metrics-per-host=true');
  }
  if (flags['watch-namespace'] !== null && flags['watch-namespace-selector'] !== null) {
    throw new UsageError('--watch-namespace and --watch-namespace-selector exclude each other: use one of them');
  }
  if (flags.manifests !== null && (flags.kubeconfig !== null || flags['apiserver-host'] !== null)) {
    throw new UsageError(
      '--manifests and a cluster (--kubeconfig, --apiserver-host) exclude each other: use one of them',
    );
  }
  if (flags['publish-service'] !== null && flags['publish-status-address'] !== null) {
    throw new UsageError('--publish-service and --publish-status-address exclude each other: use one of them');
  }
  if (
    flags['validating-webhook'] !== null &&
    !(flags['validating-webhook-certificate'] && flags['validating-webhook-key'])
  ) {
    throw new UsageError(
      '--validating-webhook is served over TLS: it needs --validating-webhook-certificate and --validating-webhook-key',
    );
  }
  return { words, flags, warnings: [...warnings, ...idleFlags(flags)] };
}

/** Flags that were given, but have no effect beside the others. */
function idleFlags(flags: FlagValues): string[] {
  const warnings: string[] = [];
  if (flags['certificate-authority'] !== null && flags['apiserver-host'] === null) {
    warnings.push('--certificate-authority has no effect without --apiserver-host');
  }
  const namespace = flags['watch-namespace'];
  for (const name of ['configmap', 'default-backend-service', 'default-ssl-certificate'] as const) {
    const key = flags[name];
    if (flags.manifests !== null || namespace === null || key === null || key.startsWith(`${namespace}/`)) continue;
    warnings.push(`--${name}=${key} has no effect: only namespace ${namespace} is read (--watch-namespace)`);
  }
  return warnings;
}

/** Which flags take a value, for parseArgs. */
export function argumentTypes(): Readonly<Record<string, { readonly type: 'boolean' | 'string' }>> {
  const names = [...Object.keys(FLAGS), ...UNSUPPORTED_FLAGS, ...REMOVED_FLAGS.keys()];
  return Object.fromEntries(names.map((name) => [name, { type: isBool(name) ? 'boolean' : 'string' } as const]));
}

/** pflag's short form of verbosity, -v=2 or -v 2, as --v. */
export function verbosity(argument: string): string {
  return /^-v(=|$)/.test(argument) ? `-${argument}` : argument;
}

function isBool(name: string): boolean {
  return Object.hasOwn(FLAGS, name) ? FLAGS[name as keyof typeof FLAGS].isBool : UNSUPPORTED_BOOL.has(name);
}

function readFlag(name: string, value: string | undefined, values: Record<string, unknown>, warnings: string[]): void {
  if (UNSUPPORTED_FLAGS.has(name)) {
    warnings.push(`--${name} has no effect in this version of Sluice`);
    return;
  }
  const replacement = REMOVED_FLAGS.get(name);
  if (replacement !== undefined) {
    warnings.push(`--${name} was removed from ingress-nginx and has no effect: ${replacement}`);
    return;
  }
  if (!Object.hasOwn(FLAGS, name)) {
    throw new UsageError(
      `unknown flag --${name}; did you mean --${closest(name, Object.keys(FLAGS))}? See sluice --help`,
    );
  }
  const spec = FLAGS[name as keyof typeof FLAGS] as Flag<unknown>;
  if (value === undefined && !spec.isBool) throw new UsageError(`--${name} needs a value: --${name}=…`);
  const parsed = spec.parse(value ?? 'true');
  if (!parsed.ok) throw new UsageError(`--${name}: ${JSON.stringify(value)} is not accepted (${parsed.accepts})`);
  values[name] = parsed.value;
}

/** The line of a flag in a help text. */
export function flagLine(name: keyof typeof FLAGS): string {
  const spec: Flag<unknown> = FLAGS[name];
  const value = spec.isBool ? '' : '=…';
  const isSaid = spec.default !== null && spec.default !== '' && !spec.isBool && !(spec.default instanceof Set);
  const initial = isSaid ? ` (${String(spec.default)})` : '';
  return `  ${`--${name}${value}`.padEnd(34)} ${spec.doc}${initial}`;
}
