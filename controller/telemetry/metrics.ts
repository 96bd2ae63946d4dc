// /metrics: what the controller counts itself, what it asks nginx for, and what there is at the moment of a scrape.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Control, Ejections } from '../apply/control.ts';
import type { Lack } from '../apply/plan.ts';
import type { Model, Problem } from '../model/types.ts';
import { AdmissionMetrics, type Instance } from './admission.ts';
import { PREFIX, type RequestMetrics } from './families.ts';
import type { MeasuredRequests } from './measured.ts';
import { statusFamilies } from './nginx-status.ts';
import { certificateFamilies, orphanFamily, StateHash } from './of-model.ts';
import { NginxProcesses } from './processes.ts';
import { Requests } from './requests.ts';
import { familyText, one, type SampleFamily } from './samples.ts';

/** Which controller it is, as docs/spec/metrics.yaml has it. */
export interface OwnLabels {
  readonly controller_namespace: string;
  readonly controller_class: string;
  readonly controller_pod: string;
}

/** What never changes while the program runs. */
export interface Subject {
  readonly own: OwnLabels;
  readonly version: string;
  /** null with --enable-metrics=false: then only our own few are there. */
  readonly requests: RequestMetrics | null;
}

/** What is there at the moment of a scrape. */
export interface Moment {
  readonly problems: readonly Problem[];
  readonly model: Model | null;
  /** What nginx serves, value by value. */
  readonly state: ReadonlyMap<string, string>;
  /** Changes that no pass has taken yet. */
  readonly queued: number;
  /** Seconds since the API server said anything, by kind. */
  readonly silences: ReadonlyMap<string, number>;
  readonly master: number | null;
}

/** Who asks nginx. */
export interface Asking {
  readonly control: Control;
  readonly requests: MeasuredRequests;
}

export type ReloadOutcome = { readonly kind: 'reloaded'; readonly lacks: Lack } | { readonly kind: 'failed' };

