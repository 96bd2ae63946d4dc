// The webhook and the controller agree: what a review says of an Ingress is what the model says once it is there, a refused one
// would not be served, and reviews leave no trace.
import { config, expect } from 'chai';
import fc from 'fast-check';
import { type Finding, findingOf, isSame } from '../../controller/admission/finding.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import type { ObjectRef } from '../../controller/kube/ref.ts';
import { keyOf, showRef } from '../../controller/kube/ref.ts';
import { LEFT_OUT } from '../../controller/model/annotated.ts';
import { isSelected } from '../../controller/model/select.ts';
import type { Problem } from '../../controller/model/types.ts';
import { World } from '../support/admission.ts';
import { makePair, type Pair } from '../support/certificates.ts';
import { hostileIngress } from '../support/hostile.ts';
import { dumpModel } from '../support/model.ts';
import { ingress, service, workload } from '../support/objects.ts';
import { randomObject, seeded } from '../support/random-objects.ts';

config.truncateThreshold = 0;
const REVIEWS = Number(process.env.SLUICE_PROPERTY_CASES ?? 500);

/** Rules of the webhook alone, which serving does not know. */
const WEBHOOK_ONLY: ReadonlySet<Finding['code']> = new Set([
  'path-taken',
  'path-type',
  'catch-all',
  'object-uid',
  'too-large',
]);

/** Everything that is stored, as text. */
function dumpCluster({ cluster }: World): string {
  const plain = (_: string, value: unknown): unknown => (value instanceof Map ? [...value] : value);
  return JSON.stringify([...cluster.objects()], plain);
}

/** What the model and the intake say of an object, as a review would say it; conflicts of paths are said by HOST-10. */
function saidOf(problems: readonly Problem[], object: ObjectRef): string[] {
  const own = problems.filter(
    (problem) =>
      isSame(problem.object, object) && problem.code !== 'path-conflict' && !problem.message.endsWith(LEFT_OUT),
  );
  return own.map((problem) => show(findingOf(problem, object)));
}

function show({ weight, code, text }: Pick<Finding, 'weight' | 'code' | 'text'>): string {
  return `${weight} ${code}: ${text}`;
}

/** Reviews an object, applies it, and compares; what came of it. */
function reviewAndApply(world: World, raw: object): 'foreign' | 'refused' | 'allowed' {
  const read = normalise(raw, 'default');
  if (read.kind !== 'object' || read.object.kind !== 'Ingress') return 'foreign';
  const { meta } = read.object;
  const object: ObjectRef = { kind: 'Ingress', namespace: meta.namespace, name: meta.name };
  const before = { cluster: dumpCluster(world), problems: world.model.problems };
  const verdict = world.verdict(raw, { namespace: meta.namespace });
  expect(dumpCluster(world), 'a review changed what is stored').to.equal(before.cluster);
  const { selection } = world.model.settings;
  const isServed = isSelected(world.cluster, selection, read.object);
  world.apply(raw);
  if (!isServed || verdict === null) return 'foreign';

  const { findings } = verdict;
  const refused = findings.filter(({ weight }) => weight === 'refuse');
  const held = world.intake.problems().filter((problem) => isSame(problem.object, object));
  const errors = [...held, ...world.model.problems].filter(
    (problem) =>
      problem.severity === 'error' && isSame(problem.object, object) && problem.code !== 'certificate-unusable',
  );
  if (refused.length === 0) expect(errors, 'allowed, but the controller has errors').to.deep.equal([]);
  const caused = world.model.problems.filter(
    (problem) =>
      problem.object.kind === 'Ingress' &&
      problem.code !== 'path-conflict' &&
      !problem.message.includes('is already its canary of') && // follows from its paths on all hosts
      !isSame(problem.object, object) &&
      !before.problems.some((known) => isSame(known.object, problem.object) && known.message === problem.message),
  );
  if (held.length > 0) {
    expect(refused, 'held back, but allowed').to.not.be.empty;
    return 'refused'; // what is served is its version of before
  }
  const reasons = refused.filter(
    ({ code, text }) => !WEBHOOK_ONLY.has(code) && !text.includes('snippets are not allowed'),
  );
  if (reasons.length > 0) {
    const broken = [...errors, ...caused.filter(({ severity }) => severity === 'error')];
    expect(broken, `refused for ${reasons.map(show).join('; ')}, but the controller has no errors`).to.not.be.empty;
  }
  // Beyond that: word for word.
  const own = findings
    .filter(
      ({ code, text }) =>
        !WEBHOOK_ONLY.has(code) && !/^(Service|Ingress) |snippets are not allowed|has another canary/.test(text),
    )
    .map(show);
  const inModel = new Set(saidOf(world.model.problems, object));
  // The model says it of backends that some path leads to; the review, of those whose paths answer 503 as well.
  const isSaid = (line: string): boolean => inModel.has(line) || !line.includes('is already its canary of');
  expect(own.filter(isSaid).sort()).to.deep.equal([...inModel].sort());
  // Who had a conflict about names before may have it now for another reason, which is nothing new to tell.
  const disputed = before.problems
    .filter(({ code }) => code === 'alias-conflict')
    .map((known) => showRef(known.object));
  const isNew = (text: string): boolean =>
    !disputed.some(
      (other) =>
        text.startsWith(`${other}: annotation server-alias`) || text.startsWith(`${other}: annotation from-to-www`),
    );
  const ofOthers = findings.map(({ text }) => text).filter((text) => text.startsWith('Ingress '));
  const inModelOfOthers = caused.map((problem) => findingOf(problem, object).text);
  expect(ofOthers.filter(isNew).sort().join('\n')).to.equal(inModelOfOthers.filter(isNew).sort().join('\n'));
  return refused.length > 0 ? 'refused' : 'allowed';
}

