// The program on an API server of which nothing is known but its public API: a real one that SLUICE_KUBECONFIG names, or the
// double. Services have no selectors and their slices are written by hand, so that no kubelet and no controller is needed.
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { makePair } from '../support/certificates.ts';
import { ask, askEcho } from '../support/client.ts';
import { CLUSTER_VARIABLE, type Cluster, openCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { refusal } from '../support/kube/api.ts';
import { configMap, type IngressSpec, ingress, secret, service, slices, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';
import { handshake } from '../support/tls.ts';

const FAKE = 'Kubernetes Ingress Controller Fake Certificate';

describe(`a cluster through its public API (${process.env[CLUSTER_VARIABLE] ? 'real' : 'double'})`, function () {
  this.timeout(90_000); // a real one may be far away; and startSluice() shall be the first to say what it waits for

  let cluster: Cluster;
  let sluice: Sluice;
  let [one, two]: Pod[] = [];
  let classes: { own: string; other: string };
  let settings: object;
  /** Every test has one of its own. */
  let namespace: string;

  before(async () => {
    cluster = await openCluster();
    one = await startPod('one', cluster.address);
    two = await startPod('two', cluster.address);
    const own = await cluster.createClass('own');
    const other = await cluster.createClass('other');
    classes = { own: own.name, other: other.name };
    settings = configMap('sluice', {}, await cluster.createNamespace());
    await cluster.api.create(settings);
    const { metadata } = settings as { metadata: { namespace: string } };
    sluice = await startSluice(cluster.options(own.controller, [`--configmap=${metadata.namespace}/sluice`]));
  });
  beforeEach(async () => {
    namespace = await cluster.createNamespace();
  });
  after(async () => {
    await sluice?.stop();
    await one?.stop();
    await two?.stop();
    await cluster?.close();
  });

  function pods(): [Pod, Pod] {
    if (one === undefined || two === undefined) throw new Error('no pods');
    return [one, two];
  }

  function hostOf(name: string): string {
    return `${name}.${namespace}.test`;
  }

  /** An Ingress of our class in the test's namespace, at hostOf() its name. */
  function own(name: string, rest: Partial<IngressSpec> = {}): object {
    return ingress({ name, namespace, host: hostOf(name), className: classes.own, ...rest });
  }

  /** The Service web on the first pod, and an Ingress that leads to it. */
  async function site(name: string): Promise<object> {
    const object = own(name);
    await cluster.api.createAll([...workload('web', [pods()[0]], namespace), object]);
    await answers(hostOf(name), 'one');
    return object;
  }

  async function answers(host: string, backend: string, path = '/'): Promise<void> {
    await eventually(async () => {
      expect((await askEcho({ port: sluice.http, host, path })).backend).to.equal(backend);
    });
  }

  async function status(host: string, path = '/'): Promise<number> {
    return (await ask({ port: sluice.http, host, path })).status;
  }

  async function becomes(code: number, host: string, path = '/'): Promise<void> {
    await eventually(async () => expect(await status(host, path)).to.equal(code));
  }

  it('serves an Ingress once it is created, and 404 once it is deleted (DEL-01)', async () => {
    expect(await status(hostOf('a'))).to.equal(404);
    const object = await site('a');
    await cluster.api.remove(object);
    await becomes(404, hostOf('a'));
  });

  it('follows the endpoints of a slice', async () => {
    const [a, b] = pods();
    await site('a');
    const [first] = slices('web', [a], namespace);
    const [second] = slices('web', [b], namespace);
    await cluster.api.replace({ ...second, metadata: (first as { metadata: object }).metadata });
    await answers(hostOf('a'), 'two');
    await cluster.api.patch(first as object, { endpoints: [] });
    await becomes(503, hostOf('a'));
  });

  it('follows the path and the host of an Ingress', async () => {
    const object = await site('a');
    const { spec: moved } = own('a', { paths: [{ path: '/new' }] }) as { spec: object };
    await cluster.api.patch(object, { spec: moved });
    await becomes(404, hostOf('a'));
    await answers(hostOf('a'), 'one', '/new');
    const { spec: renamed } = own('b') as { spec: object };
    await cluster.api.patch(object, { spec: renamed });
    await answers(hostOf('b'), 'one');
    await becomes(404, hostOf('a'), '/new');
  });

  it('answers 503 while the Service is deleted, and recovers (DEL-02)', async () => {
    await site('a');
    await cluster.api.remove(service('web', {}, namespace));
    await becomes(503, hostOf('a'));
    await cluster.api.create(service('web', {}, namespace));
    await answers(hostOf('a'), 'one');
  });

  it('shows a TLS Secret that is created, renewed and deleted (TLS-13, DEL-03)', async () => {
    const host = hostOf('a');
    const shows = async (commonName: string): Promise<void> => {
      await eventually(async () => expect((await handshake(sluice.https, host)).commonName).to.equal(commonName));
    };
    const tls = [{ hosts: [host], secretName: 'pair' }];
    await cluster.api.createAll([...workload('web', [pods()[0]], namespace), own('a', { tls })]);
    await becomes(308, host);
    await shows(FAKE);
    const object = secret('pair', await makePair([host]), namespace);
    await cluster.api.create(object);
    await shows(host);
    const renewed = secret('pair', await makePair([hostOf('renewed'), host]), namespace);
    await cluster.api.patch(object, { data: (renewed as { data: object }).data });
    await shows(hostOf('renewed'));
    await cluster.api.remove(object);
    await shows(FAKE);
  });

  it('honours class changes live, from field to annotation too (CLASS-06)', async () => {
    const object = await site('a');
    await cluster.api.patch(object, { spec: { ingressClassName: classes.other } });
    await becomes(404, hostOf('a'));
    await cluster.api.patch(object, { spec: { ingressClassName: classes.own } });
    await answers(hostOf('a'), 'one');
    const annotated = (value: string): object =>
      ingress({ name: 'a', namespace, host: hostOf('a'), annotations: { 'kubernetes.io/ingress.class': value } });
    await cluster.api.replace(annotated('somebody-else'));
    await becomes(404, hostOf('a'));
    await cluster.api.replace(annotated(cluster.annotationClass));
    await answers(hostOf('a'), 'one');
  });

  it('leaves an Ingress of another class alone (CLASS-01)', async () => {
    await cluster.api.create(own('other', { className: classes.other }));
    // A watch tells changes in their order: who knows the second has seen the first.
    await site('a');
    expect(await status(hostOf('other'))).to.equal(404);
  });

  it('follows the ConfigMap', async () => {
    const tls = [{ hosts: [hostOf('a')], secretName: 'none' }];
    await cluster.api.createAll([...workload('web', [pods()[0]], namespace), own('a', { tls })]);
    await becomes(308, hostOf('a'));
    await cluster.api.patch(settings, { data: { 'http-redirect-code': '301' } });
    await becomes(301, hostOf('a'));
    await cluster.api.patch(settings, { data: { 'http-redirect-code': '308' } });
    await becomes(308, hostOf('a'));
  });

  it('serves the update that won when another one is refused with a conflict', async () => {
    const stale = await cluster.api.read(await site('a'));
    const withPath = (path: string): object => {
      const { spec } = own('a', { paths: [{ path }] }) as { spec: object };
      return { ...stale, spec };
    };
    await cluster.api.replace(withPath('/winner'));
    expect(await refusal(cluster.api.replace(withPath('/loser')))).to.equal(409);
    // Before, "/" matched both paths.
    await becomes(404, hostOf('a'));
    await answers(hostOf('a'), 'one', '/winner');
    expect(await status(hostOf('a'), '/loser')).to.equal(404);
  });

  it('serves no host of a namespace that is deleted with all that is in it', async () => {
    await site('a');
    await cluster.api.create(own('b'));
    await answers(hostOf('b'), 'one');
    await cluster.api.removeNamespace(namespace);
    await becomes(404, hostOf('a'));
    await becomes(404, hostOf('b'));
  });
});
