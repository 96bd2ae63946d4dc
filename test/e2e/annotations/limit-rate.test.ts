import { createServer } from 'node:http';
import { expect } from 'chai';
import { ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { configMap, ingress, service, slices } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { workersOf } from '../../support/workers.ts';

const KIB = 1024;

describe('annotations limit-rate and limit-rate-after', () => {
  let sluice: Sluice;
  let backend: Listener;
  const site = (name: string, annotations: Record<string, string>): object =>
    ingress({ name, host: `${name}.test`, annotations });
  /** Milliseconds that 500 KiB take. */
  const timed = async (host: string): Promise<number> => {
    const start = performance.now();
    const { body } = await ask({ port: sluice.http, host: `${host}.test` });
    expect(body).to.have.length(500 * KIB);
    return performance.now() - start;
  };
  // Half a MiB at 250 KiB/s: the first second's worth goes at once, the rest after one second.
  const SLOW = 900;

  /** A busy machine may take its time, but not always. */
  const fast = (host: string): Promise<unknown> => eventually(async () => expect(await timed(host)).to.be.below(SLOW));

  before(async () => {
    backend = await listen(
      createServer((_, response) => response.end('x'.repeat(500 * KIB))),
      '127.0.0.1',
    );
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'web.json': [
          service('web'),
          ...slices('web', [backend]),
          site('limited', { 'limit-rate': '250', 'proxy-buffering': 'on' }),
          site('started', { 'limit-rate': '250', 'limit-rate-after': '500', 'proxy-buffering': 'on' }),
          site('streamed', { 'limit-rate': '250' }),
          site('off', { 'limit-rate': '0', 'proxy-buffering': 'on' }),
          site('plain', { 'proxy-buffering': 'on' }),
        ],
        'settings.json': [configMap('settings', {})],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await backend.stop();
  });

  it('limit-rate: KiB per second, with proxy-buffering on only', async () => {
    expect(await timed('limited')).to.be.above(SLOW);
    await fast('streamed');
  });

  it('limit-rate-after: KiB at full speed before that', async () => {
    await fast('started');
  });

  it('limit-rate and limit-rate-after of the ConfigMap hold where the annotation says nothing, without a reload', async () => {
    const before = await workersOf(sluice);
    await sluice.write('settings.json', [configMap('settings', { 'limit-rate': '250' })]);
    await eventually(async () => expect(await timed('plain')).to.be.above(SLOW));
    await fast('off');
    await sluice.write('settings.json', [configMap('settings', { 'limit-rate': '250', 'limit-rate-after': '500' })]);
    await fast('plain');
    expect(await workersOf(sluice)).to.deep.equal(before);
  });
});
