// Leader election by a Lease, as client-go does it (k8s.io/client-go/tools/leaderelection): what to do next is a pure function of
// the Lease as it was observed. Its times are never compared with our clock: a Lease runs out when we have not seen it renewed
// for as long as it says.
import { textAt, valueAt } from '../kube/status.ts';

/** Fields of coordination.k8s.io/v1 Lease that count. */
export interface Lease {
  /** '' when nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  /** As its holder wrote it. */
  readonly renewTime: string;
  readonly acquireTime: string;
  /** How often it went from one holder to another. */
  readonly transitions: number;
}

export interface Observed {
  /** null when there is none. */
  readonly lease: Lease | null;
  /** When it was first seen like this, milliseconds on our monotonic clock. */
  readonly at: number;
}

export type Step =
  | { readonly kind: 'create' | 'take' | 'renew' }
  /** Somebody else leads; without a renewal until then it runs out. */
  | { readonly kind: 'wait'; readonly ms: number };

/** Reads a Lease; `orMs` is the duration of one that says none. */
export function readLease(raw: unknown, orMs: number): Lease {
  const number = (name: string): number => {
    const value = valueAt(raw, 'spec', name);
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
  };
  return {
    holder: textAt(raw, 'spec', 'holderIdentity'),
    durationMs: number('leaseDurationSeconds') * 1000 || orMs,
    renewTime: textAt(raw, 'spec', 'renewTime'),
    acquireTime: textAt(raw, 'spec', 'acquireTime'),
    transitions: number('leaseTransitions'),
  };
}

/** What is known after a look at `now`: the time stays while nothing in the Lease changed. */
export function observe(before: Observed | null, lease: Lease | null, now: number): Observed {
  const isSame = before !== null && JSON.stringify(before.lease) === JSON.stringify(lease);
  return isSame ? before : { lease, at: now };
}

/** `identity` is ours; a Lease that names it is ours, also after a restart of the container. */
export function decide({ lease, at }: Observed, identity: string, now: number): Step {
  if (lease === null) return { kind: 'create' };
  if (lease.holder === identity) return { kind: 'renew' };
  const left = at + lease.durationMs - now;
  return lease.holder === '' || left <= 0 ? { kind: 'take' } : { kind: 'wait', ms: left };
}

/** The spec with which we hold the Lease from `time` on, or go on holding it. */
export function heldSpec(lease: Lease | null, identity: string, ttlMs: number, time: Date): object {
  const isOurs = lease?.holder === identity;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.ceil(ttlMs / 1000)),
    acquireTime: isOurs && lease.acquireTime !== '' ? lease.acquireTime : microTime(time),
    renewTime: microTime(time),
    leaseTransitions: lease === null ? 0 : isOurs ? lease.transitions : lease.transitions + 1,
  };
}

/** The spec that gives the Lease away: the next one need not wait. */
export function releasedSpec(lease: Lease, time: Date): object {
  return {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: microTime(time),
    renewTime: microTime(time),
    leaseTransitions: lease.transitions,
  };
}

/** metav1.MicroTime wants exactly six digits of fraction. */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
