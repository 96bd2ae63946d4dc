// Label and field selectors: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api and
// https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
import { type RawObject, valueAt } from './raw.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { badRequest } from './status.ts';

export type Match = (object: RawObject) => boolean;

const KEY = '([A-Za-z0-9][-A-Za-z0-9_./]*)';
const SET = new RegExp(`^${KEY}\\s+(in|notin)\\s*\\(([^)]*)\\)$`);
const EQUAL = new RegExp(`^${KEY}\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const EXISTS = new RegExp(`^(!?)\\s*${KEY}$`);

/** Requirements are separated by commas, but not by those between parentheses. */
function requirements(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function labelRequirement(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const set = SET.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    const wanted = operator === 'in';
    return (labels) => (labels[key] !== undefined && values.has(labels[key])) === wanted;
  }
  const equal = EQUAL.exec(text);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const exists = EXISTS.exec(text);
  if (exists === null) throw badRequest(`unable to parse requirement: found '${text}'`);
  const [, not, key = ''] = exists;
  return (labels) => key in labels === (not === '');
}

export function labelSelector(text: string): Match {
  const checks = requirements(text).map(labelRequirement);
  return ({ metadata }) => checks.every((check) => check(metadata.labels ?? {}));
}

/** Only the fields that the kind has selectors for; others are answered with 400, as the real one does. */
export function fieldSelector(resource: Resource, text: string): Match {
  const known = [
    'metadata.name',
    ...(resource.scope === 'namespace' ? ['metadata.namespace'] : []),
    ...resource.fields,
  ];
  const checks = requirements(text).map((requirement) => {
    const [, field = '', operator, value = ''] = /^([^=!]+?)(==|!=|=)(.*)$/.exec(requirement) ?? [];
    if (operator === undefined) throw badRequest(`invalid field selector: "${requirement}"`);
    if (!known.includes(field)) {
      throw badRequest(
        `Unable to find "${apiVersionOf(resource)}, Resource=${resource.plural}" that match label selector "", field selector "${text}": field label not supported: ${field}`,
      );
    }
    return (object: RawObject) => (String(valueAt(object, field) ?? '') === value) === (operator !== '!=');
  });
  return (object) => checks.every((check) => check(object));
}
