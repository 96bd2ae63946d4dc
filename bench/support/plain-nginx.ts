// A plain nginx of the same binary, with a configuration of its own in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/support/eventually.ts';
import { childrenOf } from './proc.ts';

export interface PlainNginx {
  workers(): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export interface PlainOptions {
  readonly binary: string;
  /** The `http` block's content. */
  readonly http: string;
  /** A port that it listens on, to know when it is up. */
  readonly port: number;
}

const START_MS = 5000;

/** Starts it with one worker and waits until it accepts. */
export async function startPlainNginx({ binary, http, port }: PlainOptions): Promise<PlainNginx> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const config = join(folder, 'nginx.conf');
  const log = join(folder, 'error.log');
  await writeFile(config, configOf(folder, http));
  const child = spawn(binary, ['-p', `${folder}/`, '-c', config, '-e', log], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await once(child, 'spawn');
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${await readFile(log, 'utf8')}`);
      await reach(port);
    }, START_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return { workers: () => childrenOf(child.pid ?? 0), stop };
}

function configOf(folder: string, http: string): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder};`);
  return `daemon off;
pid ${join(folder, 'nginx.pid')};
worker_processes 1;
pcre_jit on;
events {
  worker_connections 16384;
  multi_accept on;
}
http {
${temp.join('\n')}
${http}
}
`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM'); // a fast shutdown: its workers go with it
  await once(child, 'exit');
}

async function reach(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
