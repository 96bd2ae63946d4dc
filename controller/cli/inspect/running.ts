// What the running controller says of itself, in the form in which plan() compares.
import type { Running } from '../../apply/plan.ts';
import { isSecret, type State } from '../../apply/state.ts';
import { digestOf } from '../../inspect/running.ts';
import type { About, ValueView } from '../../inspect/views.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { Inspector } from './client.ts';

/** Texts of `state` are digests; rejects with CommandError. */
export async function readRunning(inspector: Inspector): Promise<{ about: About; running: Running }> {
  let about: About | null = null;
  const state = new Map<string, string>();
  for await (const line of inspector.rows<About | ValueView>('/v1/running')) {
    if (line.kind === 'about') about = line;
    else state.set(line.name, line.digest ?? HIDDEN);
  }
  if (about === null)
    throw new CommandError(EXIT.unavailable, 'the controller did not say what runs: it may be of another version');
  const loaded = about.loaded.map((needs) => new Set(needs));
  return { about, running: { state, loaded, base: about.base, hosts: new Map() } };
}

/** The names of hidden values are digests of what is in them: equal names, equal values. */
const HIDDEN = 'hidden';

/** A state with digests in place of its texts. */
export function digestsOf(state: State): State {
  return new Map([...state].map(([name, text]) => [name, isSecret(name) ? HIDDEN : digestOf(text)]));
}
