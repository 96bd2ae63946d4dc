// How fast a rule is live: among thousands of hosts, from the write of a manifest until every nginx worker serves it, as
// seen by requests on one connection to each worker.
import { setTimeout as delay } from 'node:timers/promises';
import { inspectNginx } from '../controller/apply/binary.ts';
import { configMap, ingress, workload } from '../test/support/objects.ts';
import { type Sluice, startSluice } from '../test/support/sluice.ts';
import { startBackends } from './support/backend.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { note } from './support/figures.ts';
import { reloadsOf } from './support/metrics.ts';
import { type PinnedConnection, pinToSluice } from './support/pinned.ts';
import { privateMegabytes, residentMegabytes } from './support/proc.ts';
import { median, percentile } from './support/statistics.ts';

const FILES = 50;
const HOSTS_PER_FILE = 100;
const HOSTS = FILES * HOSTS_PER_FILE;
const WORKERS = 2;
const OPERATIONS = 200;
const MAX_P99_MS = 100;
/** A poll waits this long after an answer that is still the old one. */
const POLL_MS = 1;

const KINDS = ['add', 'change', 'remove'] as const;
type Kind = (typeof KINDS)[number];

/** The answers before and after each kind of operation. A host that nobody defines is the catch-all's 404. */
const ANSWERS: Readonly<Record<Kind, { readonly before: string; readonly after: string }>> = {
  add: { before: '404', after: '200 one' },
  change: { before: '200 one', after: '200 two' },
  remove: { before: '200 two', after: '404' },
};

interface Sample {
  readonly kind: Kind;
  readonly milliseconds: number;
  /** Answers that were neither the old nor the new one. */
  readonly wrong: number;
}

