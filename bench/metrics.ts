// What it costs to measure: CPU of nginx per request with metrics and without, and what a scrape of 10,000 hosts takes, and
// does to requests meanwhile.
import { availableParallelism } from 'node:os';
import { inspectNginx } from '../controller/apply/binary.ts';
import { eventually } from '../test/support/eventually.ts';
import { configMap, ingress, workload } from '../test/support/objects.ts';
import { type Sluice, startSluice } from '../test/support/sluice.ts';
import { onLoopback, startBackends } from './support/backend.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { allCpus, bindTo } from './support/cpus.ts';
import { type Disturbance, type Scrape, scrape, startScraper, startSpinning } from './support/disturbance.ts';
import { atMost, note } from './support/figures.ts';
import { runPacedLoad } from './support/paced-load.ts';
import { cpuSeconds } from './support/proc.ts';
import { onlyWorker } from './support/same-work.ts';
import { median, percentile } from './support/statistics.ts';
import { wrk } from './support/wrk.ts';

const HOST = 'bench.test';
const CONNECTIONS = 32;
const WARM_UP_SECONDS = 2;
const ROUNDS = 9;
const ROUND_SECONDS = 2;

const HOSTS = 10_000;
const FILL_PER_SECOND = 3000;
/** The first ones are cold. */
const SCRAPES = 5;
const REQUESTS_PER_SECOND = 500;
const SLICES = 10;
const SLICE_SECONDS = 2;
/** The first requests of a slice open its connections, and are compiled by the client: they are not counted. */
const WARM_UP_REQUESTS = 250;

interface Contender {
  readonly sluice: Sluice;
  readonly worker: number;
}

async function run(surroundings: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const backends = await startBackends((await inspectNginx(process.env)).path, ['backend']);
  started.defer(() => backends.stop());
  const [port = 0] = backends.ports;
  const cost = await measureCost(port, surroundings);
  return [...cost, ...(await measureScrapes(port, await backends.workers(), surroundings))];
}

