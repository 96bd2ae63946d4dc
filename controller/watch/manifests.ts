// A folder of YAML and JSON manifests as a source: read once, then followed with chokidar. A file that breaks is a Problem
// with file, document and line, and keeps the last good version of its objects.
import { readFile } from 'node:fs/promises';
import { extname, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type FSWatcher, watch } from 'chokidar';
import { LineCounter, parseAllDocuments } from 'yaml';
import { normalise } from '../kube/normalise.ts';
import type { KubeObject } from '../kube/objects.ts';
import { keyOf, showRef } from '../kube/ref.ts';
import type { Problem, ProblemCode } from '../model/types.ts';
import type { ReadKey } from '../model/view.ts';
import type { Store } from './intake.ts';
import type { Source, SourceEvents } from './source.ts';

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);
const DEFAULT_NAMESPACE = 'default';
/** How long a file that lost objects may take to be written whole. */
const SETTLE_MS = 50;
/** A manifest above this is refused: etcd holds no object of more than 1.5 MB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** "Kind namespace/name". */
type Identity = string;

interface ReadFile {
  readonly objects: ReadonlyMap<Identity, KubeObject>;
  readonly problems: readonly Problem[];
  /** What could not be read, as last good versions are kept for it: some object, or the whole file. */
  readonly broken: 'nothing' | 'objects' | 'file';
}

export class ManifestFolder implements Source {
  readonly ingressClasses = 'listed';
  readonly #folder: string;
  readonly #store: Store;
  readonly #events: SourceEvents;
  readonly #files = new Map<string, ReadFile>();
  /** Files that define an object, so that the first of them, by name, wins. */
  readonly #definitions = new Map<Identity, Set<string>>();
  #watcher: FSWatcher | null = null;
  #queue: Promise<void> = Promise.resolve();

  constructor(folder: string, store: Store, events: SourceEvents) {
    this.#folder = resolve(folder);
    this.#store = store;
    this.#events = events;
  }

