// What the applier needs of nginx: the files of its configuration, which are ours to write, and its master, which is our child
// or that of a supervisor in another container (ARCHITECTURE.md, "Two containers").
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rendered } from '../render/config.ts';
import { CONFIG_FILES } from '../render/folders.ts';

export interface Listen {
  readonly address: string;
  readonly port: number;
}

/** The nginx master, wherever it runs. Its configuration lies below the configuration folder, under fixed names. */
export interface Master {
  /** null while none is known. */
  readonly pid: number | null;
  readonly isAlive: boolean;
  /** Makes the folders that nginx writes to. */
  prepare(): Promise<void>;
  /** Takes over a running nginx: its pid, or null when there is none. */
  adopt(): Promise<number | null>;
  /** Starts nginx with the configuration in force; throws PortTaken. */
  start(listens: readonly Listen[]): Promise<void>;
  /** Runs `nginx -t` on the next configuration; throws ConfigRefused with nginx's words. */
  test(): Promise<void>;
  /** Makes nginx read the configuration in force: new workers start, old ones finish their requests. */
  reload(): Promise<void>;
  /** Those of some processes of nginx that live. */
  alive(pids: readonly number[]): Promise<ReadonlySet<number>>;
  /** Resolves when nginx has ended, or can no longer be reached. */
  ended(signal: AbortSignal): Promise<void>;
  /** Ends nginx: gracefully, with force after `graceMs`. Nothing of it is left when this resolves. */
  stop(graceMs: number): Promise<void>;
  /** The program ends: so does nginx, unless a supervisor keeps it for the next one. */
  leave(leaving: Leaving): Promise<void>;
}

export interface Leaving {
  readonly graceMs: number;
  /** Cuts the graces short. */
  readonly force: AbortSignal;
  /** Tells clients to go, before nginx closes their connections. */
  drain(): Promise<void>;
}

export const NEXT = `${CONFIG_FILES.config}.next`;
const LAST = `${CONFIG_FILES.config}.last`;

export class Nginx {
  readonly #master: Master;
  readonly #confDir: string;

  constructor(master: Master, confDir: string) {
    this.#master = master;
    this.#confDir = confDir;
  }

  get pid(): number | null {
    return this.#master.pid;
  }

  get isAlive(): boolean {
    return this.#master.isAlive;
  }

  prepare(): Promise<void> {
    return this.#master.prepare();
  }

  adopt(): Promise<number | null> {
    return this.#master.adopt();
  }

  /** Starts nginx; throws ConfigRefused, or PortTaken. */
  async start(rendered: Rendered): Promise<void> {
    await this.prepare();
    await this.test(rendered);
    await rename(this.#file(NEXT), this.#file(CONFIG_FILES.config));
    await this.#master.start(rendered.listens);
  }

  /** Has nginx test a configuration; throws ConfigRefused. */
  async test(rendered: Rendered): Promise<void> {
    await writeFile(this.#file(NEXT), rendered.text, { mode: 0o600 });
    await this.#master.test();
  }

  /** Puts the configuration that was tested last in force. */
  async reload(): Promise<void> {
    await rename(this.#file(CONFIG_FILES.config), this.#file(LAST));
    await rename(this.#file(NEXT), this.#file(CONFIG_FILES.config));
    await this.#master.reload();
  }

  /** Puts the last good file back after a reload that did not come up. */
  restore(): Promise<void> {
    return rename(this.#file(LAST), this.#file(CONFIG_FILES.config));
  }

  alive(pids: readonly number[]): Promise<ReadonlySet<number>> {
    return this.#master.alive(pids);
  }

  ended(signal: AbortSignal): Promise<void> {
    return this.#master.ended(signal);
  }

  stop(graceMs: number): Promise<void> {
    return this.#master.stop(graceMs);
  }

  leave(leaving: Leaving): Promise<void> {
    return this.#master.leave(leaving);
  }

  #file(name: string): string {
    return join(this.#confDir, name);
  }
}
