// Runs wrk and reads what it prints.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Load {
  readonly url: string;
  readonly host: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

export interface Outcome {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

/** One thread of keepalive connections, each with one request under way. Throws when any request failed. */
export async function wrk(
  { url, host, headers = {}, connections, seconds }: Load,
  signal: AbortSignal,
): Promise<Outcome> {
  const own = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-H', `Host: ${host}`, ...own, url];
  const { stdout } = await run('wrk', args, { signal }).catch((cause: unknown) => {
    throw new Error(`running wrk on ${url} failed; npm run bench installs it`, { cause });
  });
  const failed = /^\s*(Socket errors|Non-2xx or 3xx responses):.*$/m.exec(stdout);
  if (failed !== null) throw new Error(`wrk on ${url} met errors: ${failed[0].trim()}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(requests > 0 && requestsPerSecond > 0)) throw new Error(`wrk printed no figures:\n${stdout}`);
  return { requests, requestsPerSecond };
}
