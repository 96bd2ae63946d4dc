// How fast an endpoint change of the API server reaches every worker, under load: acknowledgements, and real requests.
import { setTimeout as delay } from 'node:timers/promises';
import { inspectNginx } from '../controller/apply/binary.ts';
import { type ApiServerDouble, startApiServer } from '../test/support/kube/server.ts';
import { startLoad } from '../test/support/load.ts';
import { configMap } from '../test/support/objects.ts';
import { type Sluice, startSluice } from '../test/support/sluice.ts';
import { startBackends } from './support/backend.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { atMost, note } from './support/figures.ts';
import { fleetIngress, fleetService, fleetSlice } from './support/fleet.ts';
import { reloadsOf } from './support/metrics.ts';
import { type PinnedConnection, pinToSluice } from './support/pinned.ts';
import { median, percentile } from './support/statistics.ts';

const SERVICES = 1000;
const WORKERS = 4;
const EVENTS = 200;
const POLL_MS = 1;
/** Each look is a connection to nginx of its own. */
const ACKNOWLEDGE_POLL_MS = 5;
const ADDRESSES = ['127.0.0.1', '127.0.0.2'];

async function run({ signal, say }: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const backends = await startBackends((await inspectNginx(process.env)).path, ['one', 'two'], ADDRESSES);
  started.defer(() => backends.stop());
  const server = await startApiServer();
  started.defer(() => server.stop());
  const [one = 0] = backends.ports;
  for (let index = 0; index < SERVICES; index += 1) {
    server.fill([fleetIngress(index, ['/']), ...fleetService(index, ADDRESSES, one)]);
  }
  server.put(
    configMap('controller', {
      'worker-processes': String(WORKERS),
      'disable-access-log': 'true',
      'keep-alive-requests': '1000000',
    }),
  );
  const sluice = await startSluice({
    kubeconfig: server.kubeconfig(),
    flags: ['--configmap=default/controller'],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  const connections = await pinToSluice(sluice, WORKERS, started, signal);

  const load = startLoad(sluice.http, 'host-999.test', 1);
  started.defer(() => load.stop());
  const [routed, acknowledged]: [number[], number[]] = [[], []];
  for (let event = 0; event < EVENTS; event += 1) {
    const index = event % (SERVICES - 1);
    const from = performance.now();
    moveService(server, index, backends.ports[1] ?? 0);
    const [seen, told] = await Promise.all([
      Promise.all(connections.map((connection) => pollUntil(connection, `host-${index}.test`, '200 two', signal))).then(
        () => performance.now() - from,
      ),
      untilAcknowledged(sluice, index, backends.ports[1] ?? 0, signal).then(() => performance.now() - from),
    ]);
    routed.push(seen);
    acknowledged.push(told);
    if ((event + 1) % 50 === 0) say(`${event + 1} of ${EVENTS} events, median ${median(routed).toFixed(1)} ms`);
  }
  await load.stop();
  return [
    note('p50_ms', median(routed), 1, `from the event until all ${WORKERS} workers route by it, median`),
    atMost(50, 'p99_ms', percentile(routed, 99), 1, 'the same, 99th percentile'),
    note('max_ms', Math.max(...routed), 1, 'the same, slowest'),
    note(
      'acknowledged_p50_ms',
      median(acknowledged),
      1,
      'until every worker has reported it (they do so every 100 ms)',
    ),
    atMost(0, 'reloads', await reloadsOf(sluice, signal), 0, 'reloads of nginx'),
    atMost(0, 'lost_requests', load.lost.length, 0, 'requests of the load that got no 200'),
    note('requests', load.served, 0, 'requests of the load meanwhile'),
    note('services', SERVICES, 0, 'Services, two endpoints each'),
  ];
}

/** All endpoints of a Service move to another port, in one event: the slice keeps its name. */
function moveService(server: ApiServerDouble, index: number, port: number): void {
  server.put(fleetSlice(index, ADDRESSES, port));
}

async function pollUntil(
  connection: PinnedConnection,
  host: string,
  wanted: string,
  signal: AbortSignal,
): Promise<void> {
  // Two in a row: round robin would show an endpoint of the old set sooner or later.
  for (let hits = 0; hits < 2; ) {
    hits = (await connection.ask(host, signal)) === wanted ? hits + 1 : 0;
    if (hits < 2) await delay(POLL_MS, undefined, { signal });
  }
}

async function untilAcknowledged(sluice: Sluice, index: number, port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const text = await sluice.control.get(`/v1/state/backend/default/svc-${index}/80`, signal);
    if (text.includes(`"port":${port}`)) break;
    await delay(ACKNOWLEDGE_POLL_MS, undefined, { signal });
  }
  const { generation } = await sluice.control.status(signal);
  for (;;) {
    const { workers } = await sluice.control.status(signal);
    if (workers.every((worker) => worker.generation >= generation)) return;
    await delay(ACKNOWLEDGE_POLL_MS, undefined, { signal });
  }
}

const benchmark: Benchmark = {
  name: 'propagation',
  about: `time until an endpoint change of the API server reaches all ${WORKERS} workers, among ${SERVICES} Services`,
  maxSeconds: 85,
  run,
};
export default benchmark;