  /** Reads everything and follows the folder until the signal; resolves when the first state is complete. */
  async start(signal: AbortSignal): Promise<void> {
    const watcher = watch(this.#folder, {
      atomic: false,
      ignored: (path, stats) => !isManifest(path, stats?.isFile() ?? false),
    });
    this.#watcher = watcher;
    signal.addEventListener('abort', () => void watcher.close().catch(this.#events.onError), { once: true });
    const enqueue = (work: () => Promise<void>): void => {
      this.#queue = this.#queue.then(work).catch(this.#events.onError);
    };
    watcher.on('add', (path) => enqueue(() => this.#read(path)));
    watcher.on('change', (path) => enqueue(() => this.#read(path)));
    watcher.on('unlink', (path) => enqueue(async () => this.#replace(path, null)));
    watcher.on('error', (error) => this.#events.onError(error));
    await new Promise<void>((done) => watcher.once('ready', () => done()));
    await this.#queue;
  }

  /** Reads every file once, in order, without following the folder. */
  async readOnce(signal: AbortSignal): Promise<void> {
    const controller = new AbortController();
    await this.start(AbortSignal.any([controller.signal, signal]));
    controller.abort();
    await this.#watcher?.close();
  }

  /** Problems of the files themselves: unreadable ones, refused objects, duplicates. */
  silences(): ReadonlyMap<string, number> {
    return new Map();
  }

  problems(): Problem[] {
    const problems = [...this.#files.values()].flatMap((file) => file.problems);
    for (const [identity, paths] of this.#definitions) {
      if (paths.size < 2) continue;
      const [winner, ...losers] = [...paths].sort();
      const object = this.#files.get(winner ?? '')?.objects.get(identity);
      for (const path of losers) {
        if (object === undefined) continue;
        problems.push({
          object: { kind: object.kind, namespace: object.meta.namespace, name: object.meta.name },
          severity: 'warning',
          code: 'object-duplicate',
          message: `${this.#show(path)} defines it again; the one in ${this.#show(winner ?? '')} counts`,
        });
      }
    }
    return problems;
  }

  async #read(path: string): Promise<void> {
    let found = await this.#parse(path);
    if (found !== null && losesObjects(this.#files.get(path) ?? null, found)) {
      // Perhaps a writer is half way: it must not look as if the rest had been deleted.
      await delay(SETTLE_MS);
      found = await this.#parse(path);
    }
    if (found !== null) this.#replace(path, found);
  }

  /** null when the file is gone: the unlink event follows. */
  async #parse(path: string): Promise<ReadFile | null> {
    try {
      return readManifest(this.#show(path), await readFile(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      return unreadable(this.#show(path), `cannot be read: ${String(error)}`);
    }
  }

  #replace(path: string, found: ReadFile | null): void {
    const before = this.#files.get(path) ?? null;
    const after = found === null ? null : keepLastGood(before, found);
    if (after === null) this.#files.delete(path);
    else this.#files.set(path, after);
    const stale = new Set<ReadKey>();
    const touched = new Set([...(before?.objects.keys() ?? []), ...(after?.objects.keys() ?? [])]);
    for (const identity of touched) {
      const paths = this.#definitions.get(identity) ?? new Set<string>();
      if (after?.objects.has(identity)) paths.add(path);
      else paths.delete(path);
      if (paths.size === 0) this.#definitions.delete(identity);
      else this.#definitions.set(identity, paths);
      for (const read of this.#publish(identity, before?.objects.get(identity) ?? null)) stale.add(read);
    }
    this.#events.onChange(stale, `${this.#show(path)} ${after === null ? 'removed' : 'read'}`);
  }

  /** Puts the winning definition of an object into the cluster, or removes it when none is left. */
  #publish(identity: Identity, before: KubeObject | null): ReadonlySet<ReadKey> {
    const winner = [...(this.#definitions.get(identity) ?? [])].sort()[0];
    const object = winner === undefined ? undefined : this.#files.get(winner)?.objects.get(identity);
    if (object !== undefined) return this.#store.put(object);
    return before === null ? new Set() : this.#store.remove(before.kind, keyOf(before.meta));
  }

  #show(path: string): string {
    return relative(this.#folder, path) || path;
  }
}

/** chokidar asks for folders and files alike, first without knowing which. */
function isManifest(path: string, isFile: boolean): boolean {
  return !isFile || EXTENSIONS.has(extname(path));
}

/** A broken file keeps the objects it had; a file with broken objects keeps those that it no longer defines well. */
function keepLastGood(before: ReadFile | null, found: ReadFile): ReadFile {
  if (before === null || found.broken === 'nothing') return found;
  return { ...found, objects: new Map([...before.objects, ...found.objects]) };
}

function losesObjects(before: ReadFile | null, found: ReadFile): boolean {
  return before !== null && [...before.objects.keys()].some((identity) => !found.objects.has(identity));
}

function unreadable(file: string, reason: string): ReadFile {
  return { objects: new Map(), problems: [fileProblem(file, 'manifest-unreadable', reason)], broken: 'file' };
}

function fileProblem(file: string, code: ProblemCode, message: string): Problem {
  return { object: { kind: 'File', namespace: '', name: file }, severity: 'error', code, message };
}

/** Reads the objects of one manifest: many documents, Lists. `file` is how messages call it. */
export function readManifest(file: string, text: string): ReadFile {
  if (text.length > MAX_FILE_BYTES) return unreadable(file, `is larger than ${MAX_FILE_BYTES} bytes`);
  const lines = new LineCounter();
  const objects = new Map<Identity, KubeObject>();
  const problems: Problem[] = [];
  let broken: ReadFile['broken'] = 'nothing';

  const take = (raw: unknown, where: string): void => {
    if (isList(raw)) {
      for (const [index, item] of raw.items.entries()) take(item, `${where}, item ${index + 1}`);
      return;
    }
    const result = normalise(raw, DEFAULT_NAMESPACE);
    switch (result.kind) {
      case 'object': {
        const { kind, meta } = result.object;
        const object = { kind, namespace: meta.namespace, name: meta.name };
        objects.set(showRef(object), result.object);
        for (const note of result.notes) {
          problems.push({ object, severity: 'warning', code: 'api-version-converted', message: `${where}: ${note}` });
        }
        return;
      }
      case 'ignored':
        problems.push({
          object: result.ref,
          severity: 'warning',
          code: 'object-ignored',
          message: `${where}: ${result.reason}`,
        });
        return;
      case 'refused':
        broken = 'objects';
        problems.push({
          object: result.ref,
          severity: 'error',
          code: 'object-refused',
          message: `${where}: ${result.reason}`,
        });
        return;
    }
  };

  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  for (const [index, document] of [...documents].entries()) {
    const line = lines.linePos(document.contents?.range?.[0] ?? document.range[0]).line;
    const error = document.errors[0];
    if (error !== undefined) {
      const at = lines.linePos(error.pos[0]);
      const where = `document ${index + 1}, line ${at.line}, column ${at.col}`;
      problems.push(
        fileProblem(file, 'manifest-unreadable', `${where}: ${error.message}; its objects stay as they were`),
      );
      broken = 'file';
      continue;
    }
    let raw: unknown;
    try {
      raw = document.toJS({ maxAliasCount: 100 });
    } catch (cause) {
      problems.push(fileProblem(file, 'manifest-unreadable', `document ${index + 1}, line ${line}: ${String(cause)}`));
      broken = 'file';
      continue;
    }
    if (raw !== null && raw !== undefined) take(raw, `${file}, document ${index + 1}, line ${line}`);
  }
  return { objects, problems, broken };
}

function isList(raw: unknown): raw is { items: unknown[] } {
  return (
    typeof raw === 'object' &&
    raw !== null &&
    'kind' in raw &&
    typeof raw.kind === 'string' &&
    raw.kind.endsWith('List') &&
    'items' in raw &&
    Array.isArray(raw.items)
  );
}
