// The composition root: builds everything from the command line and runs it until the signal.
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Serving, startWebhook } from './admission/start.ts';
import { Applier } from './apply/applier.ts';
import { drainClients } from './apply/drain.ts';
import type { Nginx } from './apply/nginx.ts';
import { readResolvConf } from './apply/resolver.ts';
import type { Surroundings } from './apply/surroundings.ts';
import { startDashboard } from './dashboard/start.ts';
import { type Place, reasonsOf } from './explain/reasons.ts';
import type { FlagValues } from './flags.ts';
import { startInspection } from './inspect/start.ts';
import { Loop } from './loop.ts';
import { Graph } from './model/graph.ts';
import { expiredCertificates, showProblem, tidy } from './model/problems.ts';
import { FREE_TEXTS, type Selection } from './model/settings.ts';
import type { Problem } from './model/types.ts';
import { chooseNginx, foldersOf } from './nginx.ts';
import { configRenderer, type Installation } from './render/config.ts';
import { chooseSource, type Opening, type OpenSource, openSource, type SourceChoice } from './source.ts';
import { type Duties, NO_DUTIES, startDuties } from './status/start.ts';
import { seriesMegabytes, seriesOptions } from './telemetry/families.ts';
import { requestMetricsOf } from './telemetry/flag-values.ts';
import { type HealthChecks, serveHealth } from './telemetry/health.ts';
import { Journal } from './telemetry/journal.ts';
import { MeasuredRequests } from './telemetry/measured.ts';
import { Metrics, type Moment } from './telemetry/metrics.ts';
import { versionOf } from './version.ts';
import { Cluster } from './watch/cluster.ts';
import { Intake } from './watch/intake.ts';
import type { Source } from './watch/source.ts';

const ROOT = resolve(import.meta.dirname, '..');
export const LUA_FOLDER = join(ROOT, 'lua');
export const TEMPLATE_FOLDER = join(ROOT, 'templates');
const STOP_GRACE_MS = 10_000;

/** What the source of objects adds to the flags. */
export interface Origin {
  readonly kind: SourceChoice['kind'];
  readonly ingressClasses: Selection['ingressClasses'];
  /** The zone of this instance, where the source knows it. */
  readonly zone?: string | null;
}

const MANIFESTS: Origin = { kind: 'manifests', ingressClasses: 'listed' };

export function selectionOf(flags: FlagValues, { kind, ingressClasses, zone = null } = MANIFESTS): Selection {
  // Manifests on disk are the administrator's own; in a cluster a slice with 127.0.0.1 would reach our own ports.
  const mayLoop = kind === 'manifests' || flags['allow-loopback-endpoints'];
  return {
    ingressClass: flags['ingress-class'],
    controllerClass: flags['controller-class'],
    ingressClassByName: flags['ingress-class-by-name'],
    watchIngressWithoutClass: flags['watch-ingress-without-class'],
    ingressClasses,
    watchNamespace: flags['watch-namespace'],
    watchNamespaceSelector: flags['watch-namespace-selector'],
    disableCatchAll: flags['disable-catch-all'],
    annotationsPrefix: flags['annotations-prefix'],
    regexScope: flags['isolate-regex'] ? 'ingress' : 'host',
    externalNames: flags['disable-svc-external-name'] ? 'refused' : 'resolved',
    loopbackEndpoints: mayLoop ? 'allowed' : 'refused',
    zone: flags['enable-topology-aware-routing'] ? (flags.zone ?? zone) : null,
    configMap: flags.configmap,
    defaultBackendService: flags['default-backend-service'],
    defaultSslCertificate: flags['default-ssl-certificate'],
  };
}

/** `surroundings` are those of nginx, which may run elsewhere. */
export function installationOf(flags: FlagValues, surroundings: Surroundings): Installation {
  return {
    ...surroundings,
    lua: LUA_FOLDER,
    ...foldersOf(flags),
    httpPort: flags['http-port'],
    httpsPort: flags['https-port'],
    stateMegabytes: flags['state-megabytes'],
    previousStateMegabytes: null,
    metrics: measuredOf(flags),
  };
}

function measuredOf(flags: FlagValues): Installation['metrics'] {
  const metrics = requestMetricsOf(flags);
  return metrics && { options: seriesOptions(metrics), megabytes: seriesMegabytes(metrics) };
}

