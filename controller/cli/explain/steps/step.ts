// What a step of explaining a request gets, and what it says.

import type { Lookup } from '../../../explain/router.ts';
import type { Phase } from '../explanation.ts';
import type { Question } from '../question.ts';
import type { BackendValue, HostValue, RouteValue, SettingsValue } from '../values.ts';

export interface Situation {
  readonly question: Question;
  readonly settings: SettingsValue;
  readonly lookup: Extract<Lookup, { kind: 'host' }>;
  readonly host: HostValue;
  readonly route: RouteValue | null;
  /** Of the route; null where it has none. */
  readonly backend: BackendValue | null;
  /** Whether the route's default-backend can answer. */
  readonly hasStandIn: boolean;
}

export type Step = (situation: Situation) => readonly Phase[];

export function note(phase: string, text: string): Phase {
  return { phase, text, ends: null };
}

export function end(phase: string, status: number, text: string, location: string | null = null): Phase {
  return { phase, text, ends: { status, location } };
}
