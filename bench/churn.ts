// Endpoints that change all the time, under steady traffic: nobody may notice, and the controller must not be busy.
import { setTimeout as delay } from 'node:timers/promises';
import { inspectNginx } from '../controller/apply/binary.ts';
import { type ApiServerDouble, startApiServer } from '../test/support/kube/server.ts';
import { configMap } from '../test/support/objects.ts';
import { startSluice } from '../test/support/sluice.ts';
import { startBackends } from './support/backend.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { atMost, note } from './support/figures.ts';
import { fleetIngress, fleetService, fleetSlice } from './support/fleet.ts';
import { runPacedLoad } from './support/paced-load.ts';
import { cpuSeconds } from './support/proc.ts';

const SERVICES = 1000;
const EVENTS_PER_SECOND = 500;
const REQUESTS_PER_SECOND = 2000;
const QUIET_SECONDS = 10;
const CHURN_SECONDS = 30;
const TICK_MS = 10;
/** All of them answer, so that whichever endpoints a Service has at a moment, a request succeeds. */
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];

async function run({ signal, say }: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const backends = await startBackends((await inspectNginx(process.env)).path, ['one'], ADDRESSES);
  started.defer(() => backends.stop());
  const [port = 0] = backends.ports;
  const server = await startApiServer();
  started.defer(() => server.stop());
  for (let index = 0; index < SERVICES; index += 1) {
    server.fill([fleetIngress(index, ['/']), ...fleetService(index, ADDRESSES, port)]);
  }
  server.put(configMap('controller', { 'disable-access-log': 'true' }));
  const sluice = await startSluice({
    kubeconfig: server.kubeconfig(),
    flags: ['--configmap=default/controller'],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));

  const hosts = Array.from({ length: SERVICES }, (_, index) => `host-${index}.test`);
  const load = { port: sluice.http, hosts, paths: 'root' as const, perSecond: REQUESTS_PER_SECOND };
  say(`${QUIET_SECONDS} s of ${REQUESTS_PER_SECOND} requests a second, without changes`);
  const quiet = await runPacedLoad({ ...load, seconds: QUIET_SECONDS });
  say(`${CHURN_SECONDS} s of the same, with ${EVENTS_PER_SECOND} endpoint events a second`);
  const over = new AbortController();
  const pid = sluice.process.pid ?? 0;
  const [cpuBefore, from] = [await cpuSeconds(pid), performance.now()];
  const churning = churn(server, port, AbortSignal.any([signal, over.signal]));
  const busy = await runPacedLoad({ ...load, seconds: CHURN_SECONDS });
  const cpu = ((await cpuSeconds(pid)) - cpuBefore) / ((performance.now() - from) / 1000);
  over.abort();
  const events = await churning;
  return [
    atMost(0, 'non_2xx', quiet.failed + busy.failed, 0, 'requests that got another answer than 2xx, or none'),
    atMost(0.6, 'controller_cpu', cpu, 2, 'cores that the controller used during the changes'),
    note('p99_ms', busy.p99, 1, 'of requests during the changes'),
    note('p99_ratio', busy.p99 / quiet.p99, 2, 'the same, against that of the load without changes'),
    note('p50_ms', busy.p50, 1, 'of requests during the changes, median'),
    note('requests', quiet.requests + busy.requests, 0, 'requests in all'),
    note('events', events, 0, `endpoint events, over ${SERVICES} Services`),
  ];
}

/** Changes slices at a steady rate until the signal; how many changes there were. */
async function churn(server: ApiServerDouble, port: number, signal: AbortSignal): Promise<number> {
  const from = performance.now();
  let events = 0;
  while (!signal.aborted) {
    const wanted = ((performance.now() - from) / 1000) * EVENTS_PER_SECOND;
    for (; events < wanted; events += 1) {
      // One endpoint leaves, another comes: each round of all Services leaves out another one.
      const leaving = Math.floor(events / SERVICES) % ADDRESSES.length;
      const addresses = ADDRESSES.filter((_, index) => index !== leaving);
      server.put(fleetSlice((events * 7) % SERVICES, addresses, port));
    }
    await delay(TICK_MS);
  }
  return events;
}

const benchmark: Benchmark = {
  name: 'churn',
  about: `${EVENTS_PER_SECOND} endpoint events a second under ${REQUESTS_PER_SECOND} requests a second`,
  maxSeconds: 85,
  run,
};
export default benchmark;
