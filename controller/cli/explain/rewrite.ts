// What rewrite-target makes of a path, and templates as their owners wrote them.

import { regexOf } from '../../explain/regex.ts';
import type { TemplatePart } from '../../feature/template.ts';
import { type Question, variableOf } from './question.ts';
import type { RouteValue } from './values.ts';

/** null without rewrite-target, or where the path does not match; `text` null where only the request can fill it in. */
export function rewritten(
  route: RouteValue,
  { uri, ...question }: Question,
): { template: string; text: string | null } | null {
  const target = route.policy.rewrite?.target as readonly TemplatePart[] | undefined;
  if (target === undefined || uri === null) return null;
  const regex = regexOf(route.path);
  if (regex.kind !== 'regex') return { template: textOf(target), text: null };
  const match = regex.regex.exec(uri);
  if (match === null) return null;
  const parts = target.map((part): string | null => {
    if (typeof part === 'string') return part;
    if ('capture' in part) return match[part.capture] ?? '';
    return /^(http|cookie)_/.test(part.variable) ? (variableOf({ uri, ...question }, part.variable) ?? '') : null;
  });
  return { template: textOf(target), text: parts.includes(null) ? null : parts.join('') };
}

/** A template as its owner wrote it. */
export function textOf(template: unknown): string {
  if (!Array.isArray(template)) return String(template);
  return (template as readonly TemplatePart[])
    .map((part) => (typeof part === 'string' ? part : 'capture' in part ? `$${part.capture}` : `$${part.variable}`))
    .join('');
}
