// What is said of annotations under our prefix that no feature reads: not supported, legacy, or unknown. The old controller was
// silent about all of them (PARSE-04).
import { closest } from 'fastest-levenshtein';
import type { ObjectRef } from '../kube/ref.ts';
import type { Problem } from '../model/types.ts';
import { isMeant, LEGACY, legacyOf } from './legacy.ts';
import { SPECS } from './registry.ts';
import { NOT_SUPPORTED } from './unsupported.ts';

export interface Unread {
  /** Why the object's paths must not be served; null when they may. */
  readonly deny: string | null;
  readonly problems: readonly Problem[];
}

/** By annotations, which are those of one object: it is asked about for each of its hosts, and names take long to compare. */
const known = new WeakMap<ReadonlyMap<string, string>, { readonly prefix: string; readonly unread: Unread }>();

export function unreadAnnotations(annotations: ReadonlyMap<string, string>, object: ObjectRef, prefix: string): Unread {
  const before = known.get(annotations);
  if (before?.prefix === prefix) return before.unread;
  const unread = findUnread(annotations, object, prefix);
  known.set(annotations, { prefix, unread });
  return unread;
}

function findUnread(annotations: ReadonlyMap<string, string>, object: ObjectRef, prefix: string): Unread {
  let deny: string | null = null;
  const problems: Problem[] = [];
  const warn = (code: Problem['code'], message: string): void => {
    problems.push({ object, severity: 'warning', code, message });
  };
  for (const [name, value] of annotations) {
    if (!name.startsWith(`${prefix}/`) || value === '') continue;
    const key = name.slice(prefix.length + 1);
    if (SPECS.has(key)) continue;
    const unsupported = NOT_SUPPORTED.get(key);
    const legacy = legacyOf(key);
    if (unsupported?.without === 'closed') {
      deny = `annotation ${key} is not supported`;
      const message = `annotation ${key} is not supported (${unsupported.why}); its paths answer 503 rather than be served without it`;
      problems.push({ object, severity: 'error', code: 'annotation-unsupported', message });
    } else if (unsupported !== undefined) {
      warn('annotation-unsupported', `annotation ${key} is not supported (${unsupported.why}) and has no effect`);
    } else if (legacy !== null) {
      const done = isMeant(annotations, key, prefix) ? 'it is read as that' : 'it has no effect';
      warn('annotation-legacy', `annotation ${key} does not exist, or not any more: ${legacy.advice}; ${done}`);
    } else {
      const near = closest(key, [...SPECS.keys(), ...NOT_SUPPORTED.keys(), ...LEGACY.keys()]);
      warn('annotation-unknown', `annotation ${key} is unknown and has no effect; the nearest known one is ${near}`);
    }
  }
  return { deny, problems };
}
