// Flow tests: events in order, and after each the plan that follows. Readable aloud: `when` something happens, `then` these
// values are sent, and nginx reloads or not.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { selectionOf } from '../../controller/app.ts';
import { after, plan, type Running } from '../../controller/apply/plan.ts';
import { stateOf } from '../../controller/apply/state.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import type { Kind } from '../../controller/kube/ref.ts';
import { Graph } from '../../controller/model/graph.ts';
import { showProblem } from '../../controller/model/problems.ts';
import { Cluster } from '../../controller/watch/cluster.ts';

interface Step {
  /** What happens: an object is put, or removed by "Kind namespace/name"; or the reload that was wanted is done. */
  readonly when: { readonly put?: readonly object[]; readonly remove?: readonly string[]; readonly reloaded?: true };
  readonly then: {
    readonly upsert?: readonly string[];
    readonly remove?: readonly string[];
    readonly held?: readonly string[];
    /** Whether a reload is needed after this step; false where it is not said. */
    readonly reload?: boolean;
    readonly problems?: readonly string[];
  };
}

interface Flow {
  readonly title: string;
  readonly flags?: readonly string[];
  readonly steps: readonly Step[];
}

const DATA = {
  healthCheckPath: '/healthz',
  httpsPort: 443,
  dns: { servers: [], search: [], ndots: 1, attempts: 1, timeoutMs: 1000 },
};
const NOTHING: Running = { state: new Map(), hosts: new Map(), loaded: [new Set()], base: 'base' };

function play({ flags, steps }: Flow): void {
  const cluster = new Cluster();
  const selection = selectionOf(parseCommandLine(['--watch-ingress-without-class', ...(flags ?? [])]).flags);
  const graph = new Graph(cluster, selection);
  const first = graph.evaluate();
  let running: Running = { ...NOTHING, loaded: [new Set(first.profiles.keys())] };
  running = after(running, plan(running, first, stateOf(first, DATA), 'base'), stateOf(first, DATA), first);

  for (const [index, { when, then }] of steps.entries()) {
    for (const raw of when.put ?? []) {
      const result = normalise(raw, 'default');
      if (result.kind !== 'object') throw new Error(`step ${index + 1}: ${result.reason}`);
      graph.invalidate(cluster.put(result.object));
    }
    for (const name of when.remove ?? []) {
      const [kind = '', key = ''] = name.split(' ');
      graph.invalidate(cluster.remove(kind as Kind, key));
    }
    const model = graph.evaluate();
    const state = stateOf(model, DATA);
    if (when.reloaded) {
      const { reload } = plan(running, model, state, 'base');
      expect(reload, `step ${index + 1}: nothing to reload`).to.not.equal(null);
      running = { ...running, loaded: [reload?.needs ?? new Set()] };
    }
    const wanted = plan(running, model, state, 'base');
    const label = `step ${index + 1}`;
    expect(wanted.upsert, `${label}, upsert`).to.deep.equal(then.upsert ?? []);
    expect(wanted.remove, `${label}, remove`).to.deep.equal(then.remove ?? []);
    expect(wanted.held, `${label}, held`).to.deep.equal(then.held ?? []);
    expect(wanted.reload !== null, `${label}, reload`).to.equal(then.reload ?? false);
    if (then.problems) expect(model.problems.map(showProblem), `${label}, problems`).to.deep.equal(then.problems);
    running = after(running, wanted, state, model);
  }
}

describe('flow', () => {
  const folder = import.meta.dirname;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    const flow = parse(readFileSync(join(folder, file), 'utf8')) as Flow;
    it(`${file}: ${flow.title}`, () => play(flow));
  }
});
