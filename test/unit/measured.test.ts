import { expect } from 'chai';
import { MeasuredRequests } from '../../controller/telemetry/measured.ts';

describe('what was measured of requests', () => {
  it('who asks while nginx leaves another question open waits no longer than it wants to', async () => {
    const hung = new AbortController();
    const asked: string[] = [];
    const requests = new MeasuredRequests({
      series: async (since, signal) => {
        asked.push(since);
        if (asked.length > 1) return { position: 'memory:2', isWhole: true, series: [], overflow: 0 };
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      },
      forgetSeries: () => Promise.resolve(),
    });
    const reason = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
    const first = reason(requests.read(hung.signal));
    const impatient = new AbortController();
    const second = reason(requests.read(impatient.signal));
    impatient.abort(new Error('no longer'));
    expect(String(await second)).to.equal('Error: no longer');
    expect(String(await reason(requests.read(impatient.signal)))).to.equal('Error: no longer');

    const third = requests.read(new AbortController().signal);
    hung.abort(new Error('hung'));
    expect(String(await first)).to.equal('Error: hung');
    expect(await third).to.deep.equal({ series: [], overflow: 0 });
    expect(asked).to.deep.equal(['', '']); // those that gave up asked nothing
  });
});
