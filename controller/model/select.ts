// Which Ingresses are ours: class, namespace, catch-all (CLASS-01 to CLASS-07, DEF-04).
import { bool } from '../feature/parse.ts';
import type { Ingress } from '../kube/objects.ts';
import { matches } from './selector.ts';
import type { Selection } from './settings.ts';
import type { View } from './view.ts';

/** The annotation that named the class before spec.ingressClassName existed. */
export const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** Ours, and one that makes hosts and paths. */
export function isOurs(view: View, selection: Selection, ingress: Ingress): boolean {
  return isSelected(view, selection, ingress) && !isCanary(selection, ingress);
}

/** Ours, canaries included. */
export function isSelected(view: View, selection: Selection, ingress: Ingress): boolean {
  return (
    inWatchedNamespace(view, selection, ingress.meta.namespace) &&
    hasOurClass(view, selection, ingress) &&
    !(selection.disableCatchAll && ingress.defaultBackend !== null)
  );
}

/** A canary Ingress never makes a host or a path (HOST-12). */
export function isCanary(selection: Selection, ingress: Ingress): boolean {
  const value = bool(ingress.meta.annotations.get(`${selection.annotationsPrefix}/canary`) ?? 'false');
  return value.ok && value.value;
}

function inWatchedNamespace(view: View, selection: Selection, namespace: string): boolean {
  if (selection.watchNamespace !== null) return namespace === selection.watchNamespace;
  if (selection.watchNamespaceSelector === null) return true;
  const object = view.get('Namespace', namespace);
  return object !== null && matches(selection.watchNamespaceSelector, object.meta.labels);
}

function hasOurClass(view: View, selection: Selection, ingress: Ingress): boolean {
  if (ingress.className !== null && selection.ingressClasses === 'listed') {
    const ingressClass = view.get('IngressClass', ingress.className);
    if (ingressClass === null) return false;
    return (
      ingressClass.controller === selection.controllerClass ||
      (selection.ingressClassByName && ingressClass.meta.name === selection.ingressClass)
    );
  }
  const annotation = ingress.meta.annotations.get(CLASS_ANNOTATION);
  if (annotation !== undefined) return annotation === selection.ingressClass;
  return selection.watchIngressWithoutClass;
}

/** True for an Ingress of a watched namespace whose spec.ingressClassName names no IngressClass. */
export function namesUnknownClass(view: View, selection: Selection, ingress: Ingress): boolean {
  return (
    ingress.className !== null &&
    selection.ingressClasses === 'listed' &&
    inWatchedNamespace(view, selection, ingress.meta.namespace) &&
    view.get('IngressClass', ingress.className) === null
  );
}

/** Oldest first; equal ages by "namespace/name" in descending order (HOST-01). */
export function byAge(a: Ingress, b: Ingress): number {
  if (a.meta.created !== b.meta.created) return a.meta.created - b.meta.created;
  const [nameA, nameB] = [`${a.meta.namespace}/${a.meta.name}`, `${b.meta.namespace}/${b.meta.name}`];
  return nameA < nameB ? 1 : nameA > nameB ? -1 : 0;
}

/** The canary Ingresses of ours that name a host ('_': none, or catch-all ones too, CAN-09), oldest first. */
export function canariesOf(view: View, selection: Selection, host: string): Ingress[] {
  return [...view.list('ingress-by-host', host), ...(host === '_' ? view.list('ingress-catch-all', '') : [])]
    .filter((ingress) => isCanary(selection, ingress) && isSelected(view, selection, ingress))
    .sort(byAge);
}

/** The Ingresses of ours that have a rule for a host ('_' for none), oldest first. */
export function ingressesOf(view: View, selection: Selection, host: string): Ingress[] {
  return view
    .list('ingress-by-host', host)
    .filter((ingress) => isOurs(view, selection, ingress))
    .sort(byAge);
}
