// What runs, for `sluice diff`: digests of the values in place of the values, so that neither keys nor megabytes travel.
import { createHash } from 'node:crypto';
import { isSecret } from '../apply/state.ts';
import type { Moment } from './moment.ts';
import type { About, ValueView } from './views.ts';

/** Of a value's text. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

export function* runningViews({ model, snapshot }: Moment): Generator<About | ValueView> {
  const { running, data, abilities, installation } = snapshot();
  yield {
    kind: 'about',
    selection: model.settings.selection,
    data,
    abilities,
    installation,
    base: running.base,
    loaded: running.loaded.map((needs) => [...needs].sort()),
    profiles: [...model.profiles.keys()].sort(),
  };
  for (const [name, text] of running.state) {
    yield { kind: 'value', name, digest: isSecret(name) ? null : digestOf(text) };
  }
}
