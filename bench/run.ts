// npm run bench -- NAME [--json] [--pictures]: runs one benchmark; without a name it lists them.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import admission from './admission.ts';
import balancers from './balancers.ts';
import churn from './churn.ts';
import dashboard from './dashboard.ts';
import dataplane from './dataplane.ts';
import dataplanePolicies from './dataplane-policies.ts';
import metrics from './metrics.ts';
import propagation from './propagation.ts';
import reload from './reload.ts';
import rules from './rules.ts';
import scale from './scale.ts';
import status from './status.ts';
import { type Benchmark, type Figure, rounded } from './support/benchmark.ts';
import { tableOf } from './support/table.ts';

const BENCHMARKS: readonly Benchmark[] = [
  dataplane,
  dataplanePolicies,
  rules,
  reload,
  propagation,
  scale,
  churn,
  status,
  admission,
  balancers,
  metrics,
  dashboard,
];
const OPTIONS = ['--json', '--pictures'];
const ROOT = resolve(import.meta.dirname, '..');
const USAGE = 64; // sysexits(3): EX_USAGE

function list(): string {
  const width = Math.max(...BENCHMARKS.map(({ name }) => name.length));
  const lines = BENCHMARKS.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  return ['usage: npm run bench -- NAME [--json] [--pictures]', '', ...lines].join('\n');
}

/** Rejects when it fails, is interrupted, or takes too long. */
async function run({ run: measure, name, maxSeconds }: Benchmark): Promise<readonly Figure[]> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interrupted.abort(new Error(`${name} was interrupted by ${signal}`)));
  }
  const patience = AbortSignal.timeout(maxSeconds * 1000);
  const started = performance.now();
  const say = (line: string): void => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stderr.write(`${seconds.padStart(6)} s  ${line}\n`);
  };
  const signal = AbortSignal.any([interrupted.signal, patience]);
  try {
    return await measure({ signal, say });
  } catch (error) {
    interrupted.signal.throwIfAborted();
    if (patience.aborted) throw new Error(`${name} took more than ${maxSeconds} s`, { cause: error });
    throw error;
  }
}

/** Draws the pictures of the documentation anew. */
async function draw({ name, pictures }: Benchmark, figures: readonly Figure[]): Promise<void> {
  if (pictures === undefined) throw new Error(`${name} has no pictures`);
  for (const [file, svg] of pictures(figures)) {
    await mkdir(dirname(resolve(ROOT, file)), { recursive: true });
    await writeFile(resolve(ROOT, file), svg);
  }
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...others] = args.filter((arg) => !OPTIONS.includes(arg));
  if (name === undefined) {
    console.log(list());
    return 0;
  }
  const benchmark = BENCHMARKS.find((candidate) => candidate.name === name);
  if (benchmark === undefined || others.length > 0) {
    const wrong = benchmark === undefined ? name : others[0];
    console.error(`bench: there is no ${JSON.stringify(wrong)}\n${list()}`);
    return USAGE;
  }
  const figures = await run(benchmark);
  console.log(tableOf(figures));
  if (args.includes('--json')) {
    const values = Object.fromEntries(figures.map((figure) => [figure.name, rounded(figure)]));
    console.log(JSON.stringify({ bench: name, figures: values }));
  }
  if (args.includes('--pictures')) await draw(benchmark, figures);
  return 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error('bench failed:', error);
  return 1;
});
