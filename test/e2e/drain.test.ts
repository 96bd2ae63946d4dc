import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask } from '../support/client.ts';
import { ingress, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('drain', () => {
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

  async function connectionHeaders(): Promise<Set<string | undefined>> {
    const answers = await Promise.all(
      Array.from({ length: 16 }, () =>
        ask({ port: sluice.http, host: 'web.test', headers: { Connection: 'keep-alive' } }),
      ),
    );
    return new Set(answers.map(({ headers }) => headers.connection));
  }

  it('asks HTTP/1 clients to reconnect in every worker at once, and stops at once', async () => {
    const { signal } = new AbortController();
    expect([...(await connectionHeaders())]).to.deep.equal(['keep-alive']);
    await sluice.control.drain('on', signal);
    expect([...(await connectionHeaders())]).to.deep.equal(['close']);
    await sluice.control.drain('off', signal);
    expect([...(await connectionHeaders())]).to.deep.equal(['keep-alive']);
  });
});
