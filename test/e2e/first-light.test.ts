import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('first light', () => {
  let pods: Pod[];
  let sluice: Sluice;

  before(async () => {
    pods = [await startPod('one', '127.0.0.21'), await startPod('two', '127.0.0.22')];
    sluice = await startSluice({
      manifests: { 'web.json': [ingress({ name: 'web', host: 'web.test' }), ...workload('web', pods)] },
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of pods) await pod.stop();
  });

  it('serves an Ingress from every endpoint in turn (SVC-07, SVC-08)', async () => {
    const names = new Set<string>();
    for (let i = 0; i < 8; i += 1) names.add((await askEcho({ port: sluice.http, host: 'web.test' })).backend);
    expect([...names].sort()).to.deep.equal(['one', 'two']);
  });

  it('serves a host that appears, and forgets one that goes (DEL-01)', async () => {
    await sluice.write('late.json', [ingress({ name: 'late', host: 'late.test' })]);
    await eventually(() => askEcho({ port: sluice.http, host: 'late.test' }));
    await sluice.remove('late.json');
    await eventually(async () => {
      expect((await ask({ port: sluice.http, host: 'late.test' })).status).to.equal(404);
    });
    expect((await askEcho({ port: sluice.http, host: 'web.test' })).backend).to.be.a('string');
  });
});