const LACKS: readonly Lack[] = ['settings', 'profile', 'name'];
const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly #subject: Subject;
  readonly #registry = new Registry();
  readonly #processes = new NginxProcesses();
  readonly #hash = new StateHash();
  readonly #requests: Requests | null;
  readonly #applies: Histogram;
  readonly #propagation: Histogram;
  readonly #reloadSeconds: Histogram;
  readonly #problems: Gauge;
  readonly #hosts: Gauge;
  readonly #backends: Gauge;
  readonly #reloads: Counter;
  readonly #scrapes: Counter;
  readonly #leader: Gauge;
  #underWay = 0;
  #reloaded = { success: 0, errors: 0, at: 0 };

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#requests = subject.requests === null ? null : new Requests(subject.requests, { ...subject.own });
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    // Gauges with the ending of counters, which the linter of Prometheus refuses.
    for (const name of ['handles', 'requests', 'resources']) {
      this.#registry.removeSingleMetric(`nodejs_active_${name}_total`);
    }
    const histogram = (name: string, help: string): Histogram =>
      new Histogram({ name, help, buckets: LATENCIES, registers });
    this.#applies = histogram('sluice_apply_duration_seconds', 'From the start of a pass to the answer of nginx.');
    this.#propagation = histogram(
      'sluice_propagation_seconds',
      'From a change that was heard of until no worker routes by what was before it; without those that need a reload.',
    );
    this.#reloadSeconds = histogram('sluice_reload_duration_seconds', 'Reloads, from their start to the handover.');
    const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
    this.#problems = new Gauge({
      name: 'sluice_problems',
      help: 'Problems with objects, files and settings at this moment.',
      labelNames: ['severity', 'code'],
      registers,
    });
    this.#hosts = gauge('sluice_hosts', 'Hosts that are served.');
    this.#backends = gauge('sluice_backends', 'Backends that routes lead to.');
    this.#reloads = new Counter({
      name: 'sluice_reloads_total',
      help: 'Reloads of nginx, by what the running configuration lacked.',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of LACKS) this.#reloads.inc({ reason }, 0);
    this.#leader = new Gauge({
      name: 'nginx_ingress_controller_leader_election_status',
      help: '1 on the leader, 0 on the others; name is the election id.',
      labelNames: ['name', ...Object.keys(subject.own)],
      registers,
    });
    this.#scrapes = new Counter({
      name: 'promhttp_metric_handler_requests_total',
      help: 'Scrapes by status code.',
      labelNames: ['code'],
      registers,
    });
    for (const code of ['200', '500']) this.#scrapes.inc({ code }, 0);
  }

  /** A pass ended: how long it took, and how long its oldest change had waited before it, null when it took none. */
  observeApply(seconds: number, waited: number | null, { hosts, backends }: Model, now: number): void {
    this.#applies.observe(seconds);
    if (this.#reloaded.at === 0) this.#reloaded = { ...this.#reloaded, at: now }; // nginx took its first one
    if (waited !== null) this.#propagation.observe(waited + seconds);
    this.#hosts.set(hosts.size);
    this.#backends.set(backends.size);
  }

  /** Those of the webhook, which exist only where it does. */
  ofAdmission(instance: Instance): AdmissionMetrics {
    return new AdmissionMetrics(this.#registry, instance);
  }

  /** A replica that never led has no series. */
  observeLeader(name: string, isLeader: boolean): void {
    this.#leader.set({ name, ...this.#subject.own }, isLeader ? 1 : 0);
  }

  observeReload(outcome: ReloadOutcome, seconds: number, now: number): void {
    const { success, errors, at } = this.#reloaded;
    if (outcome.kind === 'failed') {
      this.#reloaded = { success, errors: errors + 1, at };
      return;
    }
    this.#reloads.inc({ reason: outcome.lacks });
    this.#reloadSeconds.observe(seconds);
    this.#reloaded = { success: success + 1, errors, at: now };
  }

  /** What a scrape met that somebody should know. */
  problems(): Problem[] {
    return this.#requests?.problems() ?? [];
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of /metrics in pieces, each of which holds until the next one is asked for; without what nginx does not tell, while it does not answer. */
  async *pieces(moment: Moment, { control, requests }: Asking, signal: AbortSignal): AsyncGenerator<string | Buffer> {
    this.#underWay += 1;
    try {
      this.#problems.reset();
      for (const { severity, code } of moment.problems) this.#problems.inc({ severity, code });
      const [ejections, memory, page] = await Promise.all([
        control.ejections(signal).catch(() => null),
        control.memory(signal).catch(() => ({})),
        control.get('/v1/status', signal).catch(() => ''),
      ]);
      yield await this.#registry.metrics();
      yield '\n';
      const families = [...momentFamilies(moment), ...ejectionFamilies(ejections), ...memoryFamilies(memory)];
      yield families.map(familyText).join('');
      if (this.#subject.requests !== null) {
        for (const family of await this.#oldFamilies(moment, page)) yield familyText(family);
        if (moment.model !== null) yield this.#textOf(moment.model);
        if (this.#requests !== null) yield* this.#requests.pieces(moment.model, requests, signal);
      }
      this.#scrapes.inc({ code: '200' });
    } catch (error) {
      this.#scrapes.inc({ code: '500' });
      throw error;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** What depends on the model alone: a line or two for each Ingress, so it is kept until there is another model. */
  #textOf(model: Model): Buffer {
    if (this.#ofModel?.model === model) return this.#ofModel.text;
    const { own } = this.#subject;
    const families = [...certificateFamilies(model, own.controller_class), orphanFamily(model, { ...own })];
    const text = Buffer.from(families.map(familyText).join(''));
    this.#ofModel = { model, text };
    return text;
  }
  #ofModel: { readonly model: Model; readonly text: Buffer } | null = null;

  /** The groups nginx_status, nginx_process, controller and runtime of docs/spec/metrics.yaml. */
  async #oldFamilies(moment: Moment, page: string): Promise<SampleFamily[]> {
    const { version } = this.#subject;
    const own = { ...this.#subject.own };
    const { model, problems } = moment;
    const { success, errors, at } = this.#reloaded;
    const hasFailed = problems.some(({ code }) => code === 'reload-failed');
    const name = (suffix: string): string => PREFIX + suffix;
    const build = { ...own, release: version, build: '', repository: '' };
    return [
      ...statusFamilies(page, own),
      ...(await this.#processes.families(moment.master, own)),
      one('gauge', name('build_info'), 'Describes the program', build, 1),
      one('gauge', 'promhttp_metric_handler_requests_in_flight', 'Scrapes under way', {}, this.#underWay),
      ...(success === 0 ? [] : [one('counter', name('success'), 'Reloads that worked', own, success)]),
      ...(errors === 0 ? [] : [one('counter', name('errors'), 'Reloads that failed', own, errors)]),
      ...(model === null
        ? []
        : [
            one(
              'gauge',
              name('config_hash'),
              'A number that is equal where the same is served; 0 after a reload that failed',
              own,
              hasFailed ? 0 : this.#hash.of(moment.state),
            ),
            one(
              'gauge',
              name('config_last_reload_successful'),
              '1 unless the last reload failed',
              own,
              hasFailed ? 0 : 1,
            ),
            one(
              'gauge',
              name('config_last_reload_successful_timestamp_seconds'),
              'When nginx took its configuration, seconds since 1970',
              own,
              at,
            ),
          ]),
    ];
  }
}

function momentFamilies({ queued, silences }: Moment): SampleFamily[] {
  return [
    one('gauge', 'sluice_queue_depth', 'Reads that a change made stale and that no pass has taken yet', {}, queued),
    {
      name: 'sluice_watch_lag_seconds',
      help: 'Since the API server said anything about a kind: what is known of it may be so old',
      type: 'gauge',
      samples: [...silences].map(([kind, value]) => ({ labels: { kind }, value })),
    },
  ];
}

function ejectionFamilies(found: Ejections | null): SampleFamily[] {
  if (found === null) return [];
  const { endpoints, total, retries, withheld } = found;
  return [
    one(
      'gauge',
      'sluice_ejected_endpoints',
      'Endpoints that are left out because they fail',
      {},
      Object.keys(endpoints).length,
    ),
    one('counter', 'sluice_ejections_total', 'How often an endpoint was left out because it failed', {}, total),
    one('counter', 'sluice_retries_total', 'Tries of requests on another endpoint, after one failed', {}, retries),
    one(
      'counter',
      'sluice_retries_withheld_total',
      'Requests that were not to be tried again, because too many were (proxy-next-upstream-budget)',
      {},
      withheld,
    ),
  ];
}

function memoryFamilies(memory: Awaited<ReturnType<Control['memory']>>): SampleFamily[] {
  const of = (name: string, help: string, pick: 'free_bytes' | 'capacity_bytes'): SampleFamily => ({
    name,
    help,
    type: 'gauge',
    samples: Object.entries(memory)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([dictionary, use]) => ({ labels: { dictionary }, value: use[pick] })),
  });
  return [
    of('sluice_dictionary_free_bytes', 'Whole pages of a dictionary that are free', 'free_bytes'),
    of('sluice_dictionary_capacity_bytes', 'Size of a dictionary in shared memory', 'capacity_bytes'),
  ];
}
