// The switch allow-snippet-annotations: without it, snippets are left out where the risk gate lets them pass at all (SNIP-02).
import type { Ingress } from '../kube/objects.ts';
import type { Settings } from './settings.ts';

type Annotations = ReadonlyMap<string, string>;

/** By the annotations of the object: what is read of them is kept by their identity. */
const known = new WeakMap<Annotations, Annotations>();

/** The annotations that count. */
export function effectiveAnnotations(ingress: Ingress, settings: Settings): Annotations {
  const { annotations } = ingress.meta;
  if (settings.allowSnippetAnnotations || !hasSnippet(annotations)) return annotations;
  const before = known.get(annotations);
  if (before !== undefined) return before;
  const rest = new Map([...annotations].filter(([name]) => !isSnippet(name)));
  known.set(annotations, rest);
  return rest;
}

/** Names, without the prefix, of those that do not count. */
export function leftOut(ingress: Ingress, settings: Settings): string[] {
  if (settings.allowSnippetAnnotations) return [];
  const { annotationsPrefix: prefix } = settings.selection;
  return [...ingress.meta.annotations]
    .filter(([name, text]) => isSnippet(name) && name.startsWith(`${prefix}/`) && text !== '')
    .map(([name]) => name.slice(prefix.length + 1));
}

function hasSnippet(annotations: Annotations): boolean {
  for (const name of annotations.keys()) if (isSnippet(name)) return true;
  return false;
}

function isSnippet(name: string): boolean {
  return name.endsWith('-snippet');
}
