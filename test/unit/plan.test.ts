import { expect } from 'chai';
import { selectionOf } from '../../controller/app.ts';
import { after, byOrder, plan, type Running } from '../../controller/apply/plan.ts';
import { stateOf } from '../../controller/apply/state.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { Graph } from '../../controller/model/graph.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { makePair } from '../support/certificates.ts';
import { ingress, opaque, workload } from '../support/objects.ts';

const DATA = {
  healthCheckPath: '/healthz',
  httpsPort: 443,
  dns: { servers: [], search: [], ndots: 1, attempts: 1, timeoutMs: 1000 },
};

describe('plan', () => {
  it('what a value refers to comes before it, and the names that a wildcard or the catch-all would answer for before these', () => {
    const names = [
      'host/_',
      'host/*.a.test',
      'host/b.a.test',
      'aliases',
      'backend/x',
      'certificate/a',
      'pem/1',
      'settings',
    ];
    const order = [
      'settings',
      'pem/1',
      'certificate/a',
      'backend/x',
      'aliases',
      'host/b.a.test',
      'host/*.a.test',
      'host/_',
    ];
    expect(names.sort(byOrder)).to.deep.equal(order);
  });

  it('a host that waits keeps the client certificate that its running value presents', async () => {
    const pair = await makePair(['client.test']);
    const cluster = new Cluster();
    const graph = new Graph(cluster, selectionOf(parseCommandLine(['--watch-ingress-without-class']).flags));
    let running: Running = { state: new Map(), hosts: new Map(), loaded: [new Set()], base: '' };
    const step = (what: 'reloaded' | readonly object[]): ReturnType<typeof plan> => {
      for (const raw of what === 'reloaded' ? [] : what) {
        const result = normalise(raw, 'default');
        if (result.kind === 'object') graph.invalidate(cluster.put(result.object));
      }
      const model = graph.evaluate();
      const state = stateOf(model, DATA);
      if (what === 'reloaded') {
        const { reload } = plan(running, model, state, '');
        running = { ...running, loaded: [reload?.needs ?? new Set()] };
      }
      const wanted = plan(running, model, state, '');
      running = after(running, wanted, state, model);
      return wanted;
    };
    const secret = opaque('client', {
      'ca.crt': pair.certificate,
      'tls.crt': pair.certificate,
      'tls.key': pair.key,
    });
    const annotations = { 'backend-protocol': 'HTTPS', 'proxy-ssl-secret': 'default/client' };
    const objects = [...workload('web', [{ address: '10.0.0.1', port: 443 }]), secret];

    const first = step([...objects, ingress({ name: 'a', host: 'a.test', annotations })]);
    expect(first.held).to.deep.equal(['_', 'a.test']);
    const [pem = ''] = first.upsert.filter((name) => name.startsWith('pem/'));
    expect(pem).to.match(/^pem\/[0-9a-f]{64}$/);
    expect(step('reloaded').upsert).to.include('host/a.test');

    const waiting = step([ingress({ name: 'a', host: 'a.test', annotations: { 'proxy-body-size': '5m' } })]);
    expect(waiting.held).to.deep.equal(['a.test']);
    expect(waiting.remove).to.deep.equal([]);
    expect(step('reloaded').remove).to.deep.equal([pem]);
  });
});