async function start(
  started: AsyncDisposableStack,
  objects: readonly object[],
  metrics: 'on' | 'off',
  signal: AbortSignal,
): Promise<Contender> {
  const settings = configMap('controller', { 'worker-processes': '1', 'disable-access-log': 'true' });
  const sluice = await startSluice({
    manifests: { 'bench.json': [settings, ...objects] },
    flags: ['--configmap=default/controller', `--enable-metrics=${metrics === 'on'}`],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  return { sluice, worker: await onlyWorker(sluice, signal) };
}

/** CPU of the worker for one request, microseconds. */
async function microseconds({ sluice, worker }: Contender, seconds: number, signal: AbortSignal): Promise<number> {
  const before = await cpuSeconds(worker);
  const url = `http://127.0.0.1:${sluice.http}/api/items/1`;
  const { requests } = await wrk({ url, host: HOST, connections: CONNECTIONS, seconds }, signal);
  return (((await cpuSeconds(worker)) - before) / requests) * 1e6;
}

async function measureCost(port: number, { signal, say }: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const objects = [ingress({ name: 'bench', host: HOST }), ...workload('web', onLoopback([port]))];
  const on = await start(started, objects, 'on', signal);
  const off = await start(started, objects, 'off', signal);
  for (const contender of [on, off]) await microseconds(contender, WARM_UP_SECONDS, signal);
  const samples: { on: number; off: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // The one that begins changes from round to round, so that a drift of the machine hits both.
    const first = await microseconds(round % 2 === 0 ? on : off, ROUND_SECONDS, signal);
    const second = await microseconds(round % 2 === 0 ? off : on, ROUND_SECONDS, signal);
    const sample = round % 2 === 0 ? { on: first, off: second } : { on: second, off: first };
    samples.push(sample);
    say(`round ${round + 1} of ${ROUNDS}: ${sample.on.toFixed(2)} µs with metrics, ${sample.off.toFixed(2)} without`);
  }
  return [
    atMost(1.08, 'cpu_ratio', median(samples.map((of) => of.on / of.off)), 3, 'CPU per request, metrics on / off'),
    note('on_us', median(samples.map((of) => of.on)), 2, 'CPU µs of the worker per request, metrics on'),
    note('off_us', median(samples.map((of) => of.off)), 2, 'the same, metrics off'),
  ];
}

async function measureScrapes(
  port: number,
  dataPlane: readonly number[],
  { signal, say }: Surroundings,
): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const hosts = Array.from({ length: HOSTS }, (_, index) => `host-${index}.test`);
  const sites = hosts.map((host, index) => ingress({ name: `ing-${index}`, host }));
  const { sluice, worker } = await start(started, [...sites, ...workload('web', onLoopback([port]))], 'on', signal);
  const load = { port: sluice.http, hosts, paths: 'root' as const, perSecond: FILL_PER_SECOND };
  say(`a request to each of ${HOSTS} hosts`);
  await runPacedLoad({ ...load, seconds: (HOSTS / FILL_PER_SECOND) * 1.1 });
  await eventually(async () => {
    const text = await (await fetch(`http://127.0.0.1:${sluice.health}/metrics`, { signal })).text();
    const series = Number(/^sluice_request_series (\d+)$/m.exec(text)?.[1]);
    if (!(series >= HOSTS)) throw new Error(`${series} series of ${HOSTS} hosts`);
  });
  const scrapes: Scrape[] = [];
  for (let i = 0; i < SCRAPES; i += 1) scrapes.push(await scrape(sluice.health, signal));
  say(`scrapes: ${scrapes.map(({ seconds }) => `${seconds.toFixed(2)} s`).join(', ')}`);

  const steady = { ...load, perSecond: REQUESTS_PER_SECOND, seconds: SLICE_SECONDS };
  /** p99 with a disturbance over p99 without, from short slices in turn: what else this machine does hits both. */
  const compare = async (what: string, disturbance: Disturbance): Promise<number> => {
    const [quiet, busy]: [number[], number[]] = [[], []];
    try {
      for (let slice = 0; slice < SLICES; slice += 1) {
        disturbance.pause();
        quiet.push(...(await runPacedLoad(steady)).times.slice(WARM_UP_REQUESTS));
        disturbance.resume();
        busy.push(...(await runPacedLoad(steady)).times.slice(WARM_UP_REQUESTS));
      }
    } finally {
      await disturbance.stop();
    }
    const [without, during] = [percentile(quiet, 99), percentile(busy, 99)];
    say(`p99 ${without.toFixed(1)} ms without, ${during.toFixed(1)} ms with ${what}`);
    return during / without;
  };
  const shared = await compare('scrapes, all on the same CPUs', startScraper(sluice.health, signal));
  const spinning = await compare('a program that only spins, on the same CPUs', startSpinning(signal));
  if (availableParallelism() < 2) throw new Error('this benchmark needs 2 CPUs');
  const scraper = startScraper(sluice.health, signal);
  await bindTo('0', [sluice.process.pid ?? 0, scraper.pid]);
  await bindTo('1', [process.pid, worker, ...dataPlane]);
  started.defer(() => bindTo(allCpus(), [process.pid]));
  const apart = await compare('scrapes, the controller on a CPU of its own', scraper);
  const last = scrapes.at(-1);
  return [
    atMost(1, 'scrape_seconds', median(scrapes.map(({ seconds }) => seconds)), 2, `a scrape with ${HOSTS} hosts`),
    atMost(1.2, 'scrape_p99_ratio', apart, 2, 'p99 during scrapes / without, the controller on a CPU of its own'),
    note('scrape_shared_p99_ratio', shared, 2, 'the same where all share the CPUs of this machine'),
    note('spinning_shared_p99_ratio', spinning, 2, 'the same with a program that only spins, in place of scrapes'),
    note('scrape_megabytes', (last?.bytes ?? 0) / 1e6, 1, 'megabytes of a scrape, compressed as Prometheus asks'),
  ];
}

const benchmark: Benchmark = {
  name: 'metrics',
  about: 'CPU per request with metrics against without, and scrapes of 10,000 hosts (three minutes)',
  maxSeconds: 300,
  run,
};
export default benchmark;
