// How much a large cluster costs: time until ready and memory, from an API server double.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startApiServer } from '../test/support/kube/server.ts';
import { configMap } from '../test/support/objects.ts';
import { startSluice } from '../test/support/sluice.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { atMost, note } from './support/figures.ts';
import { fleetIngress, fleetService } from './support/fleet.ts';
import { pinToWorkers } from './support/pinned.ts';
import { privateMegabytes, residentMegabytes } from './support/proc.ts';

const INGRESSES = 10_000;
const PATHS = ['/', '/api', '/static'];
const REPLICAS = 3;

async function run({ signal, say }: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const server = await startApiServer();
  started.defer(() => server.stop());
  say(`filling the API server double with ${INGRESSES} Ingresses and as many Services`);
  for (let index = 0; index < INGRESSES; index += 1) {
    server.fill([fleetIngress(index, PATHS), ...fleetService(index, addressesOf(index), 9)]);
  }
  server.put(configMap('controller', { 'disable-access-log': 'true', 'keep-alive-requests': '1000000' }));

  say('starting Sluice');
  const from = performance.now();
  const sluice = await startSluice({
    kubeconfig: server.kubeconfig(),
    flags: ['--configmap=default/controller', '--kube-api-qps=1000', '--kube-api-burst=1000'],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  const readySeconds = (performance.now() - from) / 1000;
  const readyMegabytes = await residentMegabytes(sluice.process.pid ?? 0);

  say(`ready after ${readySeconds.toFixed(1)} s; asking every worker for every host`);
  const { workers } = await sluice.control.status(signal);
  const pids = workers.map(({ pid }) => pid);
  const pinned = await pinToWorkers(sluice.http, pids, signal);
  started.defer(() => {
    for (const connection of pinned.values()) connection.close();
  });
  for (const connection of pinned.values()) {
    // Nobody listens behind them: 502 says that the router and the balancer have decoded the host.
    for (let index = 0; index < INGRESSES; index += 1) {
      const answer = await connection.ask(`host-${index}.test`, signal);
      if (!answer.startsWith('502')) throw new Error(`host-${index}.test answers ${answer}`);
    }
  }
  const memory = await Promise.all(pids.map(privateMegabytes));
  const config = await stat(join(sluice.runDir, 'nginx.conf'));
  return [
    atMost(20, 'ready_seconds', readySeconds, 1, 'from the start of the program until every worker has everything'),
    atMost(700, 'controller_rss_mb', readyMegabytes, 0, 'resident memory of the controller when ready'),
    atMost(250, 'worker_rss_mb', Math.max(...memory), 0, 'own memory of the larger worker, after it served every host'),
    atMost(100, 'nginx_conf_kb', config.size / 1024, 0, 'size of nginx.conf'),
    note('ingresses', server.count('Ingress'), 0, `Ingresses of ${PATHS.length} paths`),
    note('endpoints', INGRESSES * REPLICAS, 0, `endpoints of ${INGRESSES} Services`),
  ];
}

/** Addresses of this machine that nobody listens on. */
function addressesOf(index: number): string[] {
  return Array.from({ length: REPLICAS }, (_, replica) => `127.${1 + replica}.${index >> 8}.${index & 255}`);
}

const benchmark: Benchmark = {
  name: 'scale',
  about: `${INGRESSES} Ingresses from an API server: time until ready, and memory`,
  maxSeconds: 85,
  run,
};
export default benchmark;
