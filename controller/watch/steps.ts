// What a reflector does next: the pure part of list and watch, from what the last request came to.
import { assertNever } from '../assert.ts';

export type Phase =
  /** 'whole' asks for everything at once, where the pages of a list expired before the last was read. */
  | { readonly kind: 'list'; readonly size: 'pages' | 'whole' }
  /** 'unsure' looks first whether the server still has the history that `version` belongs to. */
  | { readonly kind: 'watch'; readonly version: string; readonly history: 'same' | 'unsure' };

/** Whether a watch brought anything, be it only the time that it lasted. */
export type Yield = 'something' | 'nothing';

export type Outcome =
  | { readonly kind: 'listed'; readonly version: string }
  /** The server ended the watch in order, as it does every few minutes. */
  | { readonly kind: 'closed'; readonly version: string; readonly yield: Yield }
  /** 410: the version, or the rest of the list, is no longer known. */
  | { readonly kind: 'expired'; readonly yield: Yield }
  | { readonly kind: 'list-failed' }
  | WatchFailed;

export interface WatchFailed {
  readonly kind: 'watch-failed';
  /** How far it came; a server that is busy only wants time. */
  readonly stage: 'busy' | 'refused' | 'broken';
  readonly version: string;
  readonly yield: Yield;
}

export interface State {
  readonly phase: Phase;
  /** Requests in a row that brought nothing. */
  readonly failures: number;
}

export interface Step {
  readonly state: State;
  readonly pause: 'none' | 'back-off';
}

export const FIRST: State = { phase: { kind: 'list', size: 'pages' }, failures: 0 };

/** A watch that broke without a yield so often in a row starts over with a list. */
const PATIENCE = 2;

export function next({ phase, failures: before }: State, outcome: Outcome): Step {
  switch (outcome.kind) {
    case 'listed':
      // A list alone is no success: a server whose every version is expired at once would be asked without end.
      return { state: { phase: watch(outcome.version, 'same'), failures: before }, pause: 'none' };
    case 'closed': {
      const failures = outcome.yield === 'something' ? 0 : before + 1;
      return { state: { phase: watch(outcome.version, 'same'), failures }, pause: pauseAfter(failures) };
    }
    case 'expired': {
      const failures = outcome.yield === 'something' ? 0 : before + 1;
      const size = phase.kind === 'list' ? 'whole' : 'pages';
      return { state: { phase: { kind: 'list', size }, failures }, pause: pauseAfter(failures) };
    }
    case 'list-failed':
      return { state: { phase, failures: before + 1 }, pause: 'back-off' };
    case 'watch-failed': {
      const failures = (outcome.yield === 'something' ? 0 : before) + 1;
      return { state: { phase: afterFailure(outcome, failures), failures }, pause: 'back-off' };
    }
    default:
      return assertNever(outcome);
  }
}

function watch(version: string, history: 'same' | 'unsure'): Phase {
  return { kind: 'watch', version, history };
}

/**
 * A server that went away may come back with other history, as from an etcd that was restored. It would take our version
 * for one that is still to come, and never send anything.
 */
function afterFailure({ stage, version }: WatchFailed, failures: number): Phase {
  switch (stage) {
    case 'busy':
      return watch(version, 'unsure');
    case 'broken':
      return failures < PATIENCE ? watch(version, 'unsure') : FIRST.phase;
    case 'refused':
      return FIRST.phase;
  }
}

/** Once may be chance, as with a proxy that restarts; twice is a loop. */
function pauseAfter(failures: number): Step['pause'] {
  return failures >= 2 ? 'back-off' : 'none';
}

export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** A server, or a proxy before it, that wants to be left alone for longer is asked all the same. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** Milliseconds to wait after so many failures; `random` in [0, 1) spreads it from half to one and a half times. */
export function backOff(
  { firstMs, mostMs }: BackOff,
  failures: number,
  retryAfterMs: number | null,
  random: number,
): number {
  const pause = Math.min(mostMs, firstMs * 2 ** Math.max(0, failures - 1));
  return pause * (0.5 + random) + Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
}

/**
 * Whether a server that is at `now` cannot have made `known` before. Versions of the built-in kinds are numbers that grow
 * (kubernetes.io/docs/reference/using-api/api-concepts, "Resource versions"); of others nothing can be said.
 */
export function isOtherHistory(now: string, known: string): boolean {
  return /^[0-9]+$/.test(now) && /^[0-9]+$/.test(known) && BigInt(now) < BigInt(known);
}
