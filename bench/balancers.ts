// The balancing algorithms: what they cost, how evenly they spread, what moves when an endpoint leaves, and what a slow
// endpoint costs the clients.
import { measureCost } from './support/balancing/cost.ts';
import { measureLatency } from './support/balancing/latency.ts';
import { balancerPictures } from './support/balancing/pictures.ts';
import { measureEvenness, measureMoved } from './support/balancing/spread.ts';
import { startEndpoints, startOurs, startPlain } from './support/balancing/stage.ts';
import type { Benchmark, Figure, Surroundings } from './support/benchmark.ts';

const NO_IDLE_CONNECTIONS = 0;

async function run(surroundings: Surroundings): Promise<readonly Figure[]> {
  const { signal } = surroundings;
  await using started = new AsyncDisposableStack();
  const endpointPort = await startEndpoints(started);
  const ours = await startOurs(started, endpointPort, null, signal);
  const plain = await startPlain(started, endpointPort, ours);
  const unpooled = await startOurs(started, endpointPort, NO_IDLE_CONNECTIONS, signal);
  const cost = await measureCost({ ours, plain, unpooled }, surroundings);
  const moved = await measureMoved(ours, endpointPort, surroundings);
  const latency = await measureLatency(ours, surroundings);
  const evenness = await measureEvenness(ours, surroundings);
  return [...cost, ...moved, ...latency, ...evenness];
}

const benchmark: Benchmark = {
  name: 'balancers',
  about: 'balancing algorithms: CPU per request, evenness, keys moved, and latency with a slow endpoint (four minutes)',
  maxSeconds: 280,
  run,
  pictures: balancerPictures,
};
export default benchmark;
