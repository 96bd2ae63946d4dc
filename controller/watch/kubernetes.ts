// A cluster as a source: one reflector a kind, all into one store. Serving goes on with the last known state while the
// API server is away; what keeps it from being followed is a Problem.
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import { type Normalised, normalise } from '../kube/normalise.ts';
import { nameOf, RESOURCES, type Resource, refOf } from '../kube/resources.ts';
import { type IngressStatus, readIngressStatus } from '../kube/status.ts';
import type { Selection } from '../model/settings.ts';
import type { Problem } from '../model/types.ts';
import type { ReadKey } from '../model/view.ts';
import type { Store } from './intake.ts';
import { Mirror } from './mirror.ts';
import { PACE, type Pace, Reflector, type Sink } from './reflector.ts';
import type { Source, SourceEvents } from './source.ts';
import { IngressStatuses } from './statuses.ts';

const FORBIDDEN = 403;

export interface Scope {
  /** Namespaced kinds are read in this namespace only; null for all. */
  readonly namespace: string | null;
  /** Whether Namespaces are read: only a namespace selector asks for them. */
  readonly namespaces: 'read' | 'unread';
}

/** What a first list that fails leads to. */
type FailureOfList = 'retried' | 'fatal';

/** What is kept of an object that is read. */
interface Read {
  readonly entry: Normalised;
  /** null for all but Ingresses. */
  readonly status: IngressStatus | null;
}

/** One kind while it is followed. */
interface Followed {
  readonly resource: Resource;
  readonly mirror: Mirror;
  trouble: ApiError | null;
  /** When the server said anything about it last, by performance.now(). */
  heardAt(): number;
}

export class KubernetesCluster implements Source {
  readonly #client: ApiClient;
  readonly #store: Store;
  readonly #scope: Scope;
  readonly #events: SourceEvents;
  readonly #pace: Pace;
  readonly #followed: Followed[] = [];
  /** Of the Ingresses that are followed. */
  readonly statuses = new IngressStatuses();
  #ingressClasses: Selection['ingressClasses'] = 'listed';

  constructor(client: ApiClient, store: Store, scope: Scope, events: SourceEvents, pace: Pace = PACE) {
    this.#client = client;
    this.#store = store;
    this.#scope = scope;
    this.#events = events;
    this.#pace = pace;
  }

  get ingressClasses(): Selection['ingressClasses'] {
    return this.#ingressClasses;
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#start('retried', signal);
  }

  /** Rejects with ApiError when a kind cannot be listed. */
  async readOnce(signal: AbortSignal): Promise<void> {
    const controller = new AbortController();
    try {
      await this.#start('fatal', AbortSignal.any([controller.signal, signal]));
    } finally {
      controller.abort();
    }
  }

  silences(): ReadonlyMap<string, number> {
    const now = performance.now();
    return new Map(this.#followed.map(({ resource, heardAt }) => [resource.kind, (now - heardAt()) / 1000]));
  }

  problems(): Problem[] {
    return this.#followed.flatMap(({ resource, mirror, trouble }) => [
      ...mirror.problems.values(),
      ...(trouble === null ? [] : [this.#problemOf(resource, trouble)]),
    ]);
  }

  async #start(failure: FailureOfList, signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#client.close(), { once: true });
    const { Ingress, IngressClass, Namespace, ...rest } = RESOURCES;
    const referredTo = [...Object.values(rest), ...(this.#scope.namespaces === 'read' ? [Namespace] : [])];
    await Promise.all([
      this.#follow(IngressClass, failure, signal),
      ...referredTo.map((resource) => this.#follow(resource, failure, signal)),
    ]);
    // Last, so that no Ingress is ever seen before what it refers to.
    await this.#follow(Ingress, failure, signal);
  }

  /** Follows one kind; resolves after its first list, or when it turns out that Sluice has to do without. */
  #follow(resource: Resource, failure: FailureOfList, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const began = performance.now();
    const followed: Followed = {
      resource,
      mirror: new Mirror(resource.kind, this.#store),
      trouble: null,
      heardAt: () => began,
    };
    this.#followed.push(followed);
    const end = new AbortController();
    let isListed = false;
    const sink: Sink<Read> = {
      read: (object) => ({
        entry: normalise(object, ''),
        status: resource.kind === 'Ingress' ? readIngressStatus(object) : null,
      }),
      replace: (objects) => {
        isListed = true;
        const entries = objects.map(({ entry }) => entry);
        this.#apply(followed, (mirror) => mirror.replace(entries), `listed ${objects.length}`);
        if (resource.kind === 'Ingress') this.statuses.replace(objects.flatMap(({ status }) => status ?? []));
        resolve();
      },
      change: (changes) => {
        const entries = changes.map(({ kind, object }) => ({ kind, object: object.entry }));
        this.#apply(followed, (mirror) => mirror.change(entries), `${changes.length} changes`);
        for (const { kind, object } of changes) {
          if (object.status === null) continue;
          if (kind === 'put') this.statuses.put(object.status);
          else this.statuses.remove(object.status.key);
        }
      },
      trouble: (error) => {
        followed.trouble = error;
        if (error !== null && !isListed) {
          if (resource.kind === 'IngressClass' && error.status === FORBIDDEN) {
            this.#ingressClasses = 'unavailable';
            end.abort();
            resolve();
          } else if (failure === 'fatal') reject(error);
        }
        this.#events.onChange(new Set(), `${nameOf(resource)}: ${error?.message ?? 'followed again'}`);
      },
    };
    const reflector = new Reflector(this.#client, resource, this.#scope.namespace, sink, this.#pace);
    followed.heardAt = () => reflector.heardAt;
    this.#keepFollowing(reflector, AbortSignal.any([signal, end.signal])).catch(reject);
    return promise;
  }

  /** A reflector ends by the signal only, or by a bug: then everything of its kind is listed anew. */
  async #keepFollowing(reflector: Reflector<Read>, signal: AbortSignal): Promise<never> {
    for (;;) {
      try {
        await reflector.run(signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#events.onError(error);
        await delay(this.#pace.backOff.mostMs, undefined, { signal });
      }
    }
  }

  /** Tells of a change only when there is one: clusters write ConfigMaps and Secrets all day that nobody here reads. */
  #apply({ resource, mirror }: Followed, change: (mirror: Mirror) => ReadonlySet<ReadKey>, what: string): void {
    const before = mirror.problems;
    const stale = change(mirror);
    if (stale.size > 0 || mirror.problems !== before) this.#events.onChange(stale, `${nameOf(resource)}: ${what}`);
  }

  /** One Problem for all kinds while the server is away, one a kind that it refuses. */
  #problemOf(resource: Resource, error: ApiError): Problem {
    if (error.status !== FORBIDDEN) {
      return {
        object: { kind: 'ApiServer', namespace: '', name: this.#client.server },
        severity: 'error',
        code: 'api-unreachable',
        message: `cannot be followed (${error.status === null ? error.code : error.reason}); the last known state is served meanwhile`,
      };
    }
    const isOptional = resource.kind === 'IngressClass';
    const where = this.#scope.namespace === null ? 'in a ClusterRole' : `for namespace ${this.#scope.namespace}`;
    return {
      object: refOf(resource),
      severity: isOptional ? 'warning' : 'error',
      code: 'kind-forbidden',
      message: isOptional
        ? `${error.reason}; spec.ingressClassName is not looked at, the annotation kubernetes.io/ingress.class decides: grant list and watch in a ClusterRole and start again`
        : `${error.reason}; grant list and watch ${where}`,
    };
  }
}
