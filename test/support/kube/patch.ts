// Patches: JSON merge patch (RFC 7386) and JSON patch (RFC 6902). Strategic merge and server-side apply are not served.
// https://kubernetes.io/docs/reference/using-api/api-concepts/, section "Patch and apply".
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from './raw.ts';
import { ApiError, badRequest, unsupportedMediaType } from './status.ts';

const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

/** `before` is not changed. */
export function applyPatch(type: string, before: unknown, patch: unknown): unknown {
  switch (type) {
    case MERGE:
      return merge(before, patch);
    case JSON_PATCH: {
      if (!Array.isArray(patch)) throw badRequest('a JSON patch is an array of operations');
      // Under a root of its own, so that the path "" is a place like any other.
      const root = { document: structuredClone(before) };
      for (const operation of patch) operate(root, operation as Operation);
      return root.document;
    }
    default:
      throw unsupportedMediaType([JSON_PATCH, MERGE]);
  }
}

function merge(before: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

interface Operation {
  readonly op?: string;
  readonly path?: string;
  readonly from?: string;
  readonly value?: unknown;
}

function rejected(why: string): ApiError {
  const message = `the server rejected our request due to an error in our request: ${why}`;
  return new ApiError(422, 'Invalid', message);
}

/** A JSON pointer (RFC 6901) below the root: the place that holds the last step, and that step. */
function locate(root: object, pointer: string | undefined): { holder: unknown; step: string } {
  if (pointer === undefined || (pointer !== '' && !pointer.startsWith('/'))) throw rejected(`bad pointer ${pointer}`);
  const steps = `/document${pointer}`.split('/').slice(1);
  const decoded = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const step = decoded.pop() as string;
  let holder: unknown = root;
  for (const name of decoded) holder = read(holder, name, pointer);
  return { holder, step };
}

function read(holder: unknown, step: string, pointer: string): unknown {
  if (Array.isArray(holder) && /^\d+$/.test(step) && Number(step) < holder.length) return holder[Number(step)];
  if (isRecord(holder) && Object.hasOwn(holder, step)) return holder[step];
  throw rejected(`nothing at ${pointer}`);
}

function readAt(root: object, pointer: string | undefined): unknown {
  const { holder, step } = locate(root, pointer);
  return read(holder, step, pointer ?? '');
}

function removeAt(root: object, pointer: string | undefined): void {
  const { holder, step } = locate(root, pointer);
  read(holder, step, pointer ?? '');
  if (Array.isArray(holder)) holder.splice(Number(step), 1);
  else if (isRecord(holder)) delete holder[step];
}

function addAt(root: object, pointer: string | undefined, value: unknown): void {
  const { holder, step } = locate(root, pointer);
  if (Array.isArray(holder)) {
    const index = step === '-' ? holder.length : Number(step);
    if (!Number.isInteger(index) || index < 0 || index > holder.length) throw rejected(`no place at ${pointer}`);
    holder.splice(index, 0, value);
  } else if (isRecord(holder)) holder[step] = value;
  else throw rejected(`nothing at ${pointer}`);
}

function operate(root: object, { op, path, from, value }: Operation): void {
  switch (op) {
    case 'add':
      addAt(root, path, value);
      break;
    case 'remove':
      removeAt(root, path);
      break;
    case 'replace':
      removeAt(root, path);
      addAt(root, path, value);
      break;
    case 'move': {
      const moved = readAt(root, from);
      removeAt(root, from);
      addAt(root, path, moved);
      break;
    }
    case 'copy':
      addAt(root, path, structuredClone(readAt(root, from)));
      break;
    case 'test':
      if (!isDeepStrictEqual(readAt(root, path), value)) throw rejected(`testing ${path} failed`);
      break;
    default:
      throw rejected(`unknown operation ${op}`);
  }
}