/** Runs until `stop`, then ends in order; `force` cuts the graces short. */
export async function run(flags: FlagValues, log: Logger, stop: AbortSignal, force: AbortSignal): Promise<void> {
  const choice = chooseSource(flags, process.env);
  const { control, open } = await chooseNginx(flags);
  const requests = new MeasuredRequests(control);
  const work = new AbortController();
  const cluster = new Cluster();
  const metrics = new Metrics({
    own: {
      controller_namespace: process.env.POD_NAMESPACE ?? '',
      controller_class: flags['controller-class'],
      controller_pod: process.env.POD_NAME ?? '',
    },
    version: versionOf(),
    requests: requestMetricsOf(flags),
  });
  let nginx: Nginx | null = null;
  let applier: Applier | null = null;
  let graph: Graph | null = null;
  let loop: Loop | null = null;
  let duties: Duties = NO_DUTIES;
  let source: Source | null = null;
  let zone: string | null = null;
  const selection = (): Selection =>
    selectionOf(flags, { kind: choice.kind, ingressClasses: source?.ingressClasses ?? 'listed', zone });
  const intake = new Intake(cluster, selection);
  let isStopping = false;
  const problems = (): Problem[] => [
    ...(source?.problems() ?? []),
    ...intake.problems(),
    ...(loop?.model?.problems ?? []),
    ...(loop?.model ? expiredCertificates(loop.model, Date.now()) : []),
    ...(loop?.problems ?? []),
    ...duties.problems(),
    ...metrics.problems(),
  ];
  const journal = new Journal(Date.now);
  const report = problemReporter(problems, log, (all) => duties.say(all));
  const moment = (): Moment => ({
    problems: tidy(problems()),
    model: loop?.model ?? null,
    state: applier?.state ?? new Map(),
    queued: loop?.queued ?? 0,
    silences: source?.silences() ?? new Map(),
    // That of another container has its numbers from there.
    master: flags['nginx-mode'] === 'remote' ? null : (nginx?.pid ?? null),
  });
  const checks: HealthChecks = {
    path: flags['health-check-path'],
    // Until the source is read there is no nginx to look at; one in another container is not mended by restarting us.
    isHealthy: () => !isStopping && (loop === null || nginx?.isAlive === true || flags['nginx-mode'] === 'remote'),
    isReady: () => !isStopping && loop?.isReady === true && nginx?.isAlive === true,
    metrics: () => ({
      type: metrics.contentType,
      pieces: metrics.pieces(moment(), { control, requests }, work.signal),
    }),
    dashboard: startDashboard(
      flags,
      {
        control,
        journal,
        templates: join(TEMPLATE_FOLDER, 'dashboard'),
        isReady: () => loop?.isReady === true && nginx?.isAlive === true,
        model: () => loop?.model ?? null,
        served: () => applier?.hosts ?? new Map(),
        problems,
        reloads: () => applier?.reloads ?? 0,
      },
      work.signal,
    ),
  };
  await serveHealth(flags['healthz-host'], flags['healthz-port'], checks, work.signal);
  const serving = (): Serving | null => (graph === null || !loop?.model ? null : { graph, model: loop.model });
  await startWebhook(flags, { cluster, serving, metrics, log }, work.signal);

  const inspected = () => {
    const [now, model] = [applier, loop?.model ?? null];
    if (now === null || model === null) return null;
    const known = { cluster, selection: selection(), model, problems: tidy(problems()) };
    return { ...known, snapshot: () => now.snapshot(model), reasons: (place: Place) => reasonsOf(known, place) };
  };
  const measuredBy = requestMetricsOf(flags);
  const measured = measuredBy && { metrics: measuredBy, requests };
  await startInspection({ confDir: foldersOf(flags).confDir, control, measured, moment: inspected, log }, work.signal);

  const opening: Opening = {
    store: intake,
    events: {
      onChange: (stale, what) => {
        log.debug(what);
        journal.cause(what, stale);
        if (stale.size === 0) report();
        else loop?.notify(stale); // it reports after its pass
      },
      onError: (error) => log.error({ err: error }, 'following the source failed'),
    },
    onWaiting: ({ attempt, pauseMs, error }) =>
      log.warn(`${error.message}; attempt ${attempt}, the next in ${Math.round(pauseMs)} ms`),
  };
  const serve = async (): Promise<void> => {
    const { binary, surroundings, ...found } = await open(log, work.signal);
    nginx = found.nginx;
    const installation = installationOf(flags, surroundings);
    log.info({ nginx: binary.version, runDir: installation.runDir }, `sluice starts with ${binary.path}`);
    if (installation.accessLog !== '/dev/stdout') {
      log.info(`nginx cannot open its standard output anew: the access log goes to ${installation.accessLog}`);
    }
    applier = new Applier({
      nginx,
      control,
      render: configRenderer(TEMPLATE_FOLDER),
      abilities: binary.abilities,
      installation,
      data: await dataOf(flags),
      freeTexts: FREE_TEXTS,
    });
    const opened = await openSource(choice, flags, opening, work.signal);
    source = opened.source;
    log.info(`reading ${opened.name}`);
    zone = await zoneOf(opened.readZone, flags, log, work.signal);
    await source.start(work.signal);
    log.info({ objects: total(cluster.counts()) }, `read ${opened.name}`);
    const onLeader = (name: string, isLeader: boolean): void => metrics.observeLeader(name, isLeader);
    const around = { api: opened.api, environment: process.env, cluster, log, selection, onLeader, onProblems: report };
    duties = startDuties(flags, around, work.signal);
    graph = new Graph(cluster, selection());
    loop = new Loop({
      graph,
      applier,
      nginx,
      log,
      jitterMs: (flags['reload-jitter'] ?? (choice.kind === 'manifests' ? 0 : 1)) * 1000,
      onEvent: (event) => journal.note(event),
      onReload: (outcome, milliseconds) => metrics.observeReload(outcome, milliseconds / 1000, Date.now() / 1000),
      onApplied: (model, milliseconds, waited) => {
        metrics.observeApply(milliseconds / 1000, waited === null ? null : waited / 1000, model, Date.now() / 1000);
        duties.applied(applier?.reloads ?? 0);
        report();
      },
    });
    await loop.run(work.signal);
  };
  const shutdown = async (why: 'asked' | 'failed'): Promise<void> => {
    // A grace is for those who still send requests: a start that failed has none.
    const grace = async (seconds: number): Promise<void> => {
      if (why === 'asked') await delay(seconds * 1000, undefined, { signal: force }).catch(() => undefined);
    };
    isStopping = true;
    log.info('stopping');
    const left = duties.leave(force);
    await grace(flags['shutdown-grace-period']);
    loop?.expectEnd();
    const graceMs = (loop?.model?.settings.workerShutdownTimeout ?? 0) * 1000 + STOP_GRACE_MS;
    if (nginx !== null && nginx.pid !== null) log.info('nginx finishes its requests and ends');
    await nginx?.leave({ graceMs, force, drain: () => drainClients(control, force) });
    await left;
    work.abort();
    await grace(flags['post-shutdown-grace-period']);
    log.info('stopped');
  };
  await runUntil(stop, serve, shutdown);
}

