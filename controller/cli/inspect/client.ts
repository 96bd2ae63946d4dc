// Asks the running controller over its inspection socket (controller/inspect).
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SECRET_HEADER } from '../../apply/protocol.ts';
import type { FlagValues } from '../../flags.ts';
import { CONFIG_FILES } from '../../render/folders.ts';
import { CommandError, EXIT } from '../exit.ts';
import { findFolders } from './find.ts';

/** Longer silence than this is none of a controller that works. */
const TIMEOUT_MS = 30_000;

export class Inspector {
  readonly #socket: string;
  readonly #secret: string;
  readonly #signal: AbortSignal;

  constructor(socket: string, secret: string, signal: AbortSignal) {
    this.#socket = socket;
    this.#secret = secret;
    this.#signal = signal;
  }

  /** A line of the answer after the other; rejects with CommandError. `R` is what views.ts says of the path. */
  async *rows<R>(path: string, query: Readonly<Record<string, string | null>> = {}): AsyncGenerator<R> {
    const response = await this.#get(path, query);
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
        yield JSON.parse(line) as R;
      }
    } finally {
      response.destroy();
    }
    if (!response.complete)
      throw new CommandError(EXIT.unavailable, `${this.#socket}: the controller ended in the middle of its answer`);
  }

  /** The whole answer as text; rejects with CommandError. */
  async text(path: string, query: Readonly<Record<string, string | null>> = {}): Promise<string> {
    return bodyOf(await this.#get(path, query));
  }

  async #get(path: string, query: Readonly<Record<string, string | null>>): Promise<IncomingMessage> {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null);
    const search = new URLSearchParams(given).toString();
    const response = await this.#send(search === '' ? path : `${path}?${search}`);
    if (response.statusCode === 200) return response;
    const { error } = JSON.parse(await bodyOf(response)) as { error: string };
    const status = response.statusCode === 404 ? EXIT.noInput : EXIT.unavailable;
    throw new CommandError(status, error);
  }

  #send(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          socketPath: this.#socket,
          path,
          headers: { [SECRET_HEADER]: this.#secret },
          agent: false,
          signal: this.#signal,
          timeout: TIMEOUT_MS,
        },
        resolve,
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
      outgoing.on('error', (cause: NodeJS.ErrnoException) => {
        if (this.#signal.aborted) reject(cause);
        else reject(new CommandError(EXIT.unavailable, this.#explained(cause), { cause }));
      });
      outgoing.end();
    });
  }

  #explained({ code, message }: NodeJS.ErrnoException): string {
    const isNobody = code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR';
    if (isNobody) return `no controller answers at ${this.#socket}; --conf-dir or --run-dir names another`;
    if (code === 'EACCES') return `${this.#socket} belongs to another user: ask as the one that the controller runs as`;
    return `asking the controller at ${this.#socket} failed: ${message}`;
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

/** Rejects with CommandError where several controllers run. */
export async function inspectorOf(flags: FlagValues, signal: AbortSignal): Promise<Inspector> {
  const { confDir } = await findFolders(flags);
  // Without it nobody answers, and the error says so.
  const secret = await readFile(join(confDir, CONFIG_FILES.secret), 'utf8').catch(() => '');
  return new Inspector(join(confDir, CONFIG_FILES.inspection), secret.trim(), signal);
}
