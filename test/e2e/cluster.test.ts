// The program on a cluster: the API server double with real list and watch, served through nginx.
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type ApiServerDouble, type ApiServerOptions, startApiServer } from '../support/kube/server.ts';
import { configMap, ingress, service, site, slices, workload } from '../support/objects.ts';
import { type Options, runSluice, type Sluice, startSluice } from '../support/sluice.ts';

function ingressClass(name: string, controller = 'k8s.io/ingress-nginx'): object {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name }, spec: { controller } };
}

describe('a cluster as the source', () => {
  let [one, two]: Pod[] = [];
  let server: ApiServerDouble;
  let sluice: Sluice | null = null;

  before(async () => {
    [one, two] = [await startPod('one'), await startPod('two')];
  });
  after(async () => {
    await one?.stop();
    await two?.stop();
  });
  afterEach(async () => {
    await sluice?.stop();
    sluice = null;
    await server.stop();
  });

  async function begin(objects: readonly object[], options: ApiServerOptions = {}): Promise<void> {
    server = await startApiServer(options);
    server.fill(objects);
  }

  async function started(options: Options = {}): Promise<Sluice> {
    sluice = await startSluice({ kubeconfig: server.kubeconfig(), ...options });
    return sluice;
  }

  function pods(): [Pod, Pod] {
    if (one === undefined || two === undefined) throw new Error('no pods');
    return [one, two];
  }

  async function answers(host: string, name: string): Promise<void> {
    await eventually(async () => {
      expect((await askEcho({ port: sluice?.http ?? 0, host })).backend).to.equal(name);
    });
  }

  async function status(host: string): Promise<number> {
    return (await ask({ port: sluice?.http ?? 0, host })).status;
  }

  async function says(text: string | RegExp): Promise<void> {
    await eventually(async () => expect((await sluice?.logs())?.err ?? '').to.match(new RegExp(text)));
  }

  it('serves what it lists, over TLS and with a token, and is ready only then', async () => {
    const [a] = pods();
    await begin(site('a', [a]), { scheme: 'https', token: 'a-token' });
    await started();
    expect((await askEcho({ port: sluice?.http ?? 0, host: 'a.test' })).backend).to.equal('one');
    // Ingresses come last: everything that they refer to was there when they were seen.
    const listed = server.requests({ verb: 'list' }).map(({ resource }) => resource.plural);
    expect(listed.at(-1)).to.equal('ingresses');
    expect(listed).to.have.members([
      'ingressclasses',
      'configmaps',
      'secrets',
      'services',
      'endpointslices',
      'ingresses',
    ]);
  });

  it('follows endpoints, Ingresses and the ConfigMap live', async () => {
    const [a, b] = pods();
    await begin([...workload('web', [a]), configMap('sluice', {}), ingress({ name: 'a', host: 'a.test' })]);
    await started({ flags: ['--configmap=default/sluice'] });
    await answers('a.test', 'one');
    const [first] = slices('web', [a]);
    const [second] = slices('web', [b]);
    server.put({ ...second, metadata: (first as { metadata: object }).metadata });
    await answers('a.test', 'two');
    server.put(ingress({ name: 'b', host: 'b.test' }));
    await answers('b.test', 'two');
    server.put(configMap('sluice', { 'proxy-body-size': '1' }));
    await eventually(async () => {
      const { status: code } = await ask({ port: sluice?.http ?? 0, host: 'b.test', method: 'POST', body: 'xx' });
      expect(code).to.equal(413);
    });
    server.remove({ kind: 'Ingress', namespace: 'default', name: 'a' });
    await eventually(async () => expect(await status('a.test')).to.equal(404));
  });

  it('goes on serving and stays ready while the API server is away, and catches up', async () => {
    const [a, b] = pods();
    await begin([...site('a', [a]), ...site('gone', [a])]);
    await started();
    await answers('a.test', 'one');
    await server.stop();
    await says(`problem: error api-unreachable: ApiServer ${server.url}: cannot be followed`);
    await answers('a.test', 'one');
    expect((await ask({ port: sluice?.health ?? 0, path: '/readyz' })).status).to.equal(200);
    expect((await ask({ port: sluice?.health ?? 0, path: '/metrics' })).body).to.contain(
      'sluice_problems{severity="error",code="api-unreachable"} 1',
    );
    server.remove({ kind: 'Ingress', namespace: 'default', name: 'gone' });
    server.fill(site('b', [b]));
    await server.start();
    await answers('b.test', 'two');
    await eventually(async () => expect(await status('gone.test')).to.equal(404));
    await says('solved: error api-unreachable');
  });

  it('takes up the other history of a server that was restored', async () => {
    const [a, b] = pods();
    await begin([...site('a', [a]), ...site('gone', [a])]);
    await started();
    await answers('a.test', 'one');
    await server.stop();
    await says('problem: error api-unreachable');
    server.remove({ kind: 'Ingress', namespace: 'default', name: 'gone' });
    await server.start('replaced');
    await eventually(async () => {
      expect(await status('a.test')).to.equal(200);
      expect(await status('gone.test')).to.equal(404);
    });
    server.fill(site('b', [b]));
    await answers('b.test', 'two');
  });

  it('goes by the annotation where IngressClasses may not be listed (CLASS-05)', async () => {
    const [a] = pods();
    const annotated = (name: string, value: string): object =>
      ingress({
        name,
        host: `${name}.test`,
        className: 'nginx',
        annotations: { 'kubernetes.io/ingress.class': value },
      });
    await begin([...workload('web', [a]), ingressClass('nginx'), annotated('a', 'nginx'), annotated('b', 'other')]);
    server.fault({ kind: 'forbidden' }, { resource: 'ingressclasses' });
    await started();
    await answers('a.test', 'one');
    expect(await status('b.test')).to.equal(404);
    await says('problem: warning kind-forbidden: ApiResource ingressclasses.networking.k8s.io: 403 ');
  });

  it('goes by the IngressClass where there is one', async () => {
    const [a] = pods();
    await begin([
      ...workload('web', [a]),
      ingressClass('nginx'),
      ingressClass('other', 'example.com/other'),
      ingress({ name: 'a', host: 'a.test', className: 'nginx' }),
      ingress({ name: 'b', host: 'b.test', className: 'other' }),
    ]);
    await started();
    await answers('a.test', 'one');
    expect(await status('b.test')).to.equal(404);
  });

  it('is alive but not ready, and says why, until it may list all that it needs', async () => {
    const [a] = pods();
    await begin(site('a', [a]));
    const release = server.fault({ kind: 'forbidden' }, { resource: 'secrets' });
    await started({ until: 'healthy' });
    await says('problem: error kind-forbidden: ApiResource secrets: 403 secrets is forbidden.*grant list and watch');
    expect((await ask({ port: sluice?.health ?? 0, path: '/readyz' })).status).to.equal(503);
    expect(server.requests({ resource: 'ingresses' })).to.have.length(0);
    release();
    await answers('a.test', 'one');
    await eventually(async () => {
      expect((await ask({ port: sluice?.health ?? 0, path: '/readyz' })).status).to.equal(200);
    });
  });

  it('ends at once while it still waits for its first list', async () => {
    await begin([]);
    server.fault({ kind: 'held' }, { resource: 'services' });
    await started({ until: 'healthy' });
    await eventually(() => expect(server.requests({ resource: 'services' })).to.not.be.empty);
    expect(await sluice?.stop()).to.equal(0);
    sluice = null;
  });

  it('reads one namespace only with --watch-namespace, and says what that leaves out', async () => {
    const [a] = pods();
    await begin([
      ...workload('web', [a], 'one'),
      ingress({ name: 'a', namespace: 'one', host: 'a.test' }),
      ...workload('web', [a], 'two'),
      ingress({ name: 'b', namespace: 'two', host: 'b.test' }),
    ]);
    await started({ flags: ['--watch-namespace=one', '--configmap=two/sluice'] });
    await answers('a.test', 'one');
    expect(await status('b.test')).to.equal(404);
    const cluster = server.requests({ namespace: '' }).map(({ resource }) => resource.plural);
    expect([...new Set(cluster)]).to.deep.equal(['ingressclasses']);
    await says('--configmap=two/sluice has no effect: only namespace one is read');
  });

  it('follows the labels of namespaces with --watch-namespace-selector', async () => {
    const [a] = pods();
    const namespace = (team: string): object => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'one', labels: { team } },
    });
    await begin([
      namespace('a'),
      ...workload('web', [a], 'one'),
      ingress({ name: 'a', namespace: 'one', host: 'a.test' }),
    ]);
    await started({ flags: ['--watch-namespace-selector=team=a'] });
    await answers('a.test', 'one');
    server.put(namespace('b'));
    await eventually(async () => expect(await status('a.test')).to.equal(404));
  });

  it('refuses loopback endpoints, which in a cluster are an attack', async () => {
    const [a] = pods();
    await begin(site('a', [a]));
    await started({ flags: ['--allow-loopback-endpoints=false'] });
    await eventually(async () => expect(await status('a.test')).to.equal(503));
    await says('address-refused');
  });

  it('keeps the last good version of an object that it cannot read', async () => {
    const [a] = pods();
    await begin([...site('a', [a])]);
    await started();
    await answers('a.test', 'one');
    server.put(service('a', { ports: [{ port: 80 }], type: 'Telepathy' }));
    await says('problem: error object-refused: Service default/a: spec.type: .*its last good version is served');
    await answers('a.test', 'one');
  });

  it('render reads a cluster once', async () => {
    const [a] = pods();
    await begin([...site('a', [a]), ingressClass('nginx')]);
    const args = ['render', `--apiserver-host=${server.url}`, '--watch-ingress-without-class'];
    const { status: code, out } = await runSluice([...args, '--allow-loopback-endpoints']);
    expect(code).to.equal(0);
    expect(out).to.contain('# host/a.test {"name":"a.test"');
    server.fault({ kind: 'forbidden' }, { resource: 'secrets' });
    const refused = await runSluice(args);
    expect(refused.status).to.equal(69);
    expect(refused.err).to.match(/GET \/api\/v1\/secrets\?\S+ failed: 403 secrets is forbidden/);
  });

  it('refuses two sources, and a kubeconfig that is not there', async () => {
    await begin([]);
    const both = await runSluice(['--manifests=x', `--apiserver-host=${server.url}`]);
    expect(both.status).to.equal(64);
    expect(both.err).to.contain('--manifests and a cluster (--kubeconfig, --apiserver-host) exclude each other');
    const missing = await runSluice(['render', '--kubeconfig=missing/config']);
    expect(missing.status).to.equal(64);
    expect(missing.err).to.contain('--kubeconfig: missing/config cannot be read: ENOENT');
  });

  it('says that it waits for the API server, and starts once that is there', async () => {
    const [a] = pods();
    await begin(site('a', [a]));
    await server.stop();
    await started({ until: 'healthy' });
    await says('GET /version failed: .*ECONNREFUSED.*attempt 1, the next in 1000 ms');
    await server.start();
    await answers('a.test', 'one');
  });
});
