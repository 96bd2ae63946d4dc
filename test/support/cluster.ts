// The cluster of test/cluster: a real one that SLUICE_KUBECONFIG names, else the API server double. What is made through it has
// names of its own and is taken away by close().
import { randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { Api, PREFIX } from './kube/api.ts';
import { startApiServer } from './kube/server.ts';
import type { Options } from './sluice.ts';

export const CLUSTER_VARIABLE = 'SLUICE_KUBECONFIG';
/** By which leftovers of a run that was killed are found. */
const LABELS = { 'app.kubernetes.io/managed-by': 'sluice-test' };

interface Source {
  readonly config: KubeConfig;
  readonly kubeconfig: NonNullable<Options['kubeconfig']>;
  /** Where backends listen. */
  readonly address: string;
  readonly flags: readonly string[];
  stop(): Promise<void>;
}

async function doubleSource(): Promise<Source> {
  const server = await startApiServer({ scheme: 'https', token: randomUUID() });
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig());
  const kubeconfig = server.kubeconfig();
  return { config, kubeconfig, address: '127.0.0.1', flags: [], stop: () => server.stop() };
}

/** A real API server refuses loopback addresses in EndpointSlices ("may not be in the loopback range"), and so shall Sluice. */
function realSource(path: string): Source {
  const file = resolve(path);
  const config = new KubeConfig();
  config.loadFromFile(file);
  const flags = ['--allow-loopback-endpoints=false'];
  return {
    config,
    kubeconfig: { file },
    address: process.env.SLUICE_TEST_ADDRESS ?? outerAddress(),
    flags,
    stop: async () => {},
  };
}

/** An address of this machine that the API server takes; SLUICE_TEST_ADDRESS names another one, of a network namespace say. */
function outerAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'));
  if (found === undefined) {
    throw new Error(`${CLUSTER_VARIABLE}: this machine needs an IPv4 address that is neither loopback nor link-local`);
  }
  return found.address;
}

export class Cluster {
  readonly api: Api;
  /** Part of every name that this run gives to what is not in a namespace. */
  readonly id = randomUUID().slice(0, 8);
  readonly #source: Source;
  readonly #endings: (() => Promise<void>)[] = [];

  constructor(source: Source) {
    this.#source = source;
    this.api = new Api(source.config);
  }

  get address(): string {
    return this.#source.address;
  }

  /** The value of the annotation kubernetes.io/ingress.class that is ours. */
  get annotationClass(): string {
    return `${PREFIX}${this.id}`;
  }

  /** Nobody else's Ingresses are served: neither those without a class nor those of another one. */
  options(controller: string, flags: readonly string[]): Options {
    return {
      kubeconfig: this.#source.kubeconfig,
      flags: [
        '--watch-ingress-without-class=false',
        `--controller-class=${controller}`,
        `--ingress-class=${this.annotationClass}`,
        ...this.#source.flags,
        ...flags,
      ],
    };
  }

  /** Makes a namespace and returns its name, which the API server completes. */
  async createNamespace(): Promise<string> {
    const metadata = { generateName: PREFIX, labels: LABELS };
    const { metadata: made } = await this.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata });
    const name = made?.name;
    if (name === undefined) throw new Error('the API server made a namespace without a name');
    this.#endings.push(() => this.api.removeNamespace(name));
    return name;
  }

  /** Makes an IngressClass of a controller that nobody else is, and returns the names of both. */
  async createClass(role: string): Promise<{ name: string; controller: string }> {
    const name = `${PREFIX}${this.id}-${role}`;
    const controller = `sluice.test/${this.id}-${role}`;
    const object = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name, labels: LABELS },
      spec: { controller },
    };
    this.#endings.push(() => this.api.remove(object));
    await this.api.create(object);
    return { name, controller };
  }

  /** Takes away all that was made, whatever of it fails, and says then what failed. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of [...this.#endings.reverse(), () => this.#source.stop()]) {
      await end().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, `not all was cleaned up (${PREFIX}*)`);
  }
}

export async function openCluster(): Promise<Cluster> {
  const path = process.env[CLUSTER_VARIABLE];
  return new Cluster(path ? realSource(path) : await doubleSource());
}
