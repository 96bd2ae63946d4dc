// Whether the status of Ingresses is emptied when this replica ends: only when the workload was removed on purpose and nobody
// else goes on. A rollout, an eviction, a restarted container and a leader that changes leave it as it is.

import { textAt } from '../kube/status.ts';
import type { Pods } from './pods.ts';
import { isStaying } from './pods.ts';

export type Verdict = { readonly kind: 'empty' } | { readonly kind: 'keep'; readonly why: string };

/** `holder` is who leads, `self` our name. Rejects with ApiError, or the signal's reason. */
export async function judgeFarewell(pods: Pods, self: string, holder: string, signal: AbortSignal): Promise<Verdict> {
  const own = await pods.own(signal);
  const others = (await pods.siblings(own, signal)).filter((pod) => textAt(pod, 'metadata', 'name') !== self);
  const staying = others.filter(isStaying).map((pod) => textAt(pod, 'metadata', 'name'));
  if (staying.length > 0) return keep(`${staying.length} other replicas go on`);
  // Of several that end together the leader does it, or all when it is gone already.
  if (holder !== self && others.some((pod) => textAt(pod, 'metadata', 'name') === holder))
    return keep(`${holder} leads`);
  if (!(await pods.isRemoved(own, signal))) return keep('this Pod will be replaced');
  return { kind: 'empty' };
}

function keep(why: string): Verdict {
  return { kind: 'keep', why };
}
