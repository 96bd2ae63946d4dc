// What differs between two states, as people name it.
import { isSecret, type State, type ValueName } from '../../apply/state.ts';

export interface Change {
  readonly change: 'added' | 'changed' | 'removed';
  /** "settings", "certificate", "backend", "host", "aliases", "profile". */
  readonly kind: string;
  /** '' for what there is one of. */
  readonly name: string;
  /** Fields that differ: "routes./api.policy.timeouts.read: 60 → 5". Empty where the kind has none to show. */
  readonly details: readonly string[];
}

const ORDER = ['settings', 'host', 'aliases', 'backend', 'certificate', 'profile'];

/** By kind, then name. Hidden values are left out: what names them differs, too. */
export function changesOf(
  before: State,
  after: State,
  profilesBefore: readonly string[],
  profilesAfter: readonly string[],
): Change[] {
  const names = new Set([...before.keys(), ...after.keys()].filter((name) => !isSecret(name)));
  const values = [...names].flatMap((name) => changeOf(before.get(name), after.get(name), name));
  const profiles = (ids: readonly string[], others: readonly string[], change: 'added' | 'removed'): Change[] =>
    ids.filter((id) => !others.includes(id)).map((name) => ({ change, kind: 'profile', name, details: [] }));
  return [
    ...values,
    ...profiles(profilesAfter, profilesBefore, 'added'),
    ...profiles(profilesBefore, profilesAfter, 'removed'),
  ].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
}

function changeOf(before: string | undefined, after: string | undefined, value: ValueName): Change[] {
  if (before === after) return [];
  const slash = value.indexOf('/');
  const [kind, name] = slash < 0 ? [value, ''] : [value.slice(0, slash), value.slice(slash + 1)];
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [{ change, kind, name, details: [] }];
}

/** The name of what changed in the state. */
export function valueNameOf({ kind, name }: Change): ValueName {
  return name === '' ? kind : `${kind}/${name}`;
}
