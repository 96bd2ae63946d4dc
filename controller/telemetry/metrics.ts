// The controller's metrics, and the request counters of the workers, in Prometheus text.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Ejections } from '../apply/control.ts';
import type { Problem } from '../model/types.ts';
import { AdmissionMetrics, type Instance } from './admission.ts';

const REQUEST_LABELS = ['namespace', 'ingress', 'service', 'canary', 'status'] as const;

/** Which controller it is, as docs/spec/metrics.yaml has it. */
export interface OwnLabels {
  readonly controller_namespace: string;
  readonly controller_class: string;
  readonly controller_pod: string;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #applies: Histogram;
  readonly #problems: Gauge;
  readonly #hosts: Gauge;
  readonly #endpoints: Gauge;
  readonly #reloads: Counter;
  readonly #requests: Counter;
  readonly #ejected: Gauge;
  readonly #leader: Gauge;
  readonly #own: OwnLabels;
  readonly #ofEndpoints: Readonly<Record<'total' | 'retries' | 'withheld', Counter>>;
  readonly #seen = new Map<string, number>();

  constructor(own: OwnLabels) {
    this.#own = own;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#applies = new Histogram({
      name: 'sluice_apply_duration_seconds',
      help: 'Time from the start of a pass to the answer of nginx.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    this.#problems = new Gauge({
      name: 'sluice_problems',
      help: 'Problems with objects, files and settings at this moment.',
      labelNames: ['severity', 'code'],
      registers,
    });
    this.#hosts = new Gauge({ name: 'sluice_hosts', help: 'Hosts that are served.', registers });
    this.#endpoints = new Gauge({ name: 'sluice_backends', help: 'Backends that routes lead to.', registers });
    this.#reloads = new Counter({ name: 'sluice_reloads_total', help: 'Reloads of nginx.', registers });
    this.#ejected = new Gauge({
      name: 'sluice_ejected_endpoints',
      help: 'Endpoints that are left out because they fail.',
      registers,
    });
    this.#leader = new Gauge({
      name: 'nginx_ingress_controller_leader_election_status',
      help: '1 on the leader, 0 on the others; name is the election id.',
      labelNames: ['name', ...Object.keys(own)],
      registers,
    });
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    this.#ofEndpoints = {
      total: counter('sluice_ejections_total', 'How often an endpoint was left out because it failed.'),
      retries: counter('sluice_retries_total', 'Tries of requests on another endpoint, after one failed.'),
      withheld: counter(
        'sluice_retries_withheld_total',
        'Requests that were not to be tried again, because too many were (proxy-next-upstream-budget).',
      ),
    };
    this.#requests = new Counter({
      name: 'nginx_ingress_controller_requests',
      help: 'The total number of client requests',
      labelNames: REQUEST_LABELS,
      registers,
    });
  }

  /** Those of the webhook, which exist only where it does. */
  ofAdmission(instance: Instance): AdmissionMetrics {
    return new AdmissionMetrics(this.#registry, instance);
  }

  observeApply(seconds: number, hosts: number, backends: number): void {
    this.#applies.observe(seconds);
    this.#hosts.set(hosts);
    this.#endpoints.set(backends);
  }

  /** A replica that never led has no series. */
  observeLeader(name: string, isLeader: boolean): void {
    this.#leader.set({ name, ...this.#own }, isLeader ? 1 : 0);
  }

  /** The text of /metrics. `counters` is "namespace|ingress|service|status", with "|canary" behind for canaries → requests since nginx started. */
  async text(
    problems: readonly Problem[],
    reloads: number,
    counters: Readonly<Record<string, number>>,
    ejections: Ejections | null,
  ): Promise<{ type: string; body: string }> {
    this.#problems.reset();
    for (const { severity, code } of problems) this.#problems.inc({ severity, code });
    this.#reloads.reset();
    this.#reloads.inc(reloads);
    for (const [key, total] of Object.entries(counters)) this.#addRequests(key, total);
    if (ejections !== null) this.#addEjections(ejections);
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #addEjections(found: Ejections): void {
    this.#ejected.set(Object.keys(found.endpoints).length);
    for (const name of ['total', 'retries', 'withheld'] as const) {
      this.#ofEndpoints[name].inc(this.#sinceLast(name, found[name]));
    }
  }

  /** nginx counts from its start; ours go on when it was started again. */
  #sinceLast(key: string, total: number): number {
    const before = this.#seen.get(key) ?? 0;
    this.#seen.set(key, total);
    return total >= before ? total - before : total;
  }

  #addRequests(key: string, total: number): void {
    const [namespace = '', ingress = '', service = '', status = '', canary = ''] = key.split('|');
    const labels = { namespace, ingress, service, canary, status };
    this.#requests.inc(labels, this.#sinceLast(key, total));
  }
}
