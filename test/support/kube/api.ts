// An API server as its clients know it: the public API and nothing else, so that a test neither knows nor cares whether a real
// server or the double answers.
import {
  ApiException,
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
} from '@kubernetes/client-node';

/** Of the names of all that tests make outside of a namespace. */
export const PREFIX = 'sluice-test-';

/** The kinds that the tests make in a namespace; Ingresses first, so that nothing is served from what is half gone. */
const NAMESPACED = [
  ['networking.k8s.io/v1', 'Ingress'],
  ['v1', 'Service'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
  ['v1', 'Secret'],
  ['v1', 'ConfigMap'],
] as const;

/** The HTTP status with which a call is refused; null when it is not. */
export async function refusal(call: Promise<unknown>): Promise<number | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof ApiException) return error.code;
    throw error;
  }
}

/** What names an object. The client writes into what it is given: this is a copy. */
function identity(object: object): KubernetesObject {
  const { apiVersion = '', kind = '', metadata: { name = '', namespace } = {} } = object as KubernetesObject;
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

export class Api {
  readonly #client: KubernetesObjectApi;

  constructor(config: KubeConfig) {
    this.#client = KubernetesObjectApi.makeApiClient(config);
  }

  async create(object: object): Promise<KubernetesObject> {
    return this.#client.create(object as KubernetesObject);
  }

  async createAll(objects: readonly object[]): Promise<void> {
    for (const object of objects) await this.create(object);
  }

  async read(object: object): Promise<KubernetesObject> {
    return this.#client.read(object as KubernetesObject & { metadata: { name: string } });
  }

  /** PUT: with a resourceVersion it is refused with 409 once the object is another; without one the last writer wins. */
  async replace(object: object): Promise<KubernetesObject> {
    return this.#client.replace(object as KubernetesObject);
  }

  /** A JSON merge patch of the object that these fields name. */
  async patch(object: object, fields: object): Promise<KubernetesObject> {
    const spec: KubernetesObject = { ...fields, ...identity(object) };
    const [unset, strategy] = [undefined, PatchStrategy.MergePatch];
    return this.#client.patch(spec, unset, unset, unset, unset, strategy);
  }

  /** What is not there any more is fine. */
  async remove(object: object): Promise<void> {
    const code = await refusal(this.#client.delete(identity(object)));
    if (code !== null && code !== 404) throw new Error(`DELETE of ${JSON.stringify(identity(object))} failed: ${code}`);
  }

  /** Its objects too, which otherwise is done by a controller that neither the double nor a bare API server has. */
  async removeNamespace(name: string): Promise<void> {
    // The cluster may be somebody's: an empty name would list, and remove, the objects of all namespaces.
    if (!name.startsWith(PREFIX))
      throw new Error(`namespace ${name || '""'} is not one of the tests: it is left alone`);
    for (const [apiVersion, kind] of NAMESPACED) {
      const { items } = await this.#client.list(apiVersion, kind, name);
      // The items of a list do not say their kind.
      for (const { metadata } of items) await this.remove({ apiVersion, kind, metadata: { ...metadata } });
    }
    await this.remove({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
}
