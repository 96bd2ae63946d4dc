// Where requests go: how even each algorithm is, and what moves when an endpoint leaves. Counted by real requests.
import { Agent, request } from 'node:http';
import { eventually } from '../../../test/support/eventually.ts';
import type { Figure, Surroundings } from '../benchmark.ts';
import { atMost, note } from '../figures.ts';
import { countAnswers } from '../wrk.ts';
import {
  ALGORITHMS,
  type Algorithm,
  balancedSite,
  CONSISTENT_HASH,
  endpoints,
  figureName,
  ROUND_ROBIN,
  SESSION_COOKIE,
} from './algorithms.ts';
import { CONNECTIONS, hostOf, type Ours, SIZES } from './stage.ts';

/** The same for all sizes: the fewer there are, the more of the unevenness is chance. */
const REQUESTS_PER_ENDPOINT = 100;
const PATIENCE_SECONDS = 60;
const EVEN_LIMIT = 1.05;

/** The most that one endpoint got over the mean, with a path and a session of its own in each request. */
export async function measureEvenness(ours: Ours, { signal, say }: Surroundings): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const algorithm of ALGORITHMS) {
    for (const size of SIZES) {
      const value = await evenness(ours, algorithm, size, signal);
      const name = figureName(algorithm.name, 'evenness', String(size));
      const meaning = `most requests of an endpoint / mean, ${size} endpoints, ${REQUESTS_PER_ENDPOINT} requests for each`;
      figures.push(
        algorithm === ROUND_ROBIN ? atMost(EVEN_LIMIT, name, value, 3, meaning) : note(name, value, 3, meaning),
      );
    }
    const values = figures.slice(-SIZES.length).map(({ value }) => value.toFixed(2));
    say(`evenness of ${algorithm.name} at ${SIZES.join(', ')} endpoints: ${values.join(', ')}`);
  }
  return figures;
}

async function evenness({ port }: Ours, algorithm: Algorithm, size: number, signal: AbortSignal): Promise<number> {
  const load = {
    url: `http://127.0.0.1:${port}/`,
    host: hostOf(algorithm, size),
    connections: CONNECTIONS,
    seconds: PATIENCE_SECONDS,
  };
  const numbered = { cookie: SESSION_COOKIE, number: size * REQUESTS_PER_ENDPOINT };
  const counts = [...(await countAnswers(load, numbered, signal)).values()];
  if (counts.length > size)
    throw new Error(`${counts.length} different answers from ${size} endpoints of ${load.host}`);
  return Math.max(...counts) / (counts.reduce((sum, count) => sum + count, 0) / size);
}

const SITE = 'moved';
const ENDPOINTS = 100;
const KEYS = 10_000;
/** One at a time; how much one of them has depends on where its points fell. */
const LEAVERS = [11, 44, 77];
const MOVED_LIMIT = 1.5;

/** Percent of the keys that go elsewhere when one of 100 endpoints leaves its EndpointSlice and the change is live. */
export async function measureMoved(ours: Ours, endpointPort: number, { signal, say }: Surroundings): Promise<Figure[]> {
  const all = endpoints(ENDPOINTS, endpointPort);
  await ours.sluice.write('moved.json', balancedSite(SITE, CONSISTENT_HASH, all));
  await live(
    ours,
    all.map(({ address }) => address),
    [],
    signal,
  );
  const before = await whereKeysGo(ours, signal);
  let [moved, others] = [0, 0];
  for (const index of LEAVERS) {
    const left = all.filter((_, place) => place !== index);
    const gone = all[index]?.address ?? '';
    await ours.sluice.write('moved.json', balancedSite(SITE, CONSISTENT_HASH, left));
    await live(
      ours,
      left.map(({ address }) => address),
      [gone],
      signal,
    );
    const after = await whereKeysGo(ours, signal);
    const away = before.filter((address, key) => address !== after[key]);
    moved += away.length;
    others += away.filter((address) => address !== gone).length;
  }
  const percent = (count: number): number => (count / LEAVERS.length / KEYS) * 100;
  say(`keys moved: ${percent(moved).toFixed(2)} %, of other endpoints: ${others}`);
  return [
    atMost(
      MOVED_LIMIT,
      'chash_moved_percent',
      percent(moved),
      2,
      `keys moved when one of ${ENDPOINTS} endpoints leaves`,
    ),
    atMost(0, 'chash_moved_of_others', others, 0, `keys moved that were not its own, of ${KEYS * LEAVERS.length}`),
  ];
}

/** Waits until Sluice has applied an EndpointSlice with the one and without the other; requests after that are routed by it. */
async function live(
  { sluice }: Ours,
  here: readonly string[],
  gone: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await eventually(async () => {
    const text = await sluice.control.get(`/v1/state/backend/default/${SITE}/80`, signal);
    const has = (address: string): boolean => text.includes(`"${address}"`);
    if (!here.every(has) || gone.some(has)) throw new Error(`the endpoints of ${SITE} are not live yet`);
  });
}

/** The endpoint of each key, by its own answer. */
async function whereKeysGo({ port }: Ours, signal: AbortSignal): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const answers: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < KEYS) {
      const key = next;
      next += 1;
      answers[key] = await bodyOf(agent, port, `/item-${key}`, signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
  } finally {
    agent.destroy();
  }
  return answers;
}

function bodyOf(agent: Agent, port: number, path: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, agent, headers: { Host: `${SITE}.test` } };
    const outgoing = request(options, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      answer.on('end', () => (answer.statusCode === 200 ? resolve(body) : reject(new Error(`${path}: ${body}`))));
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
    signal.throwIfAborted();
  });
}
