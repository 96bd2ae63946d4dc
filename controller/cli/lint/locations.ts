// Where in which file an object, and the field that a Problem is about, stands.
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from 'yaml';
import { type ObjectRef, showRef } from '../../kube/ref.ts';
import type { Problem } from '../../model/types.ts';
import type { TextFile } from '../files.ts';

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

interface Located {
  readonly file: string;
  readonly node: YAMLMap;
  readonly lines: LineCounter;
}

export class Locations {
  readonly #objects = new Map<string, Located>();
  readonly #prefix: string;

  constructor(files: readonly TextFile[], annotationsPrefix: string) {
    this.#prefix = annotationsPrefix;
    for (const { name, text } of files) {
      const lines = new LineCounter();
      for (const document of [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })]) {
        this.#take((document as Document).contents, name, lines);
      }
    }
  }

  /** Of the field where it can be told, else of the object; null for what stands in no file. */
  of({ object, message }: Problem): Place | null {
    if (object.kind === 'File') {
      const [, line = '1', column = '1'] = /line (\d+)(?:, column (\d+))?/.exec(message) ?? [];
      return { file: object.name, line: Number(line), column: Number(column) };
    }
    const found = this.#objects.get(showRef(object));
    if (found === undefined) return this.#userOf(object);
    return placeOf(found, fieldOf(found.node, message, this.#prefix) ?? found.node.range?.[0] ?? 0);
  }

  #take(node: unknown, file: string, lines: LineCounter): void {
    if (!isMap(node)) return;
    const items = node.get('items');
    if (isSeq(items)) {
      for (const item of items.items) this.#take(item, file, lines);
      return;
    }
    const kind = node.get('kind');
    const name = node.getIn(['metadata', 'name']);
    if (typeof kind !== 'string' || typeof name !== 'string') return;
    const scoped =
      kind === 'IngressClass' || kind === 'Namespace' ? '' : (node.getIn(['metadata', 'namespace']) ?? 'default');
    const id = showRef({ kind, namespace: String(scoped), name });
    if (!this.#objects.has(id)) this.#objects.set(id, { file, node, lines });
  }

  /** Where the first Ingress names a Service that is in no file. */
  #userOf({ kind, namespace, name }: ObjectRef): Place | null {
    if (kind !== 'Service') return null;
    for (const [id, located] of this.#objects) {
      const offset = id.startsWith(`Ingress ${namespace}/`)
        ? offsetOf(located.node, ['name', 'serviceName'], name)
        : null;
      if (offset !== null) return placeOf(located, offset);
    }
    return null;
  }
}

function placeOf({ file, lines }: Located, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}

/** The offset of what a message talks of: an annotation, a key of a ConfigMap, a path, a class, a Service or a Secret. */
function fieldOf(node: YAMLMap, message: string, prefix: string): number | null {
  const annotation = /\bannotation ([a-z0-9.-]+)/.exec(message)?.[1];
  if (annotation !== undefined) {
    const own = keyOffset(node, ['metadata', 'annotations'], `${prefix}/${annotation}`);
    return own ?? keyOffset(node, ['metadata', 'annotations'], null);
  }
  const setting = /^(?:key "([^"]+)"|([a-z0-9-]+):)/.exec(message);
  if (setting !== null && node.get('kind') === 'ConfigMap') {
    return keyOffset(node, ['data'], setting[1] ?? setting[2] ?? '');
  }
  const fields: [RegExp, readonly string[]][] = [
    [/\bpath (\S+)/, ['path']],
    [/\bIngressClass (\S+)/, ['ingressClassName']],
    [/\bSecret (?:\S+\/)?([^/\s;]+)/, ['secretName']],
    [/\bService (?:\S+\/)?([^/\s;]+)/, ['name', 'serviceName']],
    [/\bhost ([^\s:]+)/, ['host']],
  ];
  for (const [pattern, names] of fields) {
    const value = pattern.exec(message)?.[1]?.replace(/[;,:]$/, '');
    const offset = value === undefined ? null : offsetOf(node, names, value);
    if (offset !== null) return offset;
  }
  return null;
}

/** The key in a map, or with null the map itself. */
function keyOffset(node: YAMLMap, path: readonly string[], key: string | null): number | null {
  const map = node.getIn(path, true);
  if (!isMap(map)) return null;
  if (key === null) return map.range?.[0] ?? null;
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  return isNode(pair?.key) ? (pair.key.range?.[0] ?? null) : null;
}

/** The first "name: value" below spec with one of these names. */
function offsetOf(node: YAMLMap, names: readonly string[], value: string): number | null {
  const spec = node.get('spec', true);
  let found: number | null = null;
  if (!isNode(spec)) return null;
  visit(spec, (_, child) => {
    if (!isPair(child) || !isScalar(child.key) || !isScalar(child.value)) return undefined;
    if (!names.includes(String(child.key.value)) || String(child.value.value) !== value) return undefined;
    found = child.key.range?.[0] ?? null;
    return visit.BREAK;
  });
  return found;
}
