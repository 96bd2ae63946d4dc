// The Pod that we run in, those beside it with the same labels, and whether somebody removed them on purpose.
import { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import { textAt, valueAt } from '../kube/status.ts';

const IDLE_MS = 10_000;

/** Which Pod we are, from the environment (downward API). */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** Labels that differ between two versions of a workload, in the middle of a rollout. */
const PER_VERSION: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
]);

/** Kinds of apps/v1 that own Pods, or what owns Pods. */
const WORKLOADS: ReadonlyMap<string, string> = new Map([
  ['ReplicaSet', 'replicasets'],
  ['Deployment', 'deployments'],
  ['DaemonSet', 'daemonsets'],
  ['StatefulSet', 'statefulsets'],
]);

/** null when the environment does not say it. */
export function podNameOf(environment: Readonly<Record<string, string | undefined>>): PodName | null {
  const { POD_NAMESPACE: namespace = '', POD_NAME: name = '' } = environment;
  return namespace === '' || name === '' ? null : { namespace, name };
}

export class Pods {
  readonly #client: ApiClient;
  readonly #self: PodName;

  constructor(client: ApiClient, self: PodName) {
    this.#client = client;
    this.#self = self;
  }

  /** Our Pod. Rejects with ApiError, or the signal's reason, as do the others. */
  own(signal: AbortSignal): Promise<unknown> {
    return this.#get(`${this.#path('pods')}/${encodeURIComponent(this.#self.name)}`, signal);
  }

  /** All Pods with the labels of ours, ours too, whatever version of the workload they belong to. */
  async siblings(own: unknown, signal: AbortSignal): Promise<readonly unknown[]> {
    const labels = Object.entries((valueAt(own, 'metadata', 'labels') ?? {}) as Readonly<Record<string, unknown>>);
    const selector = labels.filter(([name]) => !PER_VERSION.has(name)).map(([name, value]) => `${name}=${value}`);
    // Without a label every Pod of the namespace would be one of ours.
    if (selector.length === 0) return [own];
    const query = new URLSearchParams({ labelSelector: selector.sort().join(',') });
    const items = valueAt(await this.#get(`${this.#path('pods')}?${query}`, signal), 'items');
    return Array.isArray(items) ? items : [];
  }

  node(name: string, signal: AbortSignal): Promise<unknown> {
    return this.#get(`/api/v1/nodes/${encodeURIComponent(name)}`, signal);
  }

  /**
   * Whether a Pod that ends is meant to have no successor: what owns it in the end is gone, is being deleted, or wants no
   * replicas. A rollout that ends the old Pod first, an eviction and a restarted container look alike but for that.
   */
  async isRemoved(pod: unknown, signal: AbortSignal): Promise<boolean> {
    if (!isDeleting(pod)) return false;
    let object = pod;
    for (let level = 0; level < WORKLOADS.size; level += 1) {
      const owner = ownerOf(object);
      if (owner === null) break;
      const plural = WORKLOADS.get(owner.kind);
      if (plural === undefined) return false; // somebody else's kind: what it means to do is not known
      const path = `/apis/apps/v1/namespaces/${encodeURIComponent(this.#self.namespace)}/${plural}/${owner.name}`;
      try {
        object = await this.#get(path, signal);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return true;
        throw error;
      }
      if (textAt(object, 'metadata', 'uid') !== owner.uid || isDeleting(object)) return true;
    }
    return object === pod || valueAt(object, 'spec', 'replicas') === 0;
  }

  #path(plural: string): string {
    return `/api/v1/namespaces/${encodeURIComponent(this.#self.namespace)}/${plural}`;
  }

  #get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#client.json(path, { signal, idleMs: IDLE_MS });
  }
}

export function isDeleting(object: unknown): boolean {
  return textAt(object, 'metadata', 'deletionTimestamp') !== '';
}

/** It runs, or will. */
export function isStaying(pod: unknown): boolean {
  return !isDeleting(pod) && !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'));
}

function ownerOf(object: unknown): { kind: string; name: string; uid: string } | null {
  const owners = valueAt(object, 'metadata', 'ownerReferences');
  const owner = Array.isArray(owners) ? owners.find((one: unknown) => valueAt(one, 'controller') === true) : undefined;
  if (owner === undefined) return null;
  return { kind: textAt(owner, 'kind'), name: textAt(owner, 'name'), uid: textAt(owner, 'uid') };
}
