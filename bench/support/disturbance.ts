// What runs beside a load, in a process of its own so that whoever sends the load does not do it as well: scrapes one after the
// other, and for comparison a loop.
// As a program: `node disturbance.ts PORT`, ends with SIGTERM and says how many scrapes it made.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';

/** As Prometheus asks. */
const GZIP = { 'Accept-Encoding': 'gzip' };

export interface Scrape {
  readonly seconds: number;
  readonly bytes: number;
}

/** One scrape, read to its end; rejects unless it is answered with 200. */
export function scrape(port: number, signal: AbortSignal): Promise<Scrape> {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/metrics', agent: false, signal, headers: GZIP },
      (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 200) reject(new Error(`a scrape was answered with ${response.statusCode}`));
          else resolve({ seconds: (performance.now() - from) / 1000, bytes });
        });
      },
    );
    request.on('error', reject);
  });
}

/** A process that keeps a CPU busy beside what is measured. */
export interface Disturbance {
  readonly pid: number;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Scrapes until it is stopped, which rejects when no scrape came to its end; `signal` kills it. */
export function startScraper(port: number, signal: AbortSignal): Disturbance {
  const child = spawn(process.execPath, [import.meta.filename, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const said = text(child.stdout);
  const disturbance = disturbanceOf(child);
  return {
    ...disturbance,
    stop: async () => {
      await disturbance.stop();
      if (!(Number(await said) > 0)) throw new Error('no scrape came to its end');
    },
  };
}

/** A loop that does nothing. */
export function startSpinning(signal: AbortSignal): Disturbance {
  return disturbanceOf(
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: ['ignore', 'ignore', 'inherit'], signal }),
  );
}

function disturbanceOf(child: ChildProcess): Disturbance {
  const ended = once(child, 'exit');
  ended.catch(() => undefined); // awaited by stop()
  return {
    pid: child.pid ?? 0,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => {
      child.kill('SIGCONT'); // one that is stopped hears nothing else
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function main(port: number): Promise<void> {
  const over = new AbortController();
  process.once('SIGTERM', () => over.abort());
  let count = 0;
  while (!over.signal.aborted) {
    const made = await scrape(port, over.signal).catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
      return null;
    });
    if (made !== null) count += 1;
  }
  process.stdout.write(`${count}\n`);
}

if (process.argv[1] === import.meta.filename) await main(Number(process.argv[2]));
