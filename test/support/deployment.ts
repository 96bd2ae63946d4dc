// A Deployment of Pods that really listen, on an API server double: its EndpointSlice as Kubernetes writes it while they come,
// drain and go (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions).
import { once } from 'node:events';
import type { Objects } from './kube/objects.ts';
import { type Address, service } from './objects.ts';
import { freePorts } from './ports.ts';

/** For how long a Pod that is told to end goes on serving, as a preStop hook makes it do; many seconds in real ones. */
const GRACE_MS = 1000;

export interface Workload extends Address {
  /** Ends as a well-behaved process does. */
  drain(): Promise<void>;
  /** Ends at once: the listener is gone, its connections are cut. */
  stop(): Promise<void>;
}

export type StartPod<P extends Workload> = (name: string, address: string, port: number) => Promise<P>;

export interface Member<P extends Workload> {
  readonly name: string;
  readonly pod: P;
  /** "dead" Pods are still ready for who reads the slice. */
  state: 'ready' | 'draining' | 'dead' | 'gone';
  /** performance.now() of when it ceased to serve; null until then. */
  ended: number | null;
}

const CONDITIONS = {
  ready: { ready: true, serving: true, terminating: false },
  draining: { ready: false, serving: true, terminating: true },
} as const;

export class Deployment<P extends Workload> {
  readonly name: string;
  /** All that there ever were, the oldest first. */
  readonly members: Member<P>[] = [];
  readonly #server: Objects;
  readonly #network: string;
  readonly #port: number;
  readonly #start: StartPod<P>;

  constructor(server: Objects, name: string, network: string, port: number, start: StartPod<P>) {
    this.name = name;
    this.#server = server;
    this.#network = network;
    this.#port = port;
    this.#start = start;
    server.put(service(name));
  }

  /** The Pods that are meant to serve. */
  get ready(): Member<P>[] {
    return this.members.filter(({ state }) => state === 'ready');
  }

  /** Starts Pods, or ends the oldest ones all at once, and returns when they have ended. */
  async scaleTo(count: number): Promise<void> {
    const surplus = this.ready.slice(0, Math.max(0, this.ready.length - count));
    await Promise.all([this.#add(count - this.ready.length), ...surplus.map((member) => this.#terminate(member))]);
  }

  /**
   * A rolling update with maxSurge 1 and maxUnavailable 0: each new Pod is ready before an old one is told to end. `between` is
   * the time that Pods take to become ready.
   */
  async roll(between: () => Promise<void>): Promise<void> {
    const endings: Promise<void>[] = [];
    for (const old of this.ready) {
      await this.#add(1);
      await between();
      endings.push(this.#terminate(old));
    }
    await Promise.all(endings);
  }

  /** Ends a Pod without notice: the slice says nothing of it until forget(). */
  async kill(member: Member<P>): Promise<void> {
    member.state = 'dead';
    member.ended = performance.now();
    await member.pod.stop();
  }

  /** The slice is without the killed Pods. */
  forget(): void {
    for (const member of this.members) if (member.state === 'dead') member.state = 'gone';
    this.#publish();
  }

  /** Ends all Pods; the slice stays. */
  async stop(): Promise<void> {
    await Promise.all(this.members.filter(({ ended }) => ended === null).map((member) => this.kill(member)));
  }

  async #add(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const number = this.members.length + 1;
      const name = `${this.name}-${number}`;
      const pod = await this.#start(name, `${this.#network}.${number}`, this.#port);
      this.members.push({ name, pod, state: 'ready', ended: null });
    }
    this.#publish();
  }

  async #terminate(member: Member<P>): Promise<void> {
    member.state = 'draining';
    this.#publish();
    await once(AbortSignal.timeout(GRACE_MS), 'abort');
    member.ended = performance.now();
    await member.pod.drain();
    member.state = 'gone';
    this.#publish();
  }

  #publish(): void {
    const shown = this.members.filter(({ state }) => state !== 'gone');
    this.#server.put({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${this.name}-1`, labels: { 'kubernetes.io/service-name': this.name } },
      addressType: 'IPv4',
      endpoints: shown.map(({ pod, state }) => ({
        addresses: [pod.address],
        conditions: CONDITIONS[state === 'draining' ? 'draining' : 'ready'],
      })),
      ports: [{ name: '', port: this.#port, protocol: 'TCP' }],
    });
  }
}

/** Pods of a Deployment listen on addresses "<network>.1" and up, all on one port. */
export async function deploy<P extends Workload>(
  server: Objects,
  name: string,
  network: string,
  count: number,
  start: StartPod<P>,
): Promise<Deployment<P>> {
  const [port] = (await freePorts(1)) as [number];
  const deployment = new Deployment(server, name, network, port, start);
  await deployment.scaleTo(count);
  return deployment;
}
