import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { ingress, service, slices, workload } from '../support/objects.ts';
import { freePorts } from '../support/ports.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('Services', () => {
  let sluice: Sluice;
  let pods: Pod[];
  let six: Pod;

  const path = (name: string): object => ingress({ name, host: `${name}.test`, paths: [{ service: name }] });
  const served = async (name: string): Promise<string> =>
    (await askEcho({ port: sluice.http, host: `${name}.test` })).backend;

  before(async () => {
    pods = [await startPod('one', '127.0.0.41'), await startPod('two', '127.0.0.42')];
    six = await startPod('six', '::1');
    const [one] = pods as [Pod, Pod];
    const kinds = {
      'cluster-ip': { clusterIP: '10.96.0.1' },
      headless: { clusterIP: 'None' },
      'node-port': { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
      'load-balancer': { type: 'LoadBalancer' },
      'external-ips': { externalIPs: ['192.0.2.1'] },
    };
    sluice = await startSluice({
      manifests: {
        'kinds.json': Object.entries(kinds).flatMap(([name, spec]) => [
          path(name),
          service(name, spec),
          ...slices(name, [one]),
        ]),
        'hand.json': [
          path('hand'),
          service('hand'),
          {
            apiVersion: 'v1',
            kind: 'Endpoints',
            metadata: { name: 'hand' },
            subsets: [{ addresses: [{ ip: one.address }], ports: [{ port: one.port }] }],
          },
        ],
        'dual.json': [
          path('dual'),
          ...workload('dual', [one]),
          {
            apiVersion: 'discovery.k8s.io/v1',
            kind: 'EndpointSlice',
            metadata: { name: 'dual-6', labels: { 'kubernetes.io/service-name': 'dual' } },
            addressType: 'IPv6',
            endpoints: [{ addresses: ['::1'] }],
            ports: [{ port: six.port }],
          },
        ],
        'moving.json': [path('moving'), ...workload('moving', [one])],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of [...pods, six]) await pod.stop();
  });

  for (const kind of ['cluster-ip', 'headless', 'node-port', 'load-balancer', 'external-ips', 'hand']) {
    it(`${kind} is served from its endpoints (SVC-07)`, async () => {
      expect(await served(kind)).to.equal('one');
    });
  }

  it('IPv4 and IPv6 endpoints serve together (SVC-04)', async () => {
    const names = new Set<string>();
    for (let i = 0; i < 8; i += 1) names.add(await served('dual'));
    expect([...names].sort()).to.deep.equal(['one', 'six']);
  });

  it('endpoint changes are live without a reload, and no request is lost meanwhile (SVC-07)', async () => {
    const [one, two] = pods as [Pod, Pod];
    const load = startLoad(sluice.http, 'moving.test');
    for (const [wanted, members] of [
      ['two', [two]],
      ['one', [one]],
      ['two', [two]],
    ] as const) {
      await sluice.write('moving.json', [path('moving'), ...workload('moving', members)]);
      await eventually(async () => expect(await served('moving')).to.equal(wanted));
    }
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    expect((await sluice.logs()).err).to.not.contain('nginx reloaded');
  });

  it('a request goes to another endpoint when one refuses the connection (GLOB-01)', async () => {
    const [two] = pods.slice(1) as [Pod];
    const [dead] = await freePorts(1);
    await sluice.write('retry.json', [
      path('retry'),
      ...workload('retry', [two, { address: '127.0.0.43', port: dead ?? 1 }]),
    ]);
    await eventually(() => served('retry'));
    for (let i = 0; i < 10; i += 1) expect(await served('retry')).to.equal('two');
    const tried = `127.0.0.43:${dead}, ${two.address}:${two.port}`;
    await eventually(async () => expect((await sluice.logs()).out).to.contain(tried));
  });

  it('answers 502 when every endpoint refuses', async () => {
    const [dead] = await freePorts(1);
    await sluice.write('dead.json', [path('dead'), ...workload('dead', [{ address: '127.0.0.44', port: dead ?? 1 }])]);
    await eventually(async () => expect((await ask({ port: sluice.http, host: 'dead.test' })).status).to.equal(502));
  });
});