async function run({ signal, say }: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const binary = (await inspectNginx(process.env)).path;
  const backends = await startBackends(binary, ['one', 'two']);
  started.defer(() => backends.stop());

  say(`loading ${HOSTS} hosts from ${FILES} files`);
  const loading = performance.now();
  const sluice = await startSluice({
    manifests: manifests(backends.ports),
    flags: ['--configmap=default/controller'],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  const readyMs = performance.now() - loading;

  const connections = await pinToSluice(sluice, WORKERS, started, signal);
  say(`ready; asking every worker for every host`);
  await Promise.all(connections.map((connection) => askForAll(connection, signal)));

  const samples: Sample[] = [];
  for (let i = 0; i < OPERATIONS; i += 1) {
    samples.push(await operate(sluice, connections, i, signal));
    if ((i + 1) % 50 === 0) {
      const p50 = median(samples.map(({ milliseconds }) => milliseconds));
      say(`${i + 1} of ${OPERATIONS} operations, median ${p50.toFixed(1)} ms`);
    }
  }

  const { workers } = await sluice.control.status(signal);
  const memory = await Promise.all(workers.map(({ pid }) => privateMegabytes(pid)));
  return [
    ...timesOf(samples),
    {
      name: 'reloads',
      value: await reloadsOf(sluice, signal),
      digits: 0,
      limit: { kind: 'at-most', value: 0 },
      meaning: 'reloads of nginx since its start, from /metrics',
    },
    {
      name: 'wrong_answers',
      value: samples.reduce((sum, { wrong }) => sum + wrong, 0),
      digits: 0,
      limit: { kind: 'at-most', value: 0 },
      meaning: 'answers during an operation that were neither the old nor the new one',
    },
    note('operations', samples.length, 0, 'hosts added, changed and removed in turn, each in a file of its own'),
    note('hosts', HOSTS, 0, `hosts beside them, in ${FILES} files`),
    note('ready_ms', readyMs, 0, 'from the start of the program until every worker has all hosts'),
    note('controller_mb', await residentMegabytes(sluice.process.pid ?? 0), 0, 'resident memory of the controller'),
    note('worker_mb', Math.max(...memory), 0, 'own memory of the larger nginx worker, after it served every host'),
  ];
}

function timesOf(samples: readonly Sample[]): Figure[] {
  const all = samples.map(({ milliseconds }) => milliseconds);
  const of = (kind: Kind): number[] => samples.filter((sample) => sample.kind === kind).map((it) => it.milliseconds);
  return [
    note('p50_ms', median(all), 1, `from the write of the file until all ${WORKERS} workers serve it, median`),
    {
      name: 'p99_ms',
      value: percentile(all, 99),
      digits: 1,
      limit: { kind: 'at-most', value: MAX_P99_MS },
      meaning: 'the same, 99th percentile',
    },
    note('max_ms', Math.max(...all), 1, 'the same, slowest'),
    ...KINDS.map((kind) => note(`${kind}_p50_ms`, median(of(kind)), 1, `median of the operations that ${kind} a host`)),
  ];
}

async function askForAll(connection: PinnedConnection, signal: AbortSignal): Promise<void> {
  for (let i = 0; i < HOSTS; i += 1) {
    const answer = await connection.ask(hostName(i), signal);
    if (answer !== '200 one') throw new Error(`${hostName(i)} answers ${answer}`);
  }
}

async function operate(
  sluice: Sluice,
  connections: readonly PinnedConnection[],
  index: number,
  signal: AbortSignal,
): Promise<Sample> {
  const kind = KINDS[index % KINDS.length] ?? 'add';
  const name = `late-${Math.floor(index / KINDS.length)}`;
  const host = `${name}.test`;
  const { before } = ANSWERS[kind];
  for (const connection of connections) {
    const answer = await connection.ask(host, signal);
    if (answer !== before) throw new Error(`${host} answers ${answer} and not ${before} before it is to ${kind}`);
  }

  const started = performance.now();
  await act(sluice, kind, name, host);
  const seen = await Promise.all(connections.map((connection) => poll(connection, host, ANSWERS[kind], signal)));
  const wrong = seen.reduce((sum, count) => sum + count, 0);
  return { kind, milliseconds: performance.now() - started, wrong };
}

async function act(sluice: Sluice, kind: Kind, name: string, host: string): Promise<void> {
  const file = `${name}.json`;
  switch (kind) {
    case 'add':
      return sluice.write(file, [ingress({ name, host, paths: [{ path: '/', service: 'one' }] })]);
    case 'change':
      return sluice.write(file, [ingress({ name, host, paths: [{ path: '/', service: 'two' }] })]);
    case 'remove':
      return sluice.remove(file);
  }
}

/** Asks until the new answer comes; how many answers were neither the old nor the new one. */
async function poll(
  connection: PinnedConnection,
  host: string,
  { before, after }: { readonly before: string; readonly after: string },
  signal: AbortSignal,
): Promise<number> {
  let wrong = 0;
  for (;;) {
    const answer = await connection.ask(host, signal);
    if (answer === after) return wrong;
    if (answer !== before) wrong += 1;
    await delay(POLL_MS, undefined, { signal });
  }
}

function hostName(index: number): string {
  return `host-${index}.test`;
}

function manifests([one = 0, two = 0]: readonly number[]): Record<string, object[]> {
  const hosts = Array.from({ length: HOSTS }, (_, index) =>
    ingress({
      name: `host-${index}`,
      host: hostName(index),
      paths: [
        { path: '/', service: 'one' },
        { path: '/api', service: 'two' },
      ],
    }),
  );
  const files = Array.from({ length: FILES }, (_, file) => [
    `hosts-${String(file).padStart(2, '0')}.json`,
    hosts.slice(file * HOSTS_PER_FILE, (file + 1) * HOSTS_PER_FILE),
  ]);
  return {
    ...Object.fromEntries(files),
    'controller.json': [
      configMap('controller', {
        'worker-processes': String(WORKERS),
        'disable-access-log': 'true',
        'keep-alive-requests': '1000000', // a pinned connection lasts to the end
      }),
    ],
    'services.json': [
      ...workload('one', [{ address: '127.0.0.1', port: one }]),
      ...workload('two', [{ address: '127.0.0.1', port: two }]),
    ],
  };
}

const benchmark: Benchmark = {
  name: 'rules',
  about: `time until a new, changed or removed host is served by every worker, among ${HOSTS} hosts`,
  maxSeconds: 85,
  run,
};
export default benchmark;