describe('admission agrees with the controller', function () {
  this.timeout(120_000);
  let pairs: Pair[];

  before(async () => {
    pairs = [await makePair(['a.test', '*.b.test']), await makePair(['c.test'])];
  });

  for (const [seed, flags] of [
    [1, []],
    [2, ['--isolate-regex']],
    [3, ['--watch-namespace-selector=watched=yes', '--disable-catch-all']],
  ] as const) {
    it(`${REVIEWS} random Ingresses, seed ${seed} ${flags.join(' ')}: the same words, and no trace of the review`, () => {
      const random = seeded(seed);
      const world = new World([], ['--watch-ingress-without-class', '--configmap=ns1/settings', ...flags]);
      const counts = { foreign: 0, refused: 0, allowed: 0 };
      for (let index = 0; counts.foreign + counts.refused + counts.allowed < REVIEWS; index += 1) {
        const raw = randomObject(random, pairs);
        if ((raw as { kind: string }).kind !== 'Ingress') {
          world.apply(raw);
          continue;
        }
        if (random(6) === 0) {
          const { metadata } = raw as { metadata: { namespace: string; name: string } };
          world.graph.invalidate(world.intake.remove('Ingress', keyOf(metadata)));
          world.graph.evaluate();
        }
        const dump = dumpModel(world.refreshed());
        world.verdict(raw);
        expect(dumpModel(world.refreshed()) === dump, 'a review changed the model').to.equal(true);
        try {
          counts[reviewAndApply(world, raw)] += 1;
        } catch (cause) {
          throw new Error(`${String(cause)}\nobject ${index}: ${JSON.stringify(raw)}`, { cause });
        }
      }
      expect(Math.min(counts.refused, counts.allowed), JSON.stringify(counts)).to.be.above(REVIEWS / 20);
    });
  }

  it(`${REVIEWS} hostile Ingresses: the same words, and no trace of the review`, () => {
    const world = new World([
      ingress({ name: 'good', host: 'good.test' }),
      ...workload('web', [{ address: '10.0.0.1', port: 80 }]),
      service('web', { clusterIP: '10.96.0.1' }, 'hostile'),
    ]);
    const counts = { foreign: 0, refused: 0, allowed: 0 };
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    const batch = fc.tuple(...numbers.map(hostileIngress));
    const seed = Number(process.env.SLUICE_SEED ?? 42);
    for (const objects of fc.sample(batch, { numRuns: Math.ceil(REVIEWS / 50), seed })) {
      for (const raw of objects) {
        try {
          counts[reviewAndApply(world, raw)] += 1;
        } catch (cause) {
          throw new Error(`${String(cause)}\n${JSON.stringify(raw)}`, { cause });
        }
      }
    }
    expect(Math.min(counts.refused, counts.allowed), JSON.stringify(counts)).to.be.above(REVIEWS / 20);
  });
});
