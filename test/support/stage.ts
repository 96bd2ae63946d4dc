// Sluice on an API server double, with Deployments of Pods that really listen behind it.

import { type Deployment, deploy, type StartPod, type Workload } from './deployment.ts';
import { type ApiServerDouble, startApiServer } from './kube/server.ts';
import { ingress } from './objects.ts';
import { type Sluice, startSluice } from './sluice.ts';

export interface Site {
  /** Also the name of the Deployment, Service and Ingress; the host is "<name>.test". */
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export class Stage {
  readonly server: ApiServerDouble;
  readonly sluice: Sluice;
  readonly #deployments: Deployment<Workload>[] = [];
  readonly #network: string;

  /** Pods of the n-th Deployment listen on "<network>.<n>.<number>". */
  constructor(server: ApiServerDouble, sluice: Sluice, network: string) {
    this.server = server;
    this.sluice = sluice;
    this.#network = network;
  }

  /** A Deployment without an Ingress. */
  async deploy<P extends Workload>(name: string, count: number, start: StartPod<P>): Promise<Deployment<P>> {
    const network = `${this.#network}.${this.#deployments.length + 1}`;
    const deployment = await deploy(this.server, name, network, count, start);
    this.#deployments.push(deployment);
    return deployment;
  }

  async site<P extends Workload>(
    { name, annotations = {} }: Site,
    count: number,
    start: StartPod<P>,
  ): Promise<Deployment<P>> {
    const deployment = await this.deploy(name, count, start);
    this.server.put(ingress({ name, host: `${name}.test`, paths: [{ service: name }], annotations }));
    return deployment;
  }

  /** How many requests of a Service needed a second try, by the access log. */
  async retries(name: string): Promise<number> {
    const pattern = new RegExp(` \\[default-${name}-80\\] \\[[^\\]]*\\] \\S+, `);
    return (await this.sluice.logs()).out.split('\n').filter((line) => pattern.test(line)).length;
  }

  async stop(): Promise<void> {
    await this.sluice.stop();
    await this.server.stop();
    for (const deployment of this.#deployments) await deployment.stop();
  }
}

export async function openStage(network: string): Promise<Stage> {
  const server = await startApiServer();
  try {
    return new Stage(server, await startSluice({ kubeconfig: server.kubeconfig() }), network);
  } catch (error) {
    await server.stop();
    throw error;
  }
}
