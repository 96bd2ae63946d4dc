// What a review has to say of an Ingress: Problems of the model, weighed, and what only the webhook looks at.
import { NOT_ACCEPTED } from '../feature/read.ts';
import { type ObjectRef, showRef } from '../kube/ref.ts';
import type { Problem, ProblemCode } from '../model/types.ts';

/** 'warn' lets the object pass. */
export type Weight = 'refuse' | 'warn';

export interface Finding {
  readonly weight: Weight;
  readonly code: ProblemCode | 'path-taken' | 'path-type' | 'catch-all' | 'object-uid' | 'too-large';
  readonly text: string;
}

/** Whether both are the same object. */
export function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

/** A Problem as told to whoever writes `object`; Problems of other objects are named by them. */
export function findingOf(problem: Problem, object: ObjectRef): Finding {
  const message = problem.message.replace(`; ${NOT_ACCEPTED}`, '');
  const text = isSame(problem.object, object) ? message : `${showRef(problem.object)}: ${message}`;
  return { weight: weightOf(problem), code: problem.code, text };
}

/** Errors refuse. A Secret may come after the Ingress that names it, so that a certificate is never a reason. */
function weightOf({ severity, code }: Problem): Weight {
  return severity === 'error' && code !== 'certificate-unusable' ? 'refuse' : 'warn';
}
