// The time line: what was applied and reloaded, and why.
import { assertNever } from '../assert.ts';
import type { Entry, LoopEvent } from '../telemetry/journal.ts';
import type { Moment } from './moment.ts';
import { pageOf, type Query } from './paging.ts';
import type { Change, Page } from './views.ts';

export function changePage({ entries }: Moment, query: Query): Page<Change> {
  return pageOf(entries, query, changeOf);
}

const PROFILE = /\bp_[0-9a-f]{8,}\b/g;

export function changeOf({ number, at, event, causes }: Entry): Change {
  const { why, ...rest } = shown(event, causes);
  const profiles = [...new Set(why.flatMap((reason) => reason.match(PROFILE) ?? []))];
  return { number, at: new Date(at).toISOString(), kind: event.kind, ...rest, why, profiles };
}

type Shown = Pick<Change, 'health' | 'what' | 'why' | 'names' | 'milliseconds'>;

function shown(event: LoopEvent, causes: readonly string[]): Shown {
  switch (event.kind) {
    case 'applied': {
      const { upserts, removals, reload, names, ms } = event;
      const sent = `${upserts} ${upserts === 1 ? 'object' : 'objects'} sent`;
      const what = removals === 0 ? sent : `${sent}, ${removals} removed`;
      const why = reload === null ? causes : [...causes, `a reload is needed: ${reload}`];
      return { health: 'good', what, why, names, milliseconds: Math.round(ms) };
    }
    case 'reloaded':
      return {
        health: 'good',
        what: 'nginx reloaded',
        why: [event.reason],
        names: [],
        milliseconds: Math.round(event.ms),
      };
    case 'reload-failed':
      return {
        health: 'bad',
        what: 'reload failed; what ran goes on',
        why: [event.reason, event.message],
        names: [],
        milliseconds: null,
      };
    case 'nginx':
      return {
        health: event.what === 'ended' ? 'bad' : 'good',
        what: `nginx ${event.what}`,
        why: event.what === 'ended' ? ['it ended by itself; its log says why'] : [],
        names: [],
        milliseconds: null,
      };
    default:
      return assertNever(event);
  }
}
