// Topology-aware routing in a cluster: the zone is that of the node of our own Pod.
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import { type Address, ingress, service } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

const FLAGS = ['--enable-topology-aware-routing'];
const ENVIRONMENT = { POD_NAMESPACE: 'sluice', POD_NAME: 'controller-0' };

describe('topology-aware routing', () => {
  let near: Pod;
  let far: Pod;
  let server: ApiServerDouble;
  let sluice: Sluice | null = null;

  /** Endpoints, each hinted at the zone beside it. */
  const slice = (...endpoints: readonly (readonly [Address, string])[]): object[] =>
    endpoints.map(([{ address, port }, zone]) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `web-${zone}`, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], zone, hints: { forZones: [{ name: zone }] } }],
      ports: [{ name: '', port, protocol: 'TCP' }],
    }));

  const node = (labels: Readonly<Record<string, string>>): object[] => [
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'controller-0', namespace: 'sluice' },
      spec: { nodeName: 'node-1', containers: [{ name: 'controller', image: 'sluice' }] },
    },
  ];

  before(async () => {
    near = await startPod('near', '127.0.0.191');
    far = await startPod('far', '127.0.0.192');
  });
  after(async () => {
    await near?.stop();
    await far?.stop();
  });
  afterEach(async () => {
    await sluice?.stop();
    sluice = null;
    await server.stop();
  });

  async function begin(objects: readonly object[]): Promise<void> {
    server = await startApiServer({});
    server.fill([
      ingress({ name: 'web', host: 'web.test', paths: [{ service: 'web' }] }),
      service('web', { trafficDistribution: 'PreferClose' }),
      ...slice([near, 'z1'], [far, 'z2']),
      ...objects,
    ]);
    sluice = await startSluice({ kubeconfig: server.kubeconfig(), flags: FLAGS, environment: ENVIRONMENT });
  }

  async function served(): Promise<string[]> {
    const backends = new Set<string>();
    for (let index = 0; index < 12; index += 1) {
      backends.add((await askEcho({ port: sluice?.http ?? 0, host: 'web.test' })).backend);
    }
    return [...backends].sort();
  }

  it('uses the other zone while all endpoints of the own one fail, without losing a request', async () => {
    const dying = await startPod('dying', '127.0.0.193');
    try {
      await begin([...node({ 'topology.kubernetes.io/zone': 'z1' }), ...slice([dying, 'z1'])]);
      expect(await served()).to.deep.equal(['dying']);
      await dying.stop();
      for (let round = 0; round < 5; round += 1) expect(await served()).to.deep.equal(['far']);
    } finally {
      await dying.stop();
    }
  });

  it('prefers endpoints for the own zone, and uses the others when there are none', async () => {
    await begin(node({ 'topology.kubernetes.io/zone': 'z1' }));
    expect(await served()).to.deep.equal(['near']);
    server.remove({ kind: 'EndpointSlice', namespace: 'default', name: 'web-z1' });
    await eventually(async () => expect(await served()).to.deep.equal(['far']));
    server.fill(slice([near, 'z1']));
    await eventually(async () => expect(await served()).to.deep.equal(['near']));
  });

  it('uses all endpoints and says so when the zone cannot be known', async () => {
    await begin(node({}));
    expect(await served()).to.deep.equal(['far', 'near']);
    expect((await sluice?.logs())?.err).to.contain('node node-1 has no label topology.kubernetes.io/zone');
  });
});
