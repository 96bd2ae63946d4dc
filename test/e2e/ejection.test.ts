// Passive ejection: endpoints that fail again and again are left out for a while, in all workers.
import { createServer } from 'node:http';
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Listener, listen } from '../support/listener.ts';
import { type Address, configMap, site } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

const text = ({ address, port }: Address): string => `${address}:${port}`;

describe('passive ejection', () => {
  let sluice: Sluice;
  const pods: Pod[] = [];
  let hanging: Listener;
  let hung = 0;
  let rounds = 0;

  const dead = (address: string): Address => ({ address, port: pods[0]?.port ?? 0 }); // nobody listens there

  /** Asks this often, one after the other, and counts the tries of an endpoint in the access log. */
  async function triesOf(endpoint: Address, host: string, count: number): Promise<number> {
    rounds += 1;
    const mark = `/${host}-${rounds}-`;
    for (let index = 0; index < count; index += 1) {
      await askEcho({ port: sluice.http, host: `${host}.test`, path: `${mark}${index}` });
    }
    return eventually(async () => {
      const logged = (await sluice.logs()).out.split('\n').filter((line) => line.includes(`GET ${mark}`));
      if (logged.length < count) throw new Error(`${logged.length} of ${count} lines`);
      return logged.filter((line) => line.includes(text(endpoint))).length;
    });
  }

  const leftOut = async (host: string): Promise<string[]> =>
    Object.keys((await sluice.control.ejections(AbortSignal.timeout(1000))).endpoints)
      .filter((key) => key.startsWith(`default-${host}-80 `))
      .map((key) => key.split(' ')[1] ?? '');

  before(async () => {
    for (const index of [1, 2, 3]) pods.push(await startPod(`pod-${index}`, `127.0.0.${170 + index}`));
    hanging = await listen(
      createServer(() => {
        hung += 1; // and never answers
      }),
      '127.0.0.179',
    );
    const [one] = pods as [Pod];
    sluice = await startSluice({
      manifests: {
        'config.json': [configMap('sluice', { 'worker-processes': '2' })],
        'refusing.json': site('refusing', [...pods, dead('127.0.0.180')]),
        'hanging.json': site('hanging', [...pods, hanging], { 'proxy-read-timeout': '1' }),
        'most.json': site('most', [one, dead('127.0.0.181'), dead('127.0.0.182'), dead('127.0.0.183')]),
        'only.json': site('only', [dead('127.0.0.184')]),
        'hashed.json': site('hashed', [...pods, dead('127.0.0.185')], { 'upstream-hash-by': '$request_uri' }),
        'back.json': site('back', [one, dead('127.0.0.186')]),
      },
      flags: ['--configmap=default/sluice'],
    });
  });
  after(async () => {
    await sluice?.stop();
    await hanging?.stop();
    for (const pod of pods) await pod.stop();
  });

  it('leaves out an endpoint that refuses, in both workers', async () => {
    const endpoint = dead('127.0.0.180');
    expect(await triesOf(endpoint, 'refusing', 40)).to.be.within(3, 8);
    expect(await leftOut('refusing')).to.include(text(endpoint));
    const { total } = await sluice.control.ejections(AbortSignal.timeout(1000));
    expect(total).to.be.above(0);
    const metrics = await (await fetch(`http://127.0.0.1:${sluice.health}/metrics`)).text();
    expect(metrics)
      .to.match(/^sluice_ejected_endpoints [1-9]/m)
      .and.match(/^sluice_ejections_total [1-9]/m);
  });

  it('leaves out an endpoint that times out', async () => {
    const asked = Array.from({ length: 32 }, (_, index) =>
      askEcho({ port: sluice.http, host: 'hanging.test', path: `/hang-${index}` }),
    );
    for (const answer of await Promise.all(asked)) expect(answer.backend).to.match(/^pod-/);
    expect(hung).to.be.above(2);
    await eventually(async () => expect(await leftOut('hanging')).to.include(text(hanging)));
    const before = hung;
    const second = Array.from({ length: 32 }, (_, index) =>
      askEcho({ port: sluice.http, host: 'hanging.test', path: `/hang-again-${index}` }),
    );
    await Promise.all(second);
    expect(hung - before).to.be.below(8); // 8 by turns
  });

  it('never leaves out more than half of a backend, and an only endpoint not at all', async () => {
    // Three dead ones are as many as there are tries: some requests fail until both workers leave two of them out.
    await eventually(async () => {
      for (let index = 0; index < 30; index += 1) {
        expect((await askEcho({ port: sluice.http, host: 'most.test' })).backend).to.equal('pod-1');
      }
    });
    // Were all three left out, none of them would be tried.
    const tried = [181, 182, 183].map((last) => triesOf(dead(`127.0.0.${last}`), 'most', 20));
    expect((await Promise.all(tried)).some((tries) => tries > 0)).to.equal(true);
    for (let index = 0; index < 10; index += 1) {
      expect((await ask({ port: sluice.http, host: 'only.test' })).status).to.equal(502);
    }
    const only = await listen(
      createServer((_, response) => response.end('back')),
      '127.0.0.184',
      pods[0]?.port,
    );
    try {
      expect((await ask({ port: sluice.http, host: 'only.test' })).body).to.equal('back');
    } finally {
      await only.stop();
    }
  });

  it('hashed keys of the endpoint go to the next one of the ring meanwhile', async () => {
    expect(await triesOf(dead('127.0.0.185'), 'hashed', 60)).to.be.within(3, 10);
  });

  it('takes an endpoint back that answers again', async () => {
    const endpoint = dead('127.0.0.186');
    await triesOf(endpoint, 'back', 20);
    expect(await leftOut('back')).to.include(text(endpoint));
    const alive = await startPod('alive', endpoint.address, endpoint.port);
    try {
      await eventually(async () => {
        expect((await askEcho({ port: sluice.http, host: 'back.test' })).backend).to.equal('alive');
      }, 15_000);
      await eventually(async () => expect(await triesOf(endpoint, 'back', 40)).to.be.within(18, 22));
      expect(await leftOut('back')).to.not.include(text(endpoint));
    } finally {
      await alive.stop();
    }
  });

  it('passive-ejection false in the ConfigMap switches it off, without a reload', async () => {
    await sluice.write('config.json', [configMap('sluice', { 'worker-processes': '2', 'passive-ejection': 'false' })]);
    const endpoint = dead('127.0.0.187');
    await sluice.write('off.json', site('off', [...pods, endpoint]));
    await eventually(() => askEcho({ port: sluice.http, host: 'off.test' }));
    expect(await triesOf(endpoint, 'off', 40)).to.be.within(11, 15); // each turn of four is three requests
    expect(await leftOut('off')).to.not.include(text(endpoint));
  });
});
