// Manifests that a command is given: files, folders (sub-folders included), and "-" for standard input.
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CommandError, EXIT } from './exit.ts';
import type { Streams } from './streams.ts';

export interface TextFile {
  /** As it was named, below the folder that was. */
  readonly name: string;
  readonly text: string;
}

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

/** In the order of the arguments, within a folder by name. Throws CommandError for what cannot be read. */
export async function readFiles(paths: readonly string[], streams: Streams): Promise<TextFile[]> {
  const files: TextFile[] = [];
  for (const path of paths) {
    if (path === '-') files.push({ name: '<stdin>', text: await streams.read() });
    else for (const name of await namesBelow(path)) files.push({ name, text: await readFile(name, 'utf8') });
  }
  return files;
}

async function namesBelow(path: string): Promise<string[]> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(EXIT.noInput, `${path} cannot be read: ${cause.code ?? cause.message}`, { cause });
  });
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && EXTENSIONS.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
