// How long the status of many Ingresses takes to follow a new address of the publish Service, and how many requests a second
// that is at the API server. Each status is a request of its own, as the API has no way to write several: with a burst of 40,
// 1,000 take (1,000 - 40) / qps seconds at the least.
import { setTimeout as delay } from 'node:timers/promises';
import { valueAt } from '../test/support/kube/raw.ts';
import { type ApiServerDouble, startApiServer } from '../test/support/kube/server.ts';
import { ingress, service } from '../test/support/objects.ts';
import { deployment, NAMESPACE, pod } from '../test/support/replicas.ts';
import { startSluice } from '../test/support/sluice.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { atMost, note } from './support/figures.ts';

const INGRESSES = 1000;
const [DEFAULT_QPS, RAISED_QPS, BURST] = [20, 100, 40];
const POLL_MS = 20;
const [BEFORE, AFTER] = ['192.0.2.1', '192.0.2.2'];

interface Measured {
  readonly seconds: number;
  /** Of every kind, in the second with the most. */
  readonly peak: number;
  /** By how many requests any stretch of time was above burst and rate. */
  readonly excess: number;
  /** Writes of a status for each Ingress. */
  readonly writes: number;
}

async function measure(qps: number, { signal, say }: Surroundings): Promise<Measured> {
  await using started = new AsyncDisposableStack();
  const server = await startApiServer();
  started.defer(() => server.stop());
  server.fill([...deployment(1), pod('one'), service('web'), publishService(BEFORE)]);
  for (let index = 0; index < INGRESSES; index += 1) {
    const object = ingress({ name: `web-${index}`, host: `host-${index}.test` });
    server.put({ ...object, status: { loadBalancer: { ingress: [{ ip: BEFORE }] } } });
  }
  const sluice = await startSluice({
    kubeconfig: server.kubeconfig(),
    environment: { POD_NAME: 'one', POD_NAMESPACE: NAMESPACE },
    flags: [
      `--publish-service=${NAMESPACE}/edge`,
      `--kube-api-qps=${qps}`,
      `--kube-api-burst=${BURST}`,
      '--disable-sync-events',
      '--update-status-on-shutdown=false',
    ],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  while (server.requests({ resource: 'services', verb: 'get' }).length === 0)
    await delay(POLL_MS, undefined, { signal });
  await delay((BURST / qps) * 1000 + 500, undefined, { signal }); // the burst is whole again
  say(`--kube-api-qps=${qps}: the address changes`);

  const from = performance.now();
  server.put(publishService(AFTER));
  while (!isEverywhere(server)) await delay(POLL_MS, undefined, { signal });
  const seconds = (performance.now() - from) / 1000;
  const times = server
    .requests()
    .filter(({ at }) => at >= from)
    .map(({ at }) => at);
  const writes = server.requests({ resource: 'ingresses/status' }).length / INGRESSES;
  say(`${INGRESSES} written in ${seconds.toFixed(1)} s`);
  return { seconds, peak: mostWithin(times, 1000), excess: excessOf(times, qps), writes };
}

function publishService(ip: string): object {
  return {
    ...service('edge', { type: 'LoadBalancer' }, NAMESPACE),
    status: { loadBalancer: { ingress: [{ ip }] } },
  };
}

function isEverywhere(server: ApiServerDouble): boolean {
  if (server.requests({ resource: 'ingresses/status' }).length < INGRESSES) return false; // listing them costs more
  return server.list('Ingress').every((object) => {
    const [address] = (valueAt(object, 'status.loadBalancer.ingress') ?? []) as { ip?: string }[];
    return address?.ip === AFTER;
  });
}

/** `times` in order. */
function mostWithin(times: readonly number[], ms: number): number {
  let [first, most] = [0, 0];
  for (const [last, at] of times.entries()) {
    while (at - (times[first] ?? at) >= ms) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** A bucket of BURST that is filled at `qps`: how far it would have been overdrawn. */
function excessOf(times: readonly number[], qps: number): number {
  let [tokens, before, worst] = [BURST, times[0] ?? 0, 0];
  for (const at of times) {
    tokens = Math.min(BURST, tokens + ((at - before) / 1000) * qps) - 1;
    before = at;
    worst = Math.max(worst, -tokens);
  }
  return worst;
}

async function run(surroundings: Surroundings): Promise<readonly Figure[]> {
  const usual = await measure(DEFAULT_QPS, surroundings);
  const raised = await measure(RAISED_QPS, surroundings);
  const least = (INGRESSES - BURST) / DEFAULT_QPS;
  return [
    note(
      'status_seconds',
      usual.seconds,
      1,
      `at --kube-api-qps=${DEFAULT_QPS}, the default; ${least} s is the least there`,
    ),
    atMost(15, `status_seconds_qps_${RAISED_QPS}`, raised.seconds, 1, `at --kube-api-qps=${RAISED_QPS}`),
    note('requests_per_second_peak', usual.peak, 0, `of every kind, at ${DEFAULT_QPS}: burst ${BURST} and one second`),
    note(`requests_per_second_peak_qps_${RAISED_QPS}`, raised.peak, 0, `the same at ${RAISED_QPS}`),
    // Ten are under way at once, and what was sent apart may arrive together.
    atMost(10, 'requests_beyond_limit', Math.max(usual.excess, raised.excess), 1, 'above burst and rate, at worst'),
    atMost(1, 'writes_per_ingress', Math.max(usual.writes, raised.writes), 3, 'requests for each status'),
    note('ingresses', INGRESSES, 0, 'Ingresses'),
  ];
}

const benchmark: Benchmark = {
  name: 'status',
  about: `time until the status of ${INGRESSES} Ingresses names a new address, and the requests that takes`,
  maxSeconds: 120,
  run,
};
export default benchmark;
