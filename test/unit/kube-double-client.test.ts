// The API server double through the official client: what that understands is real enough.
import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  makeInformer,
  NetworkingV1Api,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Lease,
  V1MicroTime,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { type ApiServerDouble, type ApiServerOptions, startApiServer } from '../support/kube/server.ts';
import { configMap, ingress, secret } from '../support/objects.ts';

/** The code and reason with which a call fails. */
async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    // The client drops the body of a 401.
    if (error.body === undefined) return String(error.code);
    const { reason } = JSON.parse(error.body as string) as { reason: string };
    return `${error.code} ${reason}`;
  }
}

describe('API server double, through the official client', () => {
  const endings: (() => unknown)[] = [];

  async function start(options: ApiServerOptions = {}): Promise<{ server: ApiServerDouble; config: KubeConfig }> {
    const server = await startApiServer({ scheme: 'https', ...options });
    endings.push(() => server.stop());
    const config = new KubeConfig();
    config.loadFromString(server.kubeconfig());
    return { server, config };
  }

  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  it('reads the kubeconfig, trusts the certificate and sends the token', async () => {
    const { server, config } = await start({ token: 'secret' });
    expect((await config.makeApiClient(VersionApi).getCode()).gitVersion).to.match(/^v1\./);
    const core = config.makeApiClient(CoreV1Api);
    expect((await core.listServiceForAllNamespaces()).items).to.deep.equal([]);
    server.setToken('another');
    expect(await refusal(core.listServiceForAllNamespaces())).to.equal('401');
  });

  it('lists in chunks and selects by fields, over plain HTTP too', async () => {
    const { server, config } = await start({ scheme: 'http' });
    const core = config.makeApiClient(CoreV1Api);
    server.fill(['a', 'b', 'c'].map((name) => secret(name, { certificate: 'x', key: 'y' })));
    server.put({ apiVersion: 'v1', kind: 'Secret', type: 'helm.sh/release.v1', metadata: { name: 'helm' } });
    const first = await core.listSecretForAllNamespaces({ limit: 3 });
    expect(first.metadata?.remainingItemCount).to.equal(1);
    const second = await core.listSecretForAllNamespaces({ limit: 3, _continue: first.metadata?._continue ?? '' });
    expect([...first.items, ...second.items].map(({ metadata }) => metadata?.name)).to.deep.equal([
      'a',
      'b',
      'c',
      'helm',
    ]);
    const selected = await core.listSecretForAllNamespaces({ fieldSelector: 'type!=helm.sh/release.v1' });
    expect(selected.items).to.have.length(3);
    expect(selected.items[0]?.metadata?.creationTimestamp).to.be.instanceOf(Date);
    expect(selected.items[0]?.metadata?.managedFields?.[0]?.manager).to.equal('test');
  });

  it('creates, replaces, patches the status, meets a conflict, deletes', async () => {
    const { server, config } = await start();
    const networking = config.makeApiClient(NetworkingV1Api);
    const namespace = 'default';
    const body = ingress({ name: 'web', host: 'a.test' });
    const created = await networking.createNamespacedIngress({ namespace, body });
    expect(await refusal(networking.createNamespacedIngress({ namespace, body }))).to.equal('409 AlreadyExists');
    const status = { status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } };
    await networking.patchNamespacedIngressStatus(
      { namespace, name: 'web', body: status },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    const operations = [{ op: 'add', path: '/metadata/labels', value: { a: 'b' } }];
    const patched = await networking.patchNamespacedIngress({ namespace, name: 'web', body: operations });
    expect(patched.status).to.deep.equal(status.status);
    expect(patched.metadata).to.deep.include({ labels: { a: 'b' }, generation: 1 });
    const stale = networking.replaceNamespacedIngress({ namespace, name: 'web', body: created });
    expect(await refusal(stale)).to.equal('409 Conflict');
    const { metadata } = await networking.replaceNamespacedIngress({ namespace, name: 'web', body: patched });
    expect(metadata?.resourceVersion).to.equal(patched.metadata?.resourceVersion);
    await networking.deleteNamespacedIngress({ namespace, name: 'web' });
    expect(await refusal(networking.readNamespacedIngress({ namespace, name: 'web' }))).to.equal('404 NotFound');
    expect(server.count('Ingress')).to.equal(0);
  });

  it('takes a Lease and writes an Event', async () => {
    const { server, config } = await start();
    const coordination = config.makeApiClient(CoordinationV1Api);
    const namespace = 'ingress-nginx';
    const lease = (holderIdentity: string): V1Lease => ({
      metadata: { name: 'leader' },
      spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: new V1MicroTime() },
    });
    const held = await coordination.createNamespacedLease({ namespace, body: lease('one') });
    const renewed = { ...held, spec: { ...held.spec, renewTime: new V1MicroTime() } };
    await coordination.replaceNamespacedLease({ namespace, name: 'leader', body: renewed });
    const late = coordination.replaceNamespacedLease({ namespace, name: 'leader', body: held });
    expect(await refusal(late)).to.equal('409 Conflict');
    await config.makeApiClient(CoreV1Api).createNamespacedEvent({
      namespace,
      body: {
        metadata: { generateName: 'web.' },
        involvedObject: { kind: 'Ingress', namespace, name: 'web' },
        reason: 'Sync',
        firstTimestamp: new Date(),
      },
    });
    expect(server.list('Event')[0]).to.include({ reason: 'Sync' });
  });

  it('watches from a list, through bookmarks, to "410 Gone"', async () => {
    const { server, config } = await start();
    server.put(configMap('a', {}));
    const path = '/api/v1/configmaps';
    const { metadata } = await config.makeApiClient(CoreV1Api).listConfigMapForAllNamespaces();
    const resourceVersion = metadata?.resourceVersion ?? '';
    const events: string[] = [];
    let ended = false;
    const open = async (query: object): Promise<void> => {
      const abort = await new Watch(config).watch(
        path,
        { ...query },
        (type, object) => {
          events.push(`${type} ${object.metadata?.name ?? object.code ?? ''}`.trim());
        },
        () => {
          ended = true;
        },
      );
      endings.push(() => abort.abort());
    };
    await open({ resourceVersion, allowWatchBookmarks: true });
    server.put(configMap('b', {}));
    server.put(configMap('b', { key: 'value' }));
    server.bookmark();
    server.remove({ kind: 'ConfigMap', name: 'a' });
    await eventually(() => expect(events).to.deep.equal(['ADDED b', 'MODIFIED b', 'BOOKMARK', 'DELETED a']));
    server.disturbWatches('end');
    await eventually(() => expect(ended).to.equal(true));
    server.compact();
    await open({ resourceVersion });
    await eventually(() => expect(events.at(-1)).to.equal('ERROR 410'));
  });

  it('keeps an informer informed through lost watches and a lost history', async () => {
    const { server, config } = await start();
    server.put(configMap('a', {}));
    const core = config.makeApiClient(CoreV1Api);
    const informer = makeInformer<V1ConfigMap>(config, '/api/v1/configmaps', () =>
      core.listConfigMapForAllNamespaces(),
    );
    const cached = (): unknown[] => informer.list().map((object) => object.metadata?.name);
    await informer.start();
    endings.push(() => informer.stop());
    server.put(configMap('b', {}));
    await eventually(() => expect(cached()).to.have.members(['a', 'b']));
    server.disturbWatches('end');
    server.remove({ kind: 'ConfigMap', name: 'a' });
    await eventually(() => expect(cached()).to.deep.equal(['b']));
    await eventually(() => expect(server.watches()).to.equal(1));
    const lists = server.requests({ verb: 'list' }).length;
    server.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
    server.compact();
    server.disturbWatches('end');
    server.put(configMap('c', {}));
    await eventually(() => expect(cached()).to.have.members(['b', 'c']));
    expect(server.requests({ verb: 'list' }).length).to.be.above(lists);
  });
});
