// How long the dashboard takes for its first pages in a large cluster, while the cluster changes and is asked for every host,
// and how often open pages are told.
import { setTimeout as delay } from 'node:timers/promises';
import type { Overview } from '../controller/dashboard/views.ts';
import { eventually } from '../test/support/eventually.ts';
import { startApiServer } from '../test/support/kube/server.ts';
import { configMap } from '../test/support/objects.ts';
import { startSluice } from '../test/support/sluice.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { atLeast, atMost, note } from './support/figures.ts';
import { fleetIngress, fleetService, fleetSlice } from './support/fleet.ts';
import { PinnedConnection } from './support/pinned.ts';
import { residentMegabytes } from './support/proc.ts';
import { percentile } from './support/statistics.ts';

const HOSTS = 10_000;
const PATHS = ['/', '/api', '/static'];
/** A part of the Ingresses, one in so many, has a Problem. */
const WITH_PROBLEM = 10;
const ROUNDS = 40;
/** Workers look once a second whether they are to count. */
const WORKERS_KNOW_MS = 1500;
/** The event that a page gets when it begins to listen. */
const GREETING = 1;
/** The first page of each kind. */
const FIRST_PAGES = ['', '/hosts', '/problems'];
const OTHERS = ['/routes', '/backends', '/profiles', '/hosts?q=host-99&page=2', '/lookup?url=http://host-7.test/api/x'];

async function run({ signal, say }: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const server = await startApiServer();
  started.defer(() => server.stop());
  say(`filling the API server double with ${HOSTS} Ingresses and as many Services`);
  for (let index = 0; index < HOSTS; index += 1) {
    server.fill([ingressOf(index), ...fleetService(index, addressesOf(index), 9)]);
  }
  server.put(configMap('controller', { 'disable-access-log': 'true', 'keep-alive-requests': '1000000' }));

  say('starting Sluice');
  const sluice = await startSluice({
    kubeconfig: server.kubeconfig(),
    flags: ['--configmap=default/controller', '--kube-api-qps=1000', '--kube-api-burst=1000', '--enable-dashboard'],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  const base = `http://127.0.0.1:${sluice.health}/dashboard`;
  const before = await residentMegabytes(sluice.process.pid ?? 0);

  say('asking for every host, so that every one has counters');
  const cold = await timed(`${base}/hosts`, signal);
  await delay(WORKERS_KNOW_MS, undefined, { signal });
  const connection = new PinnedConnection(sluice.http);
  started.defer(() => connection.close());
  for (let index = 0; index < HOSTS; index += 1) await connection.ask(`host-${index}.test`, signal);
  const counted = await eventually(async () => {
    const { traffic } = (await (await fetch(`${base}/api/overview`, { signal })).json()) as Overview;
    if (traffic.requests < HOSTS * 0.9) throw new Error(`${traffic.requests} requests were counted`);
    return traffic.requests;
  }, 20_000);

  say(`asking for pages while endpoints change, ${ROUNDS} times each`);
  const told = await listen(`${base}/events`, signal);
  const listening = performance.now();
  const [first, other]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Each round has a model of its own, of which nothing is known yet.
    server.put(fleetSlice(round, addressesOf(round + HOSTS), 9));
    const [address = ''] = addressesOf(round + HOSTS);
    await eventually(async () => {
      const value = await sluice.control.get(`/v1/state/backend/default/svc-${round}/80`, signal);
      if (!value.includes(`"${address}"`)) throw new Error('not applied yet');
    });
    for (const path of FIRST_PAGES) first.push(await timed(`${base}${path}`, signal));
    for (const path of OTHERS) other.push(await timed(`${base}${path}`, signal));
  }
  const seconds = (performance.now() - listening) / 1000;
  const after = await residentMegabytes(sluice.process.pid ?? 0);
  return [
    atMost(300, 'first_page_ms_p50', percentile(first, 50), 1, 'overview, hosts and Problems, after a change'),
    atMost(300, 'first_page_ms_p99', percentile(first, 99), 1, 'the same'),
    note('cold_page_ms', cold, 1, 'the very first page of a program that has just started'),
    note('other_page_ms_p50', percentile(other, 50), 1, 'routes, backends, profiles, a search, a lookup'),
    note('other_page_ms_p99', percentile(other, 99), 1, 'the same'),
    atMost(
      1.2,
      'events_per_second',
      (told() - GREETING) / seconds,
      2,
      'what an open page is told, under constant change',
    ),
    note('rss_ready_mb', before, 0, 'resident memory of the controller when ready'),
    note('rss_mb', after, 0, 'the same after all this'),
    atLeast(HOSTS * 0.9, 'counted', counted, 0, 'requests that were counted by route and endpoint'),
  ];
}

function ingressOf(index: number): object {
  const object = fleetIngress(index, PATHS) as { metadata: { annotations: Record<string, string> } };
  if (index % WITH_PROBLEM === 0) object.metadata.annotations['nginx.ingress.kubernetes.io/proxy-body-size'] = 'large';
  return object;
}

function addressesOf(index: number): string[] {
  return [1, 2, 3].map((replica) => `127.${replica}.${(index >> 8) & 255}.${index & 255}`);
}

/** Milliseconds until the whole page is there. */
async function timed(url: string, signal: AbortSignal): Promise<number> {
  const from = performance.now();
  const response = await fetch(url, { signal });
  await response.text();
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
  return performance.now() - from;
}

/** Counts events until the signal. */
async function listen(url: string, signal: AbortSignal): Promise<() => number> {
  const { body } = await fetch(url, { signal });
  let count = 0;
  const reading = (async () => {
    for await (const chunk of body ?? [])
      count += Buffer.from(chunk).toString('utf8').split('event: changed').length - 1;
  })();
  reading.catch(() => undefined); // the program ends before us
  return () => count;
}

const benchmark: Benchmark = {
  name: 'dashboard',
  about: `${HOSTS} hosts: pages of the dashboard while the cluster changes`,
  maxSeconds: 120,
  run,
};
export default benchmark;
