// Replicas of the controller in a cluster: the workload that owns them, a Pod for each, and the program as the Pod runs it.
import type { ApiServerDouble } from './kube/server.ts';
import { type Options, type Sluice, startSluice } from './sluice.ts';

export const NAMESPACE = 'ingress-nginx';
/** The default of --election-id. */
export const LEASE = { kind: 'Lease', namespace: NAMESPACE, name: 'ingress-controller-leader' } as const;
const LABELS = { 'app.kubernetes.io/name': 'ingress-nginx', 'app.kubernetes.io/component': 'controller' };
const OWNER = { namespace: NAMESPACE, name: 'controller' };

function owned(kind: string, uid: string): object {
  return { ownerReferences: [{ apiVersion: 'apps/v1', kind, name: OWNER.name, uid, controller: true }] };
}

/** A Deployment and its ReplicaSet that want so many replicas. */
export function deployment(replicas: number): object[] {
  const spec = { replicas };
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...OWNER, uid: 'deployment' }, spec },
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { ...OWNER, uid: 'replicaset', ...owned('Deployment', 'deployment') },
      spec,
    },
  ];
}

export interface PodSpec {
  readonly node?: string;
  /** The version of the workload that it belongs to. */
  readonly hash?: string;
  readonly state?: 'ready' | 'unready' | 'deleting';
}

export function pod(name: string, { node = 'node-1', hash = 'one', state = 'ready' }: PodSpec = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: NAMESPACE,
      name,
      uid: `uid-of-${name}`,
      labels: { ...LABELS, 'pod-template-hash': hash },
      ...owned('ReplicaSet', 'replicaset'),
      // The kubelet removes a Pod only when its containers have ended, as a finalizer does here.
      ...(state === 'deleting' ? { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['test/kubelet'] } : {}),
    },
    spec: { nodeName: node },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: state === 'ready' ? 'True' : 'False' }],
    },
  };
}

export class Replicas {
  readonly #server: ApiServerDouble;
  readonly #started: Sluice[] = [];

  constructor(server: ApiServerDouble) {
    this.#server = server;
  }

  /** Makes the Pod, starts its program and waits until it is ready. */
  async start(
    name: string,
    flags: readonly string[],
    options: Options & { readonly pod?: PodSpec } = {},
  ): Promise<Sluice> {
    this.#server.put(pod(name, options.pod));
    const sluice = await startSluice({
      kubeconfig: this.#server.kubeconfig(),
      environment: { POD_NAME: name, POD_NAMESPACE: NAMESPACE },
      ...options,
      flags,
    });
    this.#started.push(sluice);
    return sluice;
  }

  /** As `kubectl delete` does: the Pod stays until its containers have ended. */
  markDeleting(name: string): void {
    this.#server.remove({ kind: 'Pod', namespace: NAMESPACE, name });
    this.#server.put(pod(name, { state: 'deleting' }));
  }

  /** As the API server and the kubelet end a Pod: marked, told, gone. The exit status. */
  async remove(name: string, sluice: Sluice): Promise<number | null> {
    this.markDeleting(name);
    const status = await this.end(sluice);
    this.#server.remove({ kind: 'Pod', namespace: NAMESPACE, name });
    return status;
  }

  /** Ends the program alone, as for a restart of its container. */
  async end(sluice: Sluice): Promise<number | null> {
    this.#started.splice(this.#started.indexOf(sluice), 1);
    return sluice.stop();
  }

  async stop(): Promise<void> {
    for (const sluice of this.#started.splice(0)) await sluice.stop();
  }
}
