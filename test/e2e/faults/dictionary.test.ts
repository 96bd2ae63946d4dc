// More routing state than the dictionary holds: it grows, and nobody notices.
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { startLoad } from '../../support/load.ts';
import { ingress, type PathSpec, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

describe('faults: a full dictionary', function () {
  this.timeout(40_000);
  let pod: Pod;
  let sluice: Sluice;

  const large = (name: string): object => {
    const paths: PathSpec[] = Array.from({ length: 1500 }, (_, i) => ({ path: `/a-rather-long-path/number-${i}` }));
    return ingress({ name, host: `${name}.test`, paths });
  };

  beforeEach(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      flags: ['--state-megabytes=1'],
      manifests: { 'web.json': [ingress({ name: 'web', host: 'web.test' }), ...workload('web', [pod])] },
    });
  });
  afterEach(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('grows without losing a request, and again', async () => {
    const load = startLoad(sluice.http, 'web.test', 4);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await sluice.write(`${name}.json`, [large(name)]);
      const path = '/a-rather-long-path/number-1499/x';
      await eventually(() => askEcho({ port: sluice.http, host: `${name}.test`, path }), 15_000);
    }
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    const { err } = await sluice.logs();
    expect(err)
      .to.contain('the routing state needs more than 1 MB')
      .and.contain('the routing state needs more than 2 MB');
    const { capacity_bytes: capacity } = await sluice.control.status(AbortSignal.timeout(1000));
    expect(capacity).to.be.at.least(4 * 1024 ** 2);
    expect(
      (await askEcho({ port: sluice.http, host: 'a.test', path: '/a-rather-long-path/number-0' })).backend,
    ).to.equal('web');
  });

  it('grows once at a time, when more changes come while it does', async () => {
    const load = startLoad(sluice.http, 'web.test', 4);
    await sluice.write('a.json', [large('a')]);
    await eventually(() => askEcho({ port: sluice.http, host: 'a.test', path: '/a-rather-long-path/number-0' }));
    await sluice.write('b.json', [large('b'), large('c')]);
    await eventually(async () => expect((await sluice.logs()).err).to.contain('needs more than 1 MB'));
    // These meet the full dictionary before the larger one is there.
    for (const name of ['late-0', 'late-1']) {
      await sluice.write(`${name}.json`, [ingress({ name, host: `${name}.test` })]);
    }
    await eventually(() => askEcho({ port: sluice.http, host: 'late-1.test' }), 15_000);
    await load.stop();
    expect(load.lost).to.deep.equal([]);
  });
});
