import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('access log', () => {
  let pod: Pod;
  let sluice: Sluice;

  before(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      manifests: { 'web.json': [ingress({ name: 'web', host: 'web.test' }), ...workload('web', [pod])] },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod?.stop();
  });

  it('names the upstream as ingress-nginx does', async () => {
    await askEcho({ port: sluice.http, host: 'web.test', path: '/logged' });
    await eventually(async () => {
      const line = (await sluice.logs()).out.split('\n').find((text) => text.includes('/logged'));
      expect(line).to.contain(' [default-web-80] [] ');
    });
  });
});
