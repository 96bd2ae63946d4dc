// How long the admission webhook takes among 10,000 Ingresses, over TLS as the API server asks, and whether it grows by it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reviewOf } from '../test/support/admission.ts';
import { makePair } from '../test/support/certificates.ts';
import { eventually } from '../test/support/eventually.ts';
import { startApiServer } from '../test/support/kube/server.ts';
import { ingress } from '../test/support/objects.ts';
import { freePorts } from '../test/support/ports.ts';
import { startSluice } from '../test/support/sluice.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';
import { atMost, note } from './support/figures.ts';
import { fleetIngress, fleetService } from './support/fleet.ts';
import { residentMegabytes } from './support/proc.ts';
import { median, percentile } from './support/statistics.ts';

const INGRESSES = 10_000;
/** Of them, so many share one host, with a path each. */
const SHARED = 1000;
const PATHS = ['/', '/api', '/static'];
const REVIEWS = 10_000;
/** Until the heap has the size that it needs. */
const WARM_UP = 2000;
/**
 * V8 collects its old space when that has grown by a share of its size, here some 400 MB; keeping 10 kB of each review would be
 * more. That nothing is kept at all is shown by test/unit/admission/heap.test.ts.
 */
const MAX_GROWTH_MB = 100;

const KINDS = ['new', 'changed', 'shared', 'invalid'] as const;
type Kind = (typeof KINDS)[number];

/** What a review is about, and what it must come to. */
function subjectOf(kind: Kind, index: number): { readonly object: object; readonly allowed: boolean } {
  const service = `svc-${index % (INGRESSES - SHARED)}`;
  switch (kind) {
    case 'new':
      return { object: fleetlike(`new-${index}`, `new-${index}.test`, PATHS, service), allowed: true };
    case 'changed': {
      const one = index % (INGRESSES - SHARED);
      return { object: fleetlike(`ing-${one}`, `host-${one}.test`, [...PATHS, '/more'], service), allowed: true };
    }
    case 'shared':
      return { object: fleetlike(`late-${index}`, 'shared.test', [`/late-${index}`], service), allowed: true };
    case 'invalid': {
      const annotations = { 'configuration-snippet': 'x', 'proxy-body-size': 'huge', 'unknown-key': 'x' };
      const paths = [{ path: `/${index % SHARED}` }, { path: '/(.*)' }];
      return { object: ingress({ name: `bad-${index}`, host: 'shared.test', paths, annotations }), allowed: false };
    }
  }
}

function fleetlike(name: string, host: string, paths: readonly string[], service: string): object {
  const annotations = { 'proxy-body-size': '8m', 'proxy-read-timeout': '30' };
  return ingress({ name, host, paths: paths.map((path) => ({ path, service })), annotations });
}

async function run({ signal, say }: Surroundings): Promise<readonly Figure[]> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  started.defer(() => rm(folder, { recursive: true }));
  const pair = await makePair(['localhost']);
  await writeFile(join(folder, 'cert'), pair.certificate);
  await writeFile(join(folder, 'key'), pair.key);
  const [port = 0] = await freePorts(1);
  const server = await startApiServer();
  started.defer(() => server.stop());
  for (let index = 0; index < INGRESSES - SHARED; index += 1) {
    server.fill([fleetIngress(index, PATHS), ...fleetService(index, ['127.0.0.1'], 9)]);
  }
  for (let index = 0; index < SHARED; index += 1) {
    server.fill([fleetlike(`shared-${index}`, 'shared.test', [`/${index}`], `svc-${index}`)]);
  }
  say(`starting Sluice with ${INGRESSES} Ingresses, ${SHARED} of them on one host`);
  const sluice = await startSluice({
    kubeconfig: server.kubeconfig(),
    flags: [
      '--kube-api-qps=1000',
      '--kube-api-burst=1000',
      `--validating-webhook=127.0.0.1:${port}`,
      `--validating-webhook-certificate=${join(folder, 'cert')}`,
      `--validating-webhook-key=${join(folder, 'key')}`,
    ],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: pair.certificate, servername: 'localhost' });
  started.defer(() => agent.destroy());

  const pid = sluice.process.pid ?? 0;
  await eventually(() => post(agent, port, JSON.stringify(reviewOf(fleetIngress(0, PATHS)))));
  say(`${WARM_UP} reviews to warm up`);
  for (let index = 0; index < WARM_UP; index += 1) await review(agent, port, index, signal);
  const before = await residentMegabytes(pid);
  const times = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  say(`${REVIEWS} reviews, one after the other`);
  let peak = before;
  for (let index = 0; index < REVIEWS; index += 1) {
    const { kind, milliseconds } = await review(agent, port, index, signal);
    times.get(kind)?.push(milliseconds);
    if (index % 500 === 0) peak = Math.max(peak, await residentMegabytes(pid));
  }
  const after = await residentMegabytes(pid);
  const all = [...times.values()].flat();
  return [
    atMost(
      20,
      'p99_ms',
      percentile(all, 99),
      1,
      `of a review, over TLS on one connection, among ${INGRESSES} Ingresses`,
    ),
    atMost(
      MAX_GROWTH_MB,
      'rss_growth_mb',
      after - before,
      0,
      `resident memory of the controller, after ${REVIEWS} reviews`,
    ),
    note('peak_growth_mb', peak - before, 0, 'the same at its highest meanwhile'),
    note('p50_ms', median(all), 2, 'of a review, median'),
    note('max_ms', Math.max(...all), 1, 'of a review, slowest'),
    ...KINDS.map((kind) => note(`${kind}_p99_ms`, percentile(times.get(kind) ?? [], 99), 1, MEANINGS[kind])),
    note('rss_mb', after, 0, 'resident memory of the controller'),
  ];
}

const MEANINGS: Readonly<Record<Kind, string>> = {
  new: 'of Ingresses with a host of their own',
  changed: 'of changes of Ingresses that are there',
  shared: `of Ingresses on the host that ${SHARED} share`,
  invalid: 'of Ingresses on that host with five mistakes each',
};

/** Sends one and looks at the answer; rejects when it is another one than it must be. */
async function review(
  agent: Agent,
  port: number,
  index: number,
  signal: AbortSignal,
): Promise<{ readonly kind: Kind; readonly milliseconds: number }> {
  signal.throwIfAborted();
  const kind = KINDS[index % KINDS.length] ?? 'new';
  const { object, allowed } = subjectOf(kind, index);
  const body = JSON.stringify(reviewOf(object));
  const from = performance.now();
  const text = await post(agent, port, body);
  const milliseconds = performance.now() - from;
  const { response } = JSON.parse(text) as { response: { allowed: boolean; status?: unknown } };
  if (response.allowed !== allowed) throw new Error(`a ${kind} Ingress was answered with ${text}`);
  return { kind, milliseconds };
}

function post(agent: Agent, port: number, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const asking = request({ agent, host: '127.0.0.1', port, method: 'POST', path: '/', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`the webhook answers ${response.statusCode}: ${text}`));
      });
      response.on('error', reject);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

const benchmark: Benchmark = {
  name: 'admission',
  about: `time of a review by the admission webhook among ${INGRESSES} Ingresses, and memory over ${REVIEWS} reviews`,
  maxSeconds: 120,
  run,
};
export default benchmark;
