// What clients wait for when one endpoint of ten is slow, under a load that does not slow down with it.
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../test/support/eventually.ts';
import { listen } from '../../../test/support/listener.ts';
import type { Figure, Surroundings } from '../benchmark.ts';
import { atLeast, atMost, note } from '../figures.ts';
import { type PacedLoadResult, runPacedLoad } from '../paced-load.ts';
import { median } from '../statistics.ts';
import {
  type Algorithm,
  balancedSite,
  CONSISTENT_HASH,
  EWMA,
  endpoints,
  figureName,
  ROUND_ROBIN,
  SUBSET_HASH,
} from './algorithms.ts';
import type { Ours } from './stage.ts';

export const CONTESTANTS = [ROUND_ROBIN, EWMA, CONSISTENT_HASH, SUBSET_HASH] as const;
const ENDPOINTS = 10;
const SLOW_MS = 200;
const ROUNDS = 3;
const PER_SECOND = 400;
const SECONDS = 2;
/** Until EWMA has met the slow one, which changes from round to round; its answer takes a fifth of a second. */
const LEARN_SECONDS = 0.5;
const GAIN_LIMIT = 5;

export async function measureLatency(ours: Ours, { signal, say }: Surroundings): Promise<Figure[]> {
  await using started = new AsyncDisposableStack();
  let slow = '';
  const server = createServer(({ socket }, response) => {
    if (socket.localAddress !== slow) response.end();
    else
      delay(SLOW_MS, undefined, { signal }).then(
        () => response.end(),
        () => response.destroy(),
      );
  });
  const listener = await listen(server, '0.0.0.0');
  started.defer(() => listener.stop());
  const all = endpoints(ENDPOINTS, listener.port);
  const sites = CONTESTANTS.flatMap((algorithm) => balancedSite(`slow-${algorithm.name}`, algorithm, all));
  await ours.sluice.write('slow.json', sites);
  for (const { name } of CONTESTANTS) {
    await eventually(async () => {
      const load = {
        port: ours.port,
        hosts: [`slow-${name}.test`],
        paths: 'own' as const,
        perSecond: 100,
        seconds: 0.05,
      };
      if ((await runPacedLoad(load)).failed > 0) throw new Error(`slow-${name}.test is not served yet`);
    });
  }

  const results = new Map<Algorithm, PacedLoadResult[]>(CONTESTANTS.map((algorithm) => [algorithm, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    slow = all[(round * 3) % ENDPOINTS]?.address ?? '';
    for (const [algorithm, rounds] of results) {
      signal.throwIfAborted();
      const load = {
        port: ours.port,
        hosts: [`slow-${algorithm.name}.test`],
        paths: 'own' as const,
        perSecond: PER_SECOND,
      };
      await runPacedLoad({ ...load, seconds: LEARN_SECONDS });
      rounds.push(await runPacedLoad({ ...load, seconds: SECONDS }));
    }
    const shown = [...results].map(([{ name }, rounds]) => `${name} ${rounds.at(-1)?.p99.toFixed(1)}`);
    say(`p99 ms with a slow endpoint, round ${round + 1} of ${ROUNDS}: ${shown.join(', ')}`);
  }
  return figuresOf(results);
}

function figuresOf(results: ReadonlyMap<Algorithm, readonly PacedLoadResult[]>): Figure[] {
  const turns = results.get(ROUND_ROBIN) ?? [];
  const gains = (results.get(EWMA) ?? []).map(({ p99 }, round) => (turns[round]?.p99 ?? Number.NaN) / p99);
  const failed = [...results.values()].flat().reduce((sum, result) => sum + result.failed, 0);
  const meaning = `p99 by turns / by EWMA, one of ${ENDPOINTS} endpoints takes ${SLOW_MS} ms, ${PER_SECOND} requests a second`;
  return [
    atLeast(GAIN_LIMIT, 'ewma_slow_p99_gain', median(gains), 1, meaning),
    atMost(0, 'slow_failed', failed, 0, 'requests of that load without an answer of 2xx'),
    ...[...results].flatMap(([{ name }, rounds]) =>
      (['p50', 'p95', 'p99'] as const).map((part) =>
        note(
          figureName(name, 'slow', part, 'ms'),
          median(rounds.map((round) => round[part])),
          1,
          `${part} of that load, median of ${rounds.length} rounds`,
        ),
      ),
    ),
  ];
}
