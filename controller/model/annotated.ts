// The annotations of Ingresses as their features see them: what must be known around a value, and the Problems that come of it.
import type { BackendContext, HostContext, HostDraft, RouteContext, RouteDraft } from '../feature/draft.ts';
import { newBackendDraft, newCanaryDraft } from '../feature/draft.ts';
import { problemOf, type ReadAnnotations } from '../feature/read.ts';
import { referencesOf } from '../feature/reference.ts';
import { readAnnotations } from '../feature/registry.ts';
import { unreadAnnotations } from '../feature/unread.ts';
import type { Ingress } from '../kube/objects.ts';
import type { ObjectRef } from '../kube/ref.ts';
import { rejections } from './acceptance.ts';
import { effectiveAnnotations, leftOut } from './gate.ts';
import type { BackendPolicy, CanaryPolicy } from './policy.ts';
import { byAge, isCanary, isSelected } from './select.ts';
import type { Settings } from './settings.ts';
import type { BackendId, Problem } from './types.ts';
import type { View } from './view.ts';

/** What a feature's context has beside what holds for the object as a whole. */
type Own<T, K extends string> = Omit<T, 'settings' | 'namespace' | 'references' | 'report' | K>;

export interface Annotated {
  route(draft: RouteDraft, context: Own<RouteContext, 'ingress'>): void;
  host(draft: HostDraft, context: Own<HostContext, 'ingress'>): void;
}

/** The annotations of an Ingress; what its features have to say where they are applied is added to `problems`. */
export function annotated(view: View, settings: Settings, ingress: Ingress, problems: Problem[]): Annotated {
  const prefix = settings.selection.annotationsPrefix;
  const annotations = effectiveAnnotations(ingress, settings);
  const read = readAnnotations(annotations, prefix);
  const rejected = rejections(ingress, settings);
  const unread = unreadAnnotations(annotations, refOf(ingress), prefix);
  const deny = rejected.length > 0 ? 'the Ingress is not accepted' : unread.deny;
  const shared = sharedContext(view, settings, ingress, problems);
  return {
    route: (draft, context) => {
      if (deny !== null) draft.deny = deny;
      read.route(draft, { ...shared, ...context, ingress });
    },
    host: (draft, context) => read.host(draft, { ...shared, ...context, ingress }),
  };
}

/** What is wrong with the annotations of an Ingress, wherever they are applied. */
export function problemsOfAnnotations(settings: Settings, ingress: Ingress): Problem[] {
  const object = refOf(ingress);
  const prefix = settings.selection.annotationsPrefix;
  const annotations = effectiveAnnotations(ingress, settings);
  return [
    ...rejections(ingress, settings),
    ...otherProblems(readAnnotations(annotations, prefix), object),
    ...unreadAnnotations(annotations, object, prefix).problems,
    ...leftOut(ingress, settings).map((key) => snippetLeftOut(key, object)),
  ];
}

/** For the routes that exist without an Ingress: every feature with nothing but the settings. */
export function unannotated(view: View, settings: Settings): Annotated {
  const read = readAnnotations(NO_ANNOTATIONS, '');
  const references = referencesOf(view, '', 'refused');
  return {
    route: (draft, context) =>
      read.route(draft, { ...context, settings, references, namespace: '', report: () => {}, ingress: null }),
    host: () => {},
  };
}

const NO_ANNOTATIONS: ReadonlyMap<string, string> = new Map();

/** How a backend's requests are spread, as all Ingresses that lead to it say (HOST-13). */
export function backendPolicy(
  view: View,
  settings: Settings,
  id: BackendId,
): { readonly policy: BackendPolicy; readonly problems: Problem[] } {
  const draft = newBackendDraft(settings);
  const problems: Problem[] = [];
  const ingresses = view
    .list('ingress-by-backend', id)
    .filter((ingress) => isSelected(view, settings.selection, ingress))
    .sort(byAge);
  for (const [index, ingress] of ingresses.entries()) {
    const context: BackendContext = {
      ...sharedContext(view, settings, ingress, problems),
      ingress,
      isFirst: index === 0,
      isCanary: isCanary(settings.selection, ingress),
    };
    readAnnotations(effectiveAnnotations(ingress, settings), settings.selection.annotationsPrefix).backend(
      draft,
      context,
    );
  }
  return { policy: draft, problems };
}

/** Whether a canary Ingress is accepted; what is wrong with it is added to `problems`. */
export function acceptsCanary(settings: Settings, ingress: Ingress, problems: Problem[]): boolean {
  const rejected = rejections(ingress, settings);
  const read = readAnnotations(ingress.meta.annotations, settings.selection.annotationsPrefix);
  problems.push(...rejected, ...otherProblems(read, refOf(ingress)));
  return rejected.length === 0;
}

/** Which requests a canary Ingress takes (CAN-06). */
export function canaryPolicy(settings: Settings, ingress: Ingress): CanaryPolicy {
  const draft = newCanaryDraft();
  readAnnotations(ingress.meta.annotations, settings.selection.annotationsPrefix).canary(draft);
  return draft;
}

function sharedContext(view: View, settings: Settings, ingress: Ingress, problems: Problem[]) {
  const { namespace } = ingress.meta;
  return {
    settings,
    namespace,
    references: referencesOf(view, namespace, settings.allowCrossNamespaceResources ? 'allowed' : 'refused'),
    report: (key: string, message: string): void => {
      const object = refOf(ingress);
      problems.push({
        object,
        severity: 'warning',
        code: 'annotation-invalid',
        message: `annotation ${key}: ${message}`,
      });
    },
  };
}

/** What a Problem says of a snippet that does not count while snippets are off. */
export const LEFT_OUT =
  'is left out, because allow-snippet-annotations of the controller ConfigMap is not true; the rest is served';

function snippetLeftOut(key: string, object: ObjectRef): Problem {
  const message = `annotation ${key} ${LEFT_OUT}`;
  return { object, severity: 'error', code: 'annotation-forbidden', message };
}

/** Values that are refused without the whole object being rejected for it: acceptance names those. */
function otherProblems({ refused }: ReadAnnotations, object: ObjectRef): Problem[] {
  return refused.filter(({ outcome }) => outcome !== 'reject-ingress').map((value) => problemOf(value, object));
}

export function refOf(ingress: Ingress): ObjectRef {
  return { kind: 'Ingress', namespace: ingress.meta.namespace, name: ingress.meta.name };
}
