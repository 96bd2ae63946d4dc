// A comparison of Sluice with a plain nginx of the same binary that does the same by directives, both with one worker, before
// the same backends. CPU time per request is what counts: it depends less on the machine's other work than requests per second
// do.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { CONFIG_FILES } from '../../controller/render/folders.ts';
import { ask } from '../../test/support/client.ts';
import { configMap } from '../../test/support/objects.ts';
import { freePorts } from '../../test/support/ports.ts';
import { type Sluice, startSluice } from '../../test/support/sluice.ts';
import { startBackends } from './backend.ts';
import { type Figure, NO_LIMIT, type Surroundings } from './benchmark.ts';
import { type PlainNginx, startPlainNginx } from './plain-nginx.ts';
import { cpuSeconds } from './proc.ts';
import { median } from './statistics.ts';
import { wrk } from './wrk.ts';

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 2;
const ROUNDS = 5;
const ROUND_SECONDS = 5;

/** Items of Sluice's http block that a plain nginx does not have: Lua and what names its variables, and what it has its own of. */
const NOT_PLAIN = /^\s*(upstream|server|log_format|map \$no_log) |^\s*\w*_temp_path |\blua_|_by_lua/;

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
  await expectSame(contest, ours, plain);
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

/**
 * The `http` block of a plain nginx: what Sluice's own configuration says at http level (headers, maps, timeouts, logs),
 * without Lua, and what its Lua does for this route as directives.
 */
function plainConfig(sluice: string, port: number, own: { readonly http: string; readonly location: string }): string {
  const items = httpItems(sluice).filter((item) => !NOT_PLAIN.test(item));
  if (!items.some((item) => item.includes('proxy_set_header'))) throw new Error('nginx.conf of Sluice has no headers');
  // Maps and headers read them; for plain nginx they stay empty.
  const variables = [...new Set(sluice.match(/^ *set \$\w+ "";$/gm) ?? [])];
  return `${items.join('\n')}
${own.http}
  server {
    listen ${port} default_server reuseport backlog=511;
    server_name _;
    location = //variables {
${variables.join('\n')}
    }
${own.location}
  }`;
}

/** What every location of plain nginx does, as a route of Sluice without annotations. */
export const PLAIN_PROXY = `      client_max_body_size 1m;
      proxy_connect_timeout 5s;
      proxy_send_timeout 60s;
      proxy_read_timeout 60s;
      proxy_pass http://backend;`;

/** An upstream as Sluice keeps its connections. */
export function plainUpstream(name: string, ports: readonly number[], method = ''): string {
  return `  upstream ${name} {
${method}
${ports.map((port) => `    server 127.0.0.1:${port};`).join('\n')}
    keepalive 320;
    keepalive_timeout 60s;
    keepalive_requests 10000;
    keepalive_time 1h;
  }`;
}

/** The directives and blocks right below `http`; templates indent by two blanks. */
function httpItems(config: string): string[] {
  const body = config.slice(config.indexOf('\nhttp {') + '\nhttp {\n'.length);
  const items: string[] = [];
  for (const line of body.split('\n')) {
    if (line.trim() === '' || line.trim().startsWith('#') || line === '}') continue;
    if (/^ {2}[^\s}]/.test(line)) items.push(line);
    else items.push(`${items.pop() ?? ''}\n${line}`);
  }
  return items;
}

async function onlyWorker(sluice: Sluice, signal: AbortSignal): Promise<number> {
  const { workers } = await sluice.control.status(signal);
  const [worker, ...others] = workers;
  if (worker === undefined || others.length > 0)
    throw new Error(`Sluice runs ${workers.length} nginx workers, not one`);
  return worker.pid;
}

async function onlyChild(nginx: PlainNginx): Promise<number> {
  const workers = await nginx.workers();
  const [worker, ...others] = workers;
  if (worker === undefined || others.length > 0) throw new Error(`plain nginx runs ${workers.length} workers, not one`);
  return worker;
}

/** Both must do the same work: the backend and the client see the same headers. */
async function expectSame(contest: Contest, ours: Contender, plain: Contender): Promise<void> {
  const [a, b] = await Promise.all([seen(contest, ours), seen(contest, plain)]);
  if (a !== b) throw new Error(`Sluice and plain nginx do not do the same:\n${a}\n${b}`);
}

async function seen({ host, seenPath, sent, ignored }: Contest, { port }: Contender): Promise<string> {
  const { status, headers, body } = await ask({ port, host, path: seenPath, headers: sent });
  if (!body.startsWith('host: ')) throw new Error(`${seenPath} does not show what the backend got: ${body}`);
  // Sluice shows no Server (HDR-09), plain nginx must.
  const answer = Object.entries(headers).filter(([name]) => !['date', 'server', ...ignored].includes(name));
  const request = body.replace(/x_request_id: [0-9a-f]{32}/, 'x_request_id: ID').replaceAll(String(port), 'PORT');
  return JSON.stringify({ status, answer: Object.fromEntries(answer.sort()), request });
}
