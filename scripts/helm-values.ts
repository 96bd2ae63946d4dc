// The values of the chart as one list: defaults and words from helm/values.yaml, types and what that file leaves out from
// docs/spec/helm-values.yaml. values.schema.json and docs/helm.md are made of it.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMap, isScalar, type ParsedNode, parse, parseDocument } from 'yaml';

const ROOT = resolve(import.meta.dirname, '..');

export interface SpecValue {
  readonly path: string;
  readonly type: string;
  readonly default: unknown;
  readonly meaning: string;
  readonly priority: 'P0' | 'P1' | 'P2';
  /** The entry stands for the whole map below. */
  readonly subtree?: boolean;
  readonly not_in_values_yaml?: boolean;
}

export interface Value {
  readonly path: string;
  /** bool, int, string, list, map or int|string. */
  readonly type: string;
  readonly default: unknown;
  readonly doc: string;
  /** Not of the chart of ingress-nginx. */
  readonly isOwn: boolean;
}

export function specValues(): readonly SpecValue[] {
  return (parse(readFileSync(join(ROOT, 'docs/spec/helm-values.yaml'), 'utf8')) as { values: SpecValue[] }).values;
}

/** What stands right above a key; the head of the file is set apart by an empty line. */
function lastParagraph(comment: string): string {
  return (comment.split(/\n\s*\n/).at(-1) ?? '').replace(/\s+/g, ' ').trim();
}

/** Leaves of helm/values.yaml with the comments above them; a map counts as a leaf where the specification says so. */
function written(isLeaf: (path: string) => boolean): Map<string, { value: unknown; doc: string }> {
  const found = new Map<string, { value: unknown; doc: string }>();
  const walk = (node: ParsedNode | null, path: string, doc: string): void => {
    if (path !== '' && (!isMap(node) || node.items.length === 0 || isLeaf(path))) {
      found.set(path, { value: node?.toJS(document) ?? null, doc });
      return;
    }
    if (!isMap(node)) return;
    for (const [index, { key, value }] of node.items.entries()) {
      if (!isScalar(key)) continue;
      const name = String(key.value);
      // The parser gives a comment before the first key to the map.
      const comment = key.commentBefore ?? (index === 0 ? node.commentBefore : null) ?? '';
      walk(value as ParsedNode | null, path === '' ? name : `${path}.${name}`, lastParagraph(comment));
    }
  };
  const document = parseDocument(readFileSync(join(ROOT, 'helm/values.yaml'), 'utf8'));
  walk(document.contents, '', '');
  return found;
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  return typeof value === 'object' && value !== null ? 'map' : 'string';
}

/** In the order of the file, then those that it leaves out. */
export function chartValues(): readonly Value[] {
  const spec = new Map(specValues().map((value) => [value.path, value]));
  const leaves = written((path) => spec.has(path));
  const inFile = [...leaves].map(([path, { value, doc }]) => ({
    path,
    type: spec.get(path)?.type ?? typeOf(value),
    default: value,
    doc,
    isOwn: !spec.has(path),
  }));
  const others = [...spec.values()]
    .filter(({ path }) => !leaves.has(path))
    .map(({ path, type, meaning }) => ({ path, type, default: null, doc: meaning, isOwn: false }));
  return [...inFile, ...others];
}
