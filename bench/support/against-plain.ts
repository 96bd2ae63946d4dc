// A comparison of Sluice with a plain nginx of the same binary that does the same by directives, both with one worker, before
// the same backends. CPU time per request is what counts: it depends less on the machine's other work than requests per second
// do.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { CONFIG_FILES } from '../../controller/render/folders.ts';
import { configMap } from '../../test/support/objects.ts';
import { freePorts } from '../../test/support/ports.ts';
import { startSluice } from '../../test/support/sluice.ts';
import { startBackends } from './backend.ts';
import { type Figure, NO_LIMIT, type Surroundings } from './benchmark.ts';
import { plainConfig } from './plain-config.ts';
import { startPlainNginx } from './plain-nginx.ts';
import { cpuSeconds } from './proc.ts';
import { expectSame, onlyChild, onlyWorker } from './same-work.ts';
import { median } from './statistics.ts';
import { wrk } from './wrk.ts';

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 2;
const ROUNDS = 5;
const ROUND_SECONDS = 5;

export interface Comparison {
  readonly host: string;
  readonly path: string;
  /** The path that reaches the backend as /bench-seen, which answers with the headers that it got. */
  readonly seenPath: string;
  /** Names of the backends, each on a port of its own. */
  readonly backends: readonly string[];
  readonly limits: { readonly cpuRatio: number; readonly rpsRatio: number | null };
  /** What Sluice serves; a ConfigMap "controller" is there already. */
  manifests(ports: readonly number[]): readonly object[];
  /** What plain nginx has in its http block beside what Sluice has there, and in its only location. */
  plain(ports: readonly number[]): { readonly http: string; readonly location: string };
  /** Headers of each request, found by asking Sluice once. */
  headers(port: number): Promise<Readonly<Record<string, string>>>;
  /** Headers of answers that need not be the same. */
  readonly ignored: readonly string[];
}

interface Contender {
  readonly port: number;
  readonly worker: number;
}

interface Sample {
  readonly requestsPerSecond: number;
  /** CPU time of the worker for one request, microseconds. */
  readonly microseconds: number;
}

interface Round {
  readonly ours: Sample;
  readonly plain: Sample;
}

interface Contest extends Comparison {
  readonly sent: Readonly<Record<string, string>>;
}

export async function compareWithPlain(
  comparison: Comparison,
  { signal, say }: Surroundings,
): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const binary = (await inspectNginx(process.env)).path;
  const backends = await startBackends(binary, comparison.backends);
  started.defer(() => backends.stop());

  const settings = configMap('controller', { 'worker-processes': '1', 'disable-access-log': 'true' });
  const sluice = await startSluice({
    manifests: { 'bench.json': [settings, ...comparison.manifests(backends.ports)] },
    flags: ['--configmap=default/controller'],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  const [port = 0] = await freePorts(1);
  const config = await readFile(join(sluice.runDir, CONFIG_FILES.config), 'utf8');
  const http = plainConfig(config, port, comparison.plain(backends.ports));
  const reference = await startPlainNginx({ binary, http, port });
  started.defer(() => reference.stop());

  const contest = { ...comparison, sent: await comparison.headers(sluice.http) };
  const ours = { port: sluice.http, worker: await onlyWorker(sluice, signal) };
  const plain = { port, worker: await onlyChild(reference) };
  await expectSame(contest, ours.port, plain.port);
  say(`warming up, ${WARM_UP_SECONDS} s each`);
  for (const contender of [ours, plain]) await measure(contest, contender, WARM_UP_SECONDS, signal);

  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const round = await playRound(contest, i, ours, plain, signal);
    rounds.push(round);
    say(`round ${i + 1} of ${ROUNDS}: ${show('sluice', round.ours)}, ${show('plain nginx', round.plain)}`);
  }
  return figuresOf(rounds, comparison.limits);
}

/** The one that begins changes from round to round, so that a drift of the machine hits both. */
async function playRound(
  contest: Contest,
  index: number,
  ours: Contender,
  plain: Contender,
  signal: AbortSignal,
): Promise<Round> {
  if (index % 2 === 0) {
    const first = await measure(contest, ours, ROUND_SECONDS, signal);
    return { ours: first, plain: await measure(contest, plain, ROUND_SECONDS, signal) };
  }
  const first = await measure(contest, plain, ROUND_SECONDS, signal);
  return { ours: await measure(contest, ours, ROUND_SECONDS, signal), plain: first };
}

async function measure(
  { host, path, sent }: Contest,
  { port, worker }: Contender,
  seconds: number,
  signal: AbortSignal,
): Promise<Sample> {
  const before = await cpuSeconds(worker);
  const url = `http://127.0.0.1:${port}${path}`;
  const load = { url, host, headers: sent, connections: CONNECTIONS, seconds };
  const { requests, requestsPerSecond } = await wrk(load, signal);
  const used = (await cpuSeconds(worker)) - before;
  return { requestsPerSecond, microseconds: (used / requests) * 1e6 };
}

function figuresOf(rounds: readonly Round[], limits: Comparison['limits']): Figure[] {
  const middle = (pick: (round: Round) => number): number => median(rounds.map(pick));
  return [
    {
      name: 'cpu_ratio',
      value: middle(({ ours, plain }) => ours.microseconds / plain.microseconds),
      digits: 3,
      limit: { kind: 'at-most', value: limits.cpuRatio },
      meaning: `CPU per request, Sluice / plain nginx, median of ${rounds.length} rounds`,
    },
    {
      name: 'rps_ratio',
      value: middle(({ ours, plain }) => ours.requestsPerSecond / plain.requestsPerSecond),
      digits: 3,
      limit: limits.rpsRatio === null ? NO_LIMIT : { kind: 'at-least', value: limits.rpsRatio },
      meaning: 'requests per second, Sluice / plain nginx, median of the rounds',
    },
    plainFigure(
      'ours_us',
      middle(({ ours }) => ours.microseconds),
      2,
      'CPU µs of the worker per request, Sluice',
    ),
    plainFigure(
      'plain_us',
      middle(({ plain }) => plain.microseconds),
      2,
      'the same, plain nginx',
    ),
    plainFigure(
      'ours_rps',
      middle(({ ours }) => ours.requestsPerSecond),
      0,
      'requests per second, Sluice',
    ),
    plainFigure(
      'plain_rps',
      middle(({ plain }) => plain.requestsPerSecond),
      0,
      'the same, plain nginx',
    ),
  ];
}

function plainFigure(name: string, value: number, digits: number, meaning: string): Figure {
  return { name, value, digits, limit: NO_LIMIT, meaning };
}

function show(name: string, { microseconds, requestsPerSecond }: Sample): string {
  return `${name} ${microseconds.toFixed(2)} µs, ${requestsPerSecond.toFixed(0)}/s`;
}