async function zoneOf(
  readZone: OpenSource['readZone'],
  flags: FlagValues,
  log: Logger,
  signal: AbortSignal,
): Promise<string | null> {
  if (!flags['enable-topology-aware-routing'] || flags.zone !== null) return flags.zone;
  const found = await readZone(process.env, signal);
  if (found.kind === 'known') return found.name;
  log.warn(`the zone of this instance is not known, so endpoints of all zones are used: ${found.why}; --zone sets it`);
  return null;
}

/** Runs until the signal, then ends in order; a failure of the work itself also ends, and is thrown. */
async function runUntil(
  stop: AbortSignal,
  work: () => Promise<void>,
  shutdown: (why: 'asked' | 'failed') => Promise<void>,
): Promise<void> {
  const stopped = new Promise<'stopped'>((resolve) => {
    if (stop.aborted) resolve('stopped');
    stop.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  const failed = work().then(
    () => null,
    (error: unknown) => ({ error }),
  );
  const outcome = await Promise.race([stopped, failed]);
  await shutdown(outcome === 'stopped' ? 'asked' : 'failed');
  if (outcome !== 'stopped' && outcome !== null) throw outcome.error;
}

export async function dataOf(flags: FlagValues) {
  return {
    healthCheckPath: flags['health-check-path'],
    httpsPort: flags['https-port'],
    dns: await readResolvConf(flags['resolv-conf']),
  };
}

/** Logs each Problem once when it appears, and once when it is gone; `tell` has all of them each time. */
function problemReporter(
  list: () => readonly Problem[],
  log: Logger,
  tell: (all: readonly Problem[]) => void,
): () => void {
  let known = new Set<string>();
  return () => {
    const problems = tidy(list());
    const lines = new Set(problems.map(showProblem));
    for (const problem of problems) {
      const line = showProblem(problem);
      if (!known.has(line)) log[problem.severity === 'error' ? 'error' : 'warn'](`problem: ${line}`);
    }
    for (const line of known) if (!lines.has(line)) log.info(`solved: ${line}`);
    known = lines;
    tell(problems);
  };
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
