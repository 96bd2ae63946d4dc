// The only way from an annotation to a Secret, ConfigMap or Service: in the namespace of the Ingress, unless the
// administrator allows others (R15, PARSE-07). Reading through the View is what makes a later change re-run the reader.
import type { ConfigMap, ObjectOf, Secret, Service } from '../kube/objects.ts';
import type { View } from '../model/view.ts';

export type Found<T> =
  | { readonly kind: 'found'; readonly object: T }
  /** `foreign` is another namespace that may not be read; `malformed` text that names no object. */
  | { readonly kind: 'missing' | 'foreign' | 'malformed'; readonly why: string };

/** Whether "name" alone is accepted, beside "namespace/name". */
export type ReferenceForm = 'name-or-full' | 'full';

export interface References {
  secret(text: string, form: ReferenceForm): Found<Secret>;
  configMap(text: string, form: ReferenceForm): Found<ConfigMap>;
  /** A Service of the Ingress's own namespace. */
  service(name: string): Service | null;
}

export function referencesOf(view: View, namespace: string, foreign: 'allowed' | 'refused'): References {
  return {
    secret: (text, form) => find('Secret', text, form),
    configMap: (text, form) => find('ConfigMap', text, form),
    service: (name) => view.get('Service', `${namespace}/${name}`),
  };

  function find<K extends 'Secret' | 'ConfigMap'>(kind: K, text: string, form: ReferenceForm): Found<ObjectOf[K]> {
    const parts = text.trim().split('/');
    const [first = '', second] = parts;
    const [owner, name] = second === undefined ? [namespace, first] : [first, second];
    if (parts.length > 2 || owner === '' || name === '' || (second === undefined && form === 'full')) {
      const wanted = form === 'full' ? 'namespace/name' : 'name, or namespace/name';
      return { kind: 'malformed', why: `${kind} ${JSON.stringify(text)} is not written as ${wanted}` };
    }
    if (owner !== namespace && foreign === 'refused') {
      const why = `${kind} ${owner}/${name} is in another namespace, which allow-cross-namespace-resources does not allow`;
      return { kind: 'foreign', why };
    }
    const object = view.get(kind, `${owner}/${name}`);
    return object === null
      ? { kind: 'missing', why: `${kind} ${owner}/${name} does not exist` }
      : { kind: 'found', object };
  }
}
