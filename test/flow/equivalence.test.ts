// The law of the incremental model: after any events it equals the model built from scratch, byte for byte.
import { expect } from 'chai';
import { selectionOf } from '../../controller/app.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import type { KubeObject } from '../../controller/kube/objects.ts';
import { keyOf } from '../../controller/kube/ref.ts';
import { Graph } from '../../controller/model/graph.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { makePair, type Pair } from '../support/certificates.ts';
import { dumpModel } from '../support/model.ts';
import { randomObject, seeded } from '../support/random-objects.ts';

const EVENTS = Number(process.env.SLUICE_EQUIVALENCE_EVENTS ?? 10_000);
const SEEDS = [1, 2, 3, 4];
const FLAGS = [
  '--watch-ingress-without-class',
  '--configmap=ns1/settings',
  '--default-backend-service=ns1/web',
  '--default-ssl-certificate=ns1/certificate',
  '--watch-namespace-selector=watched=yes',
];

describe('incremental = from scratch', function () {
  this.timeout(120_000);
  const selection = selectionOf(parseCommandLine(FLAGS).flags);
  let pairs: Pair[];

  before(async () => {
    pairs = [await makePair(['a.test', '*.b.test']), await makePair(['c.test'])];
  });

  for (const seed of SEEDS) {
    it(`${EVENTS / SEEDS.length} random events, seed ${seed}`, () => {
      const random = seeded(seed);
      const cluster = new Cluster();
      const graph = new Graph(cluster, selection);
      const stored = new Map<string, KubeObject>();
      let [routes, servers, clientPairs, canaries] = [0, 0, 0, 0];
      for (let event = 0; event < EVENTS / SEEDS.length; event += 1) {
        // One to three changes before each pass, as a burst of events would bring.
        for (let change = random(3); change >= 0; change -= 1) {
          const gone = random(4) === 0 ? [...stored.values()][random(Math.max(1, stored.size))] : undefined;
          if (gone !== undefined) {
            stored.delete(`${gone.kind} ${keyOf(gone.meta)}`);
            graph.invalidate(cluster.remove(gone.kind, keyOf(gone.meta)));
            continue;
          }
          const result = normalise(randomObject(random, pairs), 'ns1');
          if (result.kind !== 'object') throw new Error(`the generator made a wrong object: ${JSON.stringify(result)}`);
          stored.set(`${result.object.kind} ${keyOf(result.object.meta)}`, result.object);
          graph.invalidate(cluster.put(result.object));
        }
        const incremental = graph.evaluate();
        routes += [...incremental.hosts.values()].reduce((sum, host) => sum + host.routes.length, 0);
        servers += incremental.servers.size;
        clientPairs += incremental.pairs.size;
        for (const backend of incremental.backends.values()) canaries += backend.canaries.length;
        const scratch = new Graph(cluster, selection).evaluate();
        if (dumpModel(incremental) !== dumpModel(scratch)) {
          expect(JSON.parse(dumpModel(incremental)), `after event ${event}`).to.deep.equal(
            JSON.parse(dumpModel(scratch)),
          );
        }
      }
      expect(routes, 'the events made nothing to compare').to.be.above(EVENTS);
      expect(Math.min(servers, clientPairs), 'no TLS identities came of them').to.be.above(EVENTS / 100);
      expect(canaries, 'the events made no canaries').to.be.above(0);
    });
  }
});
