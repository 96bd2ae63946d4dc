// Where the addresses of Ingresses come from, and what the flags about them accept.
import { expect } from 'chai';
import {
  type Address,
  rawAddress,
  readIngressStatus,
  sameAddresses,
  sortAddresses,
} from '../../controller/kube/status.ts';
import { addressesOfNode, addressesOfService, addressOf, nodesOfPods } from '../../controller/status/addresses.ts';
import { addressList, goDuration, leaseName } from '../../controller/status/flag-values.ts';
import { pod } from '../support/replicas.ts';

function texts(addresses: readonly Address[]): string[] {
  return addresses.map(({ ip, hostname }) => [hostname, ip].filter((text) => text !== '').join('+'));
}

const service = (spec: object, ingress: unknown = []): object => ({ spec, status: { loadBalancer: { ingress } } });

describe('addresses of Ingresses', () => {
  for (const [title, object, expected] of [
    ['ExternalName: its name', service({ type: 'ExternalName', externalName: 'lb.test' }), ['lb.test']],
    ['ClusterIP', service({ type: 'ClusterIP', clusterIP: '10.0.0.1' }), ['10.0.0.1']],
    ['headless: none', service({ type: 'ClusterIP', clusterIP: 'None' }), []],
    ['no type is ClusterIP', service({ clusterIP: '10.0.0.1' }), ['10.0.0.1']],
    [
      'NodePort: externalIPs',
      service({ type: 'NodePort', clusterIP: '10.0.0.1', externalIPs: ['2.2.2.2'] }),
      ['2.2.2.2'],
    ],
    ['NodePort without them: the cluster IP', service({ type: 'NodePort', clusterIP: '10.0.0.1' }), ['10.0.0.1']],
    [
      'LoadBalancer: its entries whole, then externalIPs, each once',
      service({ type: 'LoadBalancer', clusterIP: '10.0.0.1', externalIPs: ['9.9.9.9', '1.1.1.1'] }, [
        { hostname: 'b.test', ip: '3.3.3.3', ports: [{ port: 80 }] },
        { ip: '1.1.1.1' },
        { hostname: 'a.test' },
      ]),
      ['1.1.1.1', '9.9.9.9', 'a.test', 'b.test+3.3.3.3'],
    ],
    ['LoadBalancer that is pending: none', service({ type: 'LoadBalancer', clusterIP: '10.0.0.1' }), []],
    ['what is no Service: none', null, []],
  ] as const) {
    it(`of a Service: ${title}`, () => expect(texts(addressesOfService(object))).to.deep.equal(expected));
  }

  it('of nodes: those of ready Pods, each once', () => {
    const pods = [
      pod('a', { node: 'n2' }),
      pod('b', { node: 'n1' }),
      pod('c', { node: 'n2' }),
      pod('d', { state: 'unready' }),
    ];
    expect(nodesOfPods(pods)).to.deep.equal(['n1', 'n2']);
  });

  it('of a node: the preferred ones, else the internal ones', () => {
    const addresses = [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'ExternalIP', address: '2001:db8::1' },
      { type: 'Hostname', address: 'n1' },
    ];
    const node = { status: { addresses } };
    expect(texts(addressesOfNode(node, 'ExternalIP'))).to.deep.equal(['2001:db8::1']);
    expect(texts(addressesOfNode(node, 'InternalIP'))).to.deep.equal(['10.0.0.1']);
    expect(texts(addressesOfNode({ status: { addresses: addresses.slice(0, 1) } }, 'ExternalIP'))).to.deep.equal([
      '10.0.0.1',
    ]);
    expect(addressesOfNode({}, 'ExternalIP')).to.deep.equal([]);
  });

  it('are sorted by host name, then address; order and ports make no difference', () => {
    const list = ['b.test', '2.2.2.2', 'a.test', '10.0.0.1', '2.2.2.2'].map(addressOf);
    expect(texts(sortAddresses(list))).to.deep.equal(['10.0.0.1', '2.2.2.2', 'a.test', 'b.test']);
    expect(sameAddresses(list, [...list].reverse())).to.equal(true);
    expect(sameAddresses(list, list.slice(1, 3))).to.equal(false);
    expect(rawAddress(addressOf('a.test'))).to.deep.equal({ hostname: 'a.test' });
  });

  it('are read from the status of an Ingress', () => {
    const raw = {
      metadata: { namespace: 'a', name: 'b', uid: 'u', resourceVersion: '7' },
      status: { loadBalancer: { ingress: [{ ip: '1.1.1.1', ports: [] }, {}, 'x'] } },
    };
    const addresses = [{ ip: '1.1.1.1', hostname: '' }];
    expect(readIngressStatus(raw)).to.deep.equal({ key: 'a/b', uid: 'u', version: '7', addresses });
    expect(readIngressStatus({ metadata: { name: 'b' } })).to.equal(null);
  });
});

describe('flags about election and status', () => {
  it('durations as Go writes them', () => {
    for (const [text, ms] of [
      ['30s', 30_000],
      ['1m30s', 90_000],
      ['1.5h', 5_400_000],
      ['500ms', 500],
      ['-1s', -1000],
      ['0', 0],
      ['0s', 0],
    ] as const) {
      expect(goDuration(text), text).to.deep.equal({ ok: true, value: ms });
    }
    for (const text of ['', '30', 's', '1d', '1s ', '1 s', 'abc']) expect(goDuration(text).ok, text).to.equal(false);
  });

  it('addresses and names of objects', () => {
    expect(addressList('192.0.2.1, lb.test,2001:db8::1,')).to.deep.equal({
      ok: true,
      value: ['192.0.2.1', 'lb.test', '2001:db8::1'].map(addressOf),
    });
    expect(addressList('')).to.deep.equal({ ok: true, value: null });
    expect(addressList('a b').ok).to.equal(false);
    expect(leaseName('a-b.c')).to.deep.equal({ ok: true, value: 'a-b.c' });
    expect(leaseName('A/b').ok).to.equal(false);
  });
});
