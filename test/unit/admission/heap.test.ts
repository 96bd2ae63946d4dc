// Reviews leave nothing behind in memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { Desk } from '../../../controller/admission/desk.ts';
import { reviewOf, World } from '../../support/admission.ts';
import { ingress, workload } from '../../support/objects.ts';

const REVIEWS = 2000;

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** New hosts, paths of a shared host, and mistakes; none like another. */
function subject(number: number): object {
  const name = `n${number}`;
  switch (number % 3) {
    case 0:
      return ingress({
        name,
        host: `${name}.test`,
        annotations: { 'server-alias': `a${name}.test`, 'ssl-ciphers': 'HIGH' },
      });
    case 1:
      return ingress({
        name,
        host: 'shared.test',
        paths: [{ path: `/${name}` }],
        annotations: { 'rewrite-target': '/$1' },
      });
    default:
      return ingress({
        name,
        host: 'shared.test',
        paths: [{ path: '/(' }],
        annotations: { 'server-snippet': name, [name]: 'x' },
      });
  }
}

describe('admission: memory', () => {
  it(`${REVIEWS} reviews leave no more on the heap than a rounding error`, async function () {
    this.timeout(60_000);
    const many = Array.from({ length: 100 }, (_, index) =>
      ingress({ name: `s${index}`, host: 'shared.test', paths: [{ path: `/p${index}` }] }),
    );
    const state = new World([...workload('web', [{ address: '10.0.0.1', port: 80 }]), ...many]).state();
    const desk = new Desk({ state: () => state, onReviewed: () => {} });
    const { signal } = new AbortController();
    const round = async (from: number): Promise<number> => {
      for (let number = from; number < from + REVIEWS; number += 1) {
        await desk.review(JSON.stringify(reviewOf(subject(number))), signal);
      }
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = await round(0);
    const after = await round(REVIEWS);
    // Keeping but 500 bytes of each would be a megabyte.
    expect((after - before) / 1024 ** 2).to.be.below(1);
  });
});
