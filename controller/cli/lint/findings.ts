// Problems as findings: with their place, without those that a part of the manifests cannot tell, in the order of the files.
import { tidy } from '../../model/problems.ts';
import type { Problem, ProblemCode } from '../../model/types.ts';
import type { Locations, Place } from './locations.ts';

export interface Finding extends Problem {
  readonly place: Place | null;
}

/** Problems that may come of an object that is not among those given. */
const OF_MISSING: ReadonlySet<ProblemCode> = new Set([
  'service-missing',
  'service-port-missing',
  'service-without-endpoints',
  'class-unknown',
  'canary-unused',
]);

export type Extent = 'whole' | 'part';

export interface Looked {
  /** null where the objects stand in no files. */
  readonly locations: Locations | null;
  readonly extent: Extent;
  /** Manifests rarely have endpoints: the cluster makes them. */
  readonly endpoints: 'known' | 'unknown';
}

export function findingsOf(problems: readonly Problem[], { locations, extent, endpoints }: Looked): Finding[] {
  return tidy(problems)
    .filter(({ code }) => code !== 'object-ignored')
    .filter(({ code }) => endpoints === 'known' || code !== 'service-without-endpoints')
    .filter((problem) => extent === 'whole' || !isOfMissing(problem))
    .map((problem) => ({ ...problem, place: locations?.of(problem) ?? null }))
    .sort(byPlace);
}

function isOfMissing({ code, message }: Problem): boolean {
  return (
    OF_MISSING.has(code) ||
    /\b(Secret|ConfigMap|Service|IngressClass) \S+ does not exist\b|but it does not exist/.test(message)
  );
}

function byPlace({ place: a }: Finding, { place: b }: Finding): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
