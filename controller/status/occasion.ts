// What an Event says: of which object, with which reason, in which words. Reasons are those of ingress-nginx where it has one
// (docs/spec/behaviour.md, "Events").
import { createHash } from 'node:crypto';
import { keyOf, type ObjectRef } from '../kube/ref.ts';
import type { Problem } from '../model/types.ts';

export interface Occasion {
  readonly object: ObjectRef;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** An Event's message holds at most so many bytes (k8s.io/api/core/v1 validation). */
const MAX_BYTES = 1024;
/** Kinds of which the Events of Problems are made; of other things the log and the metrics tell. */
const KINDS: ReadonlySet<string> = new Set(['Ingress', 'Service', 'ConfigMap', 'Secret']);

/** null for a Problem of something that is no object of a tenant. */
export function occasionOf({ object, code, message }: Problem): Occasion | null {
  if (!KINDS.has(object.kind)) return null;
  return { object, type: 'Warning', reason: reasonOf(code), message: clip(withoutQuotes(message)) };
}

export function solved({ object, message, reason }: Occasion): Occasion {
  return { object, type: 'Normal', reason: 'Solved', message: clip(`solved: ${reason}: ${message}`) };
}

export function synced(object: ObjectRef): Occasion {
  return { object, type: 'Normal', reason: 'Sync', message: 'Scheduled for sync' };
}

export function reloaded(pod: ObjectRef): Occasion {
  const message = 'NGINX reload triggered due to a change in configuration';
  return { object: pod, type: 'Normal', reason: 'RELOAD', message };
}

export function reloadFailed(pod: ObjectRef): Occasion {
  const message = 'reloading nginx failed; the running configuration stays; the log of the controller says why';
  return { object: pod, type: 'Warning', reason: 'RELOAD', message };
}

/** Equal for what is the same Event over again. */
export function idOf({ object, type, reason, message }: Occasion): string {
  return [object.kind, keyOf(object), type, reason, message].join('\0');
}

/**
 * The name of the Event: the same in every replica and after a restart, so that what was said already is not said twice.
 * `uid` is that of the object: one that was made anew has Events of its own.
 */
export function nameOf(occasion: Occasion, uid: string): string {
  const digest = createHash('sha256')
    .update(`${uid}\0${idOf(occasion)}`)
    .digest('hex')
    .slice(0, 16);
  return `${occasion.object.name.slice(0, 230).replace(/[^a-z0-9]+$/, '')}.${digest}`;
}

function reasonOf(code: Problem['code']): string {
  if (code === 'annotation-invalid' || code === 'annotation-forbidden') return 'AnnotationParsingFailed';
  return code
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** nginx's own words may quote files of the controller, which whoever reads Events need not be allowed to (R10). */
function withoutQuotes(message: string): string {
  const at = message.indexOf('nginx refuses');
  const end = at < 0 ? -1 : message.indexOf(': ', at);
  return end < 0 ? message : `${message.slice(0, end)}; the log of the controller says why`;
}

function clip(message: string): string {
  const bytes = Buffer.from(message, 'utf8');
  if (bytes.length <= MAX_BYTES) return message;
  // A character that is cut in the middle is dropped.
  return `${bytes
    .subarray(0, MAX_BYTES - 3)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}…`;
}
