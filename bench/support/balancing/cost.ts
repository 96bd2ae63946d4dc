// CPU time of nginx per request: each algorithm against plain nginx and round robin, and many endpoints against few.
import type { Figure, Surroundings } from '../benchmark.ts';
import { atMost, note } from '../figures.ts';
import { cpuSeconds } from '../proc.ts';
import { median } from '../statistics.ts';
import { wrk } from '../wrk.ts';
import { ALGORITHMS, type Algorithm, figureName, ROUND_ROBIN, SESSION_COOKIE } from './algorithms.ts';
import { CONNECTIONS, type Contender, hostOf } from './stage.ts';

/** The first round is a cold one; medians leave it out. */
const ROUNDS = 5;
/** Enough for what has no limit. */
const NOTED_ROUNDS = 3;
const SECONDS = 1;
const [FEW, MANY] = [10, 1000] as const;
/** So many that no endpoint of a hash is without. */
const NUMBERED = { cookie: SESSION_COOKIE, number: 5000 };

const TO_PLAIN_LIMIT = 1.35;
const TO_ROUND_ROBIN_LIMIT = 1.15;
/** "Not more", and what two runs of the same thing differ by. */
const MANY_LIMIT = 1.1;

/** CPU µs per request of one algorithm; each list has an entry per round. */
interface Costs {
  readonly algorithm: Algorithm;
  readonly few: number[];
  readonly plainFew: number[];
  readonly many: number[];
  readonly plainMany: number[];
  readonly fewUnpooled: number[];
  readonly manyUnpooled: number[];
}

export interface Contenders {
  readonly ours: Contender;
  readonly plain: Contender;
  /** Sluice again, without idle connections to endpoints. */
  readonly unpooled: Contender;
}

/**
 * Many endpoints against few is measured twice. As it comes, nginx keeps 320 idle connections: enough for 10 endpoints under 32
 * clients, while of 1,000 hardly one is still there when its turn comes, and most of the time goes into opening connections; that
 * is nginx's, so the figure stands beside plain nginx's own. With the pool off every request opens a connection, with few
 * endpoints and with many: what is left between the two is the balancer's, and that has the limit.
 */
export async function measureCost(
  { ours, plain, unpooled }: Contenders,
  { signal, say }: Surroundings,
): Promise<Figure[]> {
  const all: Costs[] = ALGORITHMS.map((algorithm) => ({
    algorithm,
    few: [],
    plainFew: [],
    many: [],
    plainMany: [],
    fewUnpooled: [],
    manyUnpooled: [],
  }));
  // Everything in each round, so that a drift of the machine hits all; the order turns from round to round.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const costs of all) {
      const cells: [number[], Contender, number][] = [
        [costs.few, ours, FEW],
        [costs.plainFew, plain, FEW],
        [costs.fewUnpooled, unpooled, FEW],
        [costs.manyUnpooled, unpooled, MANY],
      ];
      if (round < NOTED_ROUNDS) cells.push([costs.many, ours, MANY], [costs.plainMany, plain, MANY]);
      for (const [samples, contender, size] of round % 2 === 0 ? cells : cells.reverse()) {
        samples.push(await microseconds(contender, hostOf(costs.algorithm, size), signal));
      }
    }
    const shown = all.map(({ algorithm, few, plainFew }) => `${algorithm.name} ${show(few)}/${show(plainFew)}`);
    say(`CPU µs at ${FEW} endpoints, Sluice/plain, round ${round + 1} of ${ROUNDS}: ${shown.join(', ')}`);
  }
  const baseline = all.find(({ algorithm }) => algorithm === ROUND_ROBIN);
  if (baseline === undefined) throw new Error('round robin was not measured');
  return [
    ...all.map(toPlain),
    ...all.filter((costs) => costs !== baseline).map((costs) => toRoundRobin(costs, baseline)),
    worst(all),
    ...all.flatMap(notes),
  ];
}

async function microseconds({ port, worker }: Contender, host: string, signal: AbortSignal): Promise<number> {
  const load = { url: `http://127.0.0.1:${port}/`, host, connections: CONNECTIONS, seconds: SECONDS };
  const before = await cpuSeconds(worker);
  const { requests } = await wrk(load, signal, NUMBERED);
  return (((await cpuSeconds(worker)) - before) / requests) * 1e6;
}

/** The median of what each round says. */
function ratio(over: readonly number[], under: readonly number[]): number {
  return median(over.map((value, round) => value / (under[round] ?? Number.NaN)));
}

function toPlain({ algorithm, few, plainFew }: Costs): Figure {
  const meaning = `CPU per request at ${FEW} endpoints, Sluice / plain nginx (${algorithm.counterpart || 'round robin'})`;
  return atMost(TO_PLAIN_LIMIT, figureName(algorithm.name, 'cpu_ratio'), ratio(few, plainFew), 3, meaning);
}

function toRoundRobin({ algorithm, few }: Costs, baseline: Costs): Figure {
  const name = figureName(algorithm.name, 'to_round_robin');
  return atMost(TO_ROUND_ROBIN_LIMIT, name, ratio(few, baseline.few), 3, 'the same, over round robin of Sluice');
}

/** The limit holds for each algorithm, so the figure is that of the worst. */
function worst(all: readonly Costs[]): Figure {
  const [first, ...others] = all.map(({ algorithm, fewUnpooled, manyUnpooled }) => ({
    name: algorithm.name,
    value: ratio(manyUnpooled, fewUnpooled),
  }));
  if (first === undefined) throw new Error('no algorithm was measured');
  const { name, value } = others.reduce((most, other) => (other.value > most.value ? other : most), first);
  const meaning = `CPU per request, ${MANY} endpoints / ${FEW}, a new connection each; the worst: ${name}`;
  return atMost(MANY_LIMIT, 'many_endpoints_cpu_ratio', value, 3, meaning);
}

function notes(costs: Costs): Figure[] {
  const { name } = costs.algorithm;
  const figure = (what: string, value: number, digits: number, meaning: string): Figure =>
    note(figureName(name, what), value, digits, meaning);
  return [
    figure('us', median(costs.few), 2, `CPU µs per request at ${FEW} endpoints, Sluice`),
    figure('plain_us', median(costs.plainFew), 2, 'the same, plain nginx'),
    figure('many_us', median(costs.many), 2, `the same at ${MANY} endpoints, Sluice`),
    figure('many_plain_us', median(costs.plainMany), 2, 'the same, plain nginx'),
    figure('many_ratio', ratio(costs.manyUnpooled, costs.fewUnpooled), 3, `${MANY} endpoints / ${FEW}, no idle pool`),
  ];
}

function show(samples: readonly number[]): string {
  return (samples.at(-1) ?? 0).toFixed(1);
}
