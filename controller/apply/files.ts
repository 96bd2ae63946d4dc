// The files that directives name, below the configuration folder. They are written before a configuration that names them is tested,
// and removed when neither the running configuration nor the next one does. nginx's master reads them, never a worker.
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigFile } from '../model/types.ts';
import { FILES_FOLDER } from '../render/file.ts';

export class ConfigFiles {
  readonly #folder: string;
  readonly #written = new Set<string>();

  constructor(confDir: string) {
    this.#folder = join(confDir, FILES_FOLDER);
  }

  /** Writes those that are not there yet: whole, then under their names. */
  async write(files: Iterable<ConfigFile>): Promise<void> {
    for (const { name, content } of files) {
      if (this.#written.has(name)) continue;
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const next = join(this.#folder, `${name}.next`);
      await writeFile(next, content, { mode: 0o600 });
      await rename(next, join(this.#folder, name));
      this.#written.add(name);
    }
  }

  /** Removes every other file, those of an earlier process too. */
  async keep(files: Iterable<ConfigFile>): Promise<void> {
    const kept = new Set([...files].map(({ name }) => name));
    const found = await readdir(this.#folder).catch(() => []); // no folder: nothing was ever written
    for (const name of found) {
      if (kept.has(name)) continue;
      await rm(join(this.#folder, name), { force: true });
      this.#written.delete(name);
    }
  }
}
