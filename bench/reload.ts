// What reloads cost: forced ones, one after the other, under keepalive load; every lost request is counted.
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../controller/apply/process.ts';
import { startPod } from '../test/support/backends.ts';
import { eventually } from '../test/support/eventually.ts';
import { startLoad } from '../test/support/load.ts';
import { configMap, ingress, workload } from '../test/support/objects.ts';
import { type Sluice, startSluice } from '../test/support/sluice.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { atMost, note } from './support/figures.ts';
import { reloadsOf } from './support/metrics.ts';
import { privateMegabytes } from './support/proc.ts';
import { median } from './support/statistics.ts';

const RELOADS = 20;
const HOSTS = 1000;
const CONNECTIONS = 16;
const SAMPLE_MS = 20;

async function run({ signal, say }: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const pod = await startPod('web');
  started.defer(() => pod.stop());
  const hosts = Array.from({ length: HOSTS }, (_, i) => ingress({ name: `host-${i}`, host: `host-${i}.test` }));
  const sluice = await startSluice({
    manifests: {
      'hosts.json': [...hosts, ...workload('web', [pod])],
      'controller.json': [configMap('controller', { 'disable-access-log': 'true' })],
    },
    flags: ['--configmap=default/controller'],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));

  const load = startLoad(sluice.http, 'host-1.test', CONNECTIONS);
  started.defer(() => load.stop());
  const memory = watchMemory(sluice, signal);
  const times: number[] = [];
  for (let i = 0; i < RELOADS; i += 1) {
    signal.throwIfAborted();
    times.push(await reloadOnce(sluice, i, signal));
    if ((i + 1) % 5 === 0) say(`${i + 1} of ${RELOADS} reloads, ${load.served} requests, ${load.lost.length} lost`);
  }
  await load.stop();
  return [
    atMost(0, 'lost_requests', load.lost.length, 0, 'requests that got no answer, or another status than 200'),
    note('peak_workers_rss_mb', await memory.stop(), 0, 'own memory of all workers, old and new, at its peak'),
    note('requests', load.served, 0, `requests on ${CONNECTIONS} keepalive connections meanwhile`),
    note('reloads', times.length, 0, `reloads, ${HOSTS} hosts loaded`),
    note('p50_ms', median(times), 0, 'from the change until nginx serves it, the wait for quiet included, median'),
  ];
}

/** Makes a host need directives that nothing has loaded; milliseconds until the host is served. */
async function reloadOnce(sluice: Sluice, index: number, signal: AbortSignal): Promise<number> {
  const from = performance.now();
  const annotations = { 'proxy-body-size': String(2_000_000 + index) };
  await sluice.write('forced.json', [ingress({ name: 'forced', host: `forced-${index}.test`, annotations })]);
  await eventually(async () => {
    const reloads = await reloadsOf(sluice, signal);
    if (reloads <= index) throw new Error(`${reloads} reloads, not ${index + 1}`);
  }, 30_000);
  return performance.now() - from;
}

/** Adds up the workers' own memory, again and again, and keeps the highest sum. */
function watchMemory(sluice: Sluice, signal: AbortSignal): { stop(): Promise<number> } {
  const over = new AbortController();
  let peak = 0;
  const watching = (async () => {
    while (!over.signal.aborted) {
      const { workers } = await sluice.control.status(signal);
      const sizes = workers.filter(({ pid }) => isAlive(pid)).map(({ pid }) => privateMegabytes(pid).catch(() => 0));
      peak = Math.max(
        peak,
        (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
      );
      await delay(SAMPLE_MS, undefined, { signal });
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await watching;
      return peak;
    },
  };
}

const benchmark: Benchmark = {
  name: 'reload',
  about: `${RELOADS} forced reloads under keepalive load: lost requests and memory`,
  maxSeconds: 85,
  run,
};
export default benchmark;
