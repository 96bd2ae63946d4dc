// Which fields of a changed object differ: its value as Lua has it, against the wanted one.
import type { State } from '../../apply/state.ts';
import { type Change, valueNameOf } from './changes.ts';
import type { Inspector } from './client.ts';

/** Objects that are looked into; a change of everything would ask for everything. */
const LOOKED_INTO = 50;
/** Fields that are shown of one. */
const SHOWN = 5;
const LONGEST = 60;

/** The changes, the first of them with details. */
export async function detailsOf(changes: readonly Change[], wanted: State, inspector: Inspector): Promise<Change[]> {
  const looked = new Set(
    changes.filter(({ change, kind }) => change === 'changed' && kind !== 'profile').slice(0, LOOKED_INTO),
  );
  const detailed: Change[] = [];
  for (const change of changes) {
    const name = valueNameOf(change);
    const text = looked.has(change) ? wanted.get(name) : undefined;
    if (text === undefined) detailed.push(change);
    else {
      const before: unknown = JSON.parse(await inspector.text('/v1/state', { name }));
      detailed.push({ ...change, details: shortened(differences(before, JSON.parse(text), '')) });
    }
  }
  return detailed;
}

function shortened(all: readonly string[]): string[] {
  return all.length <= SHOWN ? [...all] : [...all.slice(0, SHOWN), `${all.length - SHOWN} more`];
}

/** "path: before → after" for each leaf that differs. */
export function differences(before: unknown, after: unknown, path: string): string[] {
  const [fieldsBefore, fieldsAfter] = [fieldsOf(before), fieldsOf(after)];
  if (fieldsBefore === null || fieldsAfter === null) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [`${path}: ${shown(before)} → ${shown(after)}`];
  }
  const names = new Set([...fieldsBefore.keys(), ...fieldsAfter.keys()]);
  return [...names].flatMap((name) =>
    differences(fieldsBefore.get(name), fieldsAfter.get(name), path === '' ? name : `${path}.${name}`),
  );
}

/** Fields of an object, or elements of a list of objects by what they are about; null for leaves. */
function fieldsOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const isList =
    value.length > 0 && value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each));
  return isList ? new Map(value.map((each: object, i) => [labelOf(each, i), each])) : null;
}

/** Routes are known by match and path, endpoints by their address, canaries by their backend. */
function labelOf(value: object, position: number): string {
  if ('path' in value && 'match' in value) return `${value.match} ${value.path}`;
  if ('address' in value && 'port' in value) return `${value.address}:${value.port}`;
  return 'id' in value ? String(value.id) : String(position);
}

function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
