// Label selectors as --watch-namespace-selector takes them: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/

import { assertNever } from '../assert.ts';

type Requirement =
  | { readonly kind: 'in' | 'notin'; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: 'exists' | 'absent'; readonly key: string };

export type LabelSelector = readonly Requirement[];

const KEY = '[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?';
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([A-Za-z0-9._-]*)$`);
const EXISTENCE = new RegExp(`^(!?)\\s*(${KEY})$`);

/** Parses a selector such as "team=a,tier in (x, y),!legacy"; null when it is not one. */
export function parseSelector(text: string): LabelSelector | null {
  const requirements = text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRequirement);
  return requirements.every((requirement) => requirement !== null) ? requirements : null;
}

function parseRequirement(text: string): Requirement | null {
  const set = SET.exec(text);
  if (set?.[1] && set[4] !== undefined) {
    const values = set[4].split(',').map((value) => value.trim());
    return { kind: set[3] === 'in' ? 'in' : 'notin', key: set[1], values };
  }
  const equality = EQUALITY.exec(text);
  if (equality?.[1]) {
    return { kind: equality[3] === '!=' ? 'notin' : 'in', key: equality[1], values: [equality[4] ?? ''] };
  }
  const existence = EXISTENCE.exec(text);
  return existence?.[2] ? { kind: existence[1] === '!' ? 'absent' : 'exists', key: existence[2] } : null;
}

/** "notin" and "!=" also hold for objects without the label, as in Kubernetes. */
export function matches(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  return selector.every((requirement) => {
    const value = labels.get(requirement.key);
    switch (requirement.kind) {
      case 'exists':
        return value !== undefined;
      case 'absent':
        return value === undefined;
      case 'in':
        return value !== undefined && requirement.values.includes(value);
      case 'notin':
        return value === undefined || !requirement.values.includes(value);
      default:
        return assertNever(requirement);
    }
  });
}
