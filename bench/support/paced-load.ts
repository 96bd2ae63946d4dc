// Requests at a steady rate from a thread of its own, so that whoever measures does not slow what is measured.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { percentile } from './statistics.ts';

export interface PacedLoadOptions {
  readonly port: number;
  /** Hosts that are asked in turn. */
  readonly hosts: readonly string[];
  /** "root" asks for "/" only; "own" for a path of its own in each request ("/item-1"). */
  readonly paths: 'root' | 'own';
  readonly perSecond: number;
  readonly seconds: number;
}

export interface PacedLoadResult {
  readonly requests: number;
  /** Answers that were not 2xx, and errors of connections. */
  readonly failed: number;
  /** How long each request took, milliseconds; and what a half, 95 and 99 of a hundred took at most. */
  readonly times: readonly number[];
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Runs the load to its end. */
export async function runPacedLoad(options: PacedLoadOptions): Promise<PacedLoadResult> {
  const worker = new Worker(import.meta.filename, { workerData: options });
  const [result] = (await once(worker, 'message')) as [PacedLoadResult];
  return result;
}

const TICK_MS = 5;
const CONNECTIONS = 32;

async function load({ port, hosts, paths, perSecond, seconds }: PacedLoadOptions): Promise<PacedLoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const times: number[] = [];
  let [sent, failed, open] = [0, 0, 0];
  const from = performance.now();
  const one = (): void => {
    const begun = performance.now();
    open += 1;
    const done = (isGood: boolean): void => {
      open -= 1;
      if (isGood) times.push(performance.now() - begun);
      else failed += 1;
    };
    const host = hosts[sent % hosts.length] ?? '';
    const path = paths === 'root' ? '/' : `/item-${sent}`;
    sent += 1;
    const outgoing = request({ host: '127.0.0.1', port, path, agent, headers: { Host: host } }, (response) => {
      response.resume();
      response.on('end', () => done(Math.trunc((response.statusCode ?? 0) / 100) === 2));
    });
    outgoing.on('error', () => done(false));
    outgoing.end();
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = Math.min(performance.now() - from, seconds * 1000);
      while (sent < (elapsed / 1000) * perSecond) one();
      if (elapsed < seconds * 1000 || open > 0) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  agent.destroy();
  return {
    requests: sent,
    failed,
    times,
    p50: percentile(times, 50),
    p95: percentile(times, 95),
    p99: percentile(times, 99),
  };
}

if (!isMainThread) parentPort?.postMessage(await load(workerData as PacedLoadOptions));
