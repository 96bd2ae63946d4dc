// Runs wrk and reads what it prints.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Load {
  readonly url: string;
  readonly host: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

/** Requests that differ: each has a path ("/item-1" and so on) and a value of the cookie of its own. */
export interface Numbered {
  readonly cookie: string;
  /** How many there are, before they begin again. */
  readonly number: number;
}

export interface Outcome {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

const NUMBERED = join(import.meta.dirname, 'numbered.lua');

/** One thread of keepalive connections, each with one request under way. Throws when any request failed. */
export async function wrk(load: Load, signal: AbortSignal, numbered: Numbered | null = null): Promise<Outcome> {
  const script = numbered === null ? [] : [numbered.cookie, String(numbered.number)];
  const stdout = await output(load, script, signal);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(requests > 0 && requestsPerSecond > 0)) throw new Error(`wrk printed no figures:\n${stdout}`);
  return { requests, requestsPerSecond };
}

/** Sends each request once (at most as many more as there are connections); how often each body was the answer. */
export async function countAnswers(
  load: Load,
  { cookie, number }: Numbered,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const stdout = await output(load, [cookie, String(number), 'count'], signal);
  const counts = new Map([...stdout.matchAll(/^answer (.+) (\d+)$/gm)].map(([, body = '', n]) => [body, Number(n)]));
  const answers = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (answers < number) throw new Error(`wrk got ${answers} of ${number} answers within ${load.seconds} s`);
  return counts;
}

/** What wrk prints; `script` are the arguments of numbered.lua, none for plain requests. */
async function output(
  { url, host, headers = {}, connections, seconds }: Load,
  script: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const own = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const from = script.length === 0 ? [] : ['-s', NUMBERED];
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-H', `Host: ${host}`, ...own, ...from, url];
  if (script.length > 0) args.push('--', ...script);
  const { stdout } = await run('wrk', args, { signal }).catch((cause: unknown) => {
    throw new Error(`running wrk on ${url} failed; npm run bench installs it`, { cause });
  });
  const failed = /^\s*(Socket errors|Non-2xx or 3xx responses):.*$/m.exec(stdout);
  if (failed !== null) throw new Error(`wrk on ${url} met errors: ${failed[0].trim()}`);
  return stdout;
}
