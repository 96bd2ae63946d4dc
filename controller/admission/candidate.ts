// The object of a review as an Ingress of the model: the same reading as that of the source. What is none of our business
// passes, whatever it looks like (CLASS-08).
import { z } from 'zod';
import { normalise } from '../kube/normalise.ts';
import type { Ingress } from '../kube/objects.ts';
import { keyOf } from '../kube/ref.ts';
import { isSelected } from '../model/select.ts';
import type { Settings } from '../model/settings.ts';
import type { View } from '../model/view.ts';
import type { Asked } from './envelope.ts';

export type Candidate =
  | { readonly kind: 'ingress'; readonly ingress: Ingress }
  /** Allowed unseen; `remark` is a warning. */
  | { readonly kind: 'passed'; readonly remark: string | null }
  /** Nobody could serve it: the controller would not take it over. */
  | { readonly kind: 'refused'; readonly why: string };

const GROUPS = new Set(['networking.k8s.io', 'extensions']);

const PASSED: Candidate = { kind: 'passed', remark: null };

export function candidateOf(asked: Asked, view: View, settings: Settings): Candidate {
  const { group, kind, operation, subResource, namespace, object } = asked;
  if (kind !== 'Ingress' || !GROUPS.has(group)) {
    const remark = `Sluice judges Ingresses only, not ${kind}: the rules of its ValidatingWebhookConfiguration are too wide`;
    return { kind: 'passed', remark };
  }
  // What goes is not looked at, nor what is going (CLASS-08): finalizers must be able to come off.
  if ((operation !== 'CREATE' && operation !== 'UPDATE') || subResource !== '' || isGoing(object)) return PASSED;
  const read = normalise(object, namespace);
  if (read.kind !== 'object' || read.object.kind !== 'Ingress') {
    const why = read.kind === 'object' ? 'the object is not an Ingress' : read.reason;
    return mayBeOurs(object, namespace, view, settings) ? { kind: 'refused', why } : PASSED;
  }
  const ingress = read.object;
  if (ingress.meta.namespace !== namespace) {
    return {
      kind: 'refused',
      why: `the object is of namespace ${ingress.meta.namespace}, the request of ${namespace}`,
    };
  }
  return { kind: 'ingress', ingress: dated(ingress, view.get('Ingress', keyOf(ingress.meta))) };
}

/** Without a date it is the youngest, unless it is there already. */
function dated(ingress: Ingress, stored: Ingress | null): Ingress {
  if (ingress.meta.created !== 0) return ingress;
  return { ...ingress, meta: { ...ingress.meta, created: stored?.meta.created ?? Number.MAX_SAFE_INTEGER } };
}

const goingSchema = z.object({ metadata: z.object({ deletionTimestamp: z.string().min(1) }) });

function isGoing(object: unknown): boolean {
  return goingSchema.safeParse(object).success;
}

const classSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({ ingressClassName: z.string().nullish() }).nullish(),
});

/** Whether an object that cannot be read names a class of ours, or cannot even be asked for it. */
function mayBeOurs(object: unknown, namespace: string, view: View, { selection }: Settings): boolean {
  const parsed = classSchema.safeParse(object);
  if (!parsed.success) return true;
  const { metadata, spec } = parsed.data;
  const annotations = new Map(Object.entries(metadata.annotations ?? {}));
  return isSelected(view, selection, {
    kind: 'Ingress',
    meta: { namespace, name: '', uid: '', created: 0, labels: new Map(), annotations },
    className: spec?.ingressClassName ?? null,
    defaultBackend: null,
    rules: [],
    tls: [],
  });
}
