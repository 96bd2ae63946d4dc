// Problems by the object whose owner has to mend them.
import { keyOf } from '../kube/ref.ts';
import type { Problem } from '../model/types.ts';
import { problemsByObject } from './index.ts';
import type { Moment } from './moment.ts';
import { matching, pageOf, type Query } from './paging.ts';
import type { Page, ProblemGroup } from './views.ts';

const SHOWN = 20;

export function problemPage({ problems }: Moment, query: Query): Page<ProblemGroup> {
  const found = matching(problems, query, ({ object, code, message }) => [
    `${object.kind} ${keyOf(object)}`,
    code,
    message,
  ]);
  return pageOf(sortedGroups(found), query, groupOf);
}

/** Those of some objects, "Kind namespace/name". */
export function problemsOf({ problems }: Moment, objects: readonly string[]): ProblemGroup[] {
  const byObject = problemsByObject(problems);
  return [...new Set(objects)].flatMap((name) => {
    const found = byObject.get(name);
    return found === undefined ? [] : [groupOf(found)];
  });
}

export function worstProblems({ problems }: Moment, count: number): ProblemGroup[] {
  return sortedGroups(problems).slice(0, count).map(groupOf);
}

/** Most errors first, then most Problems, then by name. */
function sortedGroups(problems: readonly Problem[]): (readonly Problem[])[] {
  return [...problemsByObject(problems)]
    .map(([name, list]) => ({ name, list, errors: errorsIn(list) }))
    .sort((a, b) => b.errors - a.errors || b.list.length - a.list.length || (a.name < b.name ? -1 : 1))
    .map(({ list }) => list);
}

function errorsIn(problems: readonly Problem[]): number {
  return problems.filter(({ severity }) => severity === 'error').length;
}

/** `problems` are of one object, at least one. */
function groupOf(problems: readonly Problem[]): ProblemGroup {
  const errors = errorsIn(problems);
  const object = problems[0]?.object ?? { kind: '', namespace: '', name: '' };
  const sorted = problems.toSorted((a, b) => (a.severity === b.severity ? 0 : a.severity === 'error' ? -1 : 1));
  return {
    owner: { kind: object.kind, key: keyOf(object) },
    health: errors > 0 ? 'bad' : 'warn',
    errors,
    warnings: problems.length - errors,
    problems: sorted.slice(0, SHOWN).map(({ severity, code, message }) => ({ severity, code, message })),
  };
}
