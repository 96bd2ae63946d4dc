// The API server double itself, over plain HTTP: lists, watches, and what it does on demand.
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import type { RawObject } from '../support/kube/raw.ts';
import { type ApiServerDouble, type ApiServerOptions, startApiServer } from '../support/kube/server.ts';
import type { Status } from '../support/kube/status.ts';
import { configMap, secret, service } from '../support/objects.ts';

interface List {
  readonly kind: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly RawObject[];
}

interface Event {
  readonly type: string;
  readonly object: RawObject;
}

/** Reads a watch in the background. */
class Reader {
  readonly events: Event[] = [];
  text = '';
  state: 'open' | 'ended' | 'broken' = 'open';

  constructor(response: Response) {
    void this.#read(response.body as ReadableStream<Uint8Array>);
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of body) {
        const text = decoder.decode(chunk, { stream: true });
        this.text += text;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.startsWith('{"type":"')) this.events.push(JSON.parse(line) as Event);
      }
      this.state = 'ended';
    } catch {
      this.state = 'broken';
    }
  }

  /** "ADDED a", in order; bookmarks without a name. */
  get lines(): string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());
  }
}

describe('API server double', () => {
  const running: ApiServerDouble[] = [];

  async function start(options: ApiServerOptions = {}): Promise<ApiServerDouble> {
    const server = await startApiServer(options);
    running.push(server);
    return server;
  }

  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
  });

  async function list(server: ApiServerDouble, path: string): Promise<List> {
    const response = await fetch(`${server.url}${path}`);
    expect(response.status).to.equal(200);
    return (await response.json()) as List;
  }

  async function failure(server: ApiServerDouble, path: string, init: RequestInit = {}): Promise<Status> {
    const response = await fetch(`${server.url}${path}`, init);
    const status = (await response.json()) as Status;
    expect(status).to.include({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: response.status });
    return status;
  }

  async function watch(server: ApiServerDouble, path: string): Promise<Reader> {
    const response = await fetch(`${server.url}${path}${path.includes('?') ? '&' : '?'}watch=1`);
    expect(response.status).to.equal(200);
    return new Reader(response);
  }

  const names = ({ items }: List): (string | undefined)[] => items.map(({ metadata }) => metadata.name);

  it('lists a namespace and the cluster, items without kind and with managed fields', async () => {
    const server = await start();
    server.fill([service('b'), service('a'), service('c', {}, 'other')]);
    const cluster = await list(server, '/api/v1/services');
    expect(cluster.kind).to.equal('ServiceList');
    expect(names(cluster)).to.deep.equal(['a', 'b', 'c']);
    expect(cluster.metadata.resourceVersion).to.equal(String(server.revision));
    expect(cluster.items[0]).to.not.have.any.keys('kind', 'apiVersion');
    expect(cluster.items[0]?.metadata.managedFields).to.have.length(1);
    expect(names(await list(server, '/api/v1/namespaces/other/services'))).to.deep.equal(['c']);
  });

  it('gives every change of any kind a higher resource version', async () => {
    const server = await start();
    const first = server.put(service('a'));
    const second = server.put(configMap('a', {}));
    expect(Number(second.metadata.resourceVersion)).to.be.above(Number(first.metadata.resourceVersion));
    const again = server.put(configMap('a', { key: 'value' }));
    expect(Number(again.metadata.resourceVersion)).to.be.above(Number(second.metadata.resourceVersion));
    expect(again.metadata.uid).to.equal(second.metadata.uid);
  });

  it('pages over a consistent snapshot', async () => {
    const server = await start();
    server.fill(['a', 'b', 'c', 'd', 'e'].map((name) => service(name)));
    const first = await list(server, '/api/v1/services?limit=2');
    expect(names(first)).to.deep.equal(['a', 'b']);
    expect(first.metadata.remainingItemCount).to.equal(3);
    server.remove({ kind: 'Service', name: 'c' });
    server.put(service('bb'));
    const second = await list(server, `/api/v1/services?limit=2&continue=${first.metadata.continue}`);
    expect(names(second)).to.deep.equal(['c', 'd']);
    expect(second.metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
    const third = await list(server, `/api/v1/services?limit=2&continue=${second.metadata.continue}`);
    expect(names(third)).to.deep.equal(['e']);
    expect(third.metadata.continue).to.equal(undefined);
  });

  it('answers an expired continue token with 410 and one that goes on inconsistently', async () => {
    const server = await start();
    server.fill(['a', 'b', 'c'].map((name) => service(name)));
    const first = await list(server, '/api/v1/services?limit=1');
    server.put(service('bb'));
    server.compact();
    const status = await failure(server, `/api/v1/services?limit=1&continue=${first.metadata.continue}`);
    expect(status).to.include({ code: 410, reason: 'Expired' });
    const rest = await list(server, `/api/v1/services?continue=${status.metadata.continue}`);
    expect(names(rest)).to.deep.equal(['b', 'bb', 'c']);
  });

  it('lists at exact, older and future resource versions', async () => {
    const server = await start();
    const { metadata } = server.put(service('a'));
    server.put(service('b'));
    const at = (query: string): string => `/api/v1/services?resourceVersion=${query}`;
    expect(names(await list(server, at(`${metadata.resourceVersion}&resourceVersionMatch=Exact`)))).to.deep.equal([
      'a',
    ]);
    expect(names(await list(server, at(`${metadata.resourceVersion}`)))).to.deep.equal(['a', 'b']);
    expect(names(await list(server, at('0&limit=1')))).to.deep.equal(['a', 'b']);
    expect(await failure(server, at(String(server.revision + 1)))).to.include({ code: 504, reason: 'Timeout' });
    server.compact();
    expect(await failure(server, at(`${metadata.resourceVersion}&resourceVersionMatch=Exact`))).to.include({
      code: 410,
    });
    expect(await failure(server, '/api/v1/services?resourceVersionMatch=Exact')).to.include({ code: 422 });
  });

  it('selects by labels and fields', async () => {
    const server = await start();
    server.put({ ...secret('tls', { certificate: '', key: '' }) });
    server.put({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'helm.sh/release.v1',
      metadata: { name: 'helm', labels: { owner: 'helm' } },
    });
    const select = async (query: string): Promise<unknown> => names(await list(server, `/api/v1/secrets?${query}`));
    expect(await select('fieldSelector=type!%3Dhelm.sh/release.v1')).to.deep.equal(['tls']);
    expect(await select('fieldSelector=metadata.name%3Dhelm,metadata.namespace%3Ddefault')).to.deep.equal(['helm']);
    expect(await select('labelSelector=owner')).to.deep.equal(['helm']);
    expect(await select('labelSelector=!owner')).to.deep.equal(['tls']);
    expect(await select('labelSelector=owner%20in%20(helm,other)')).to.deep.equal(['helm']);
    expect(await select('labelSelector=owner%20notin%20(helm,other),x!%3Dy')).to.deep.equal(['tls']);
    expect(await failure(server, '/api/v1/secrets?fieldSelector=data%3Dx')).to.include({ code: 400 });
    expect((await list(server, '/api/v1/secrets?limit=1&labelSelector=x!%3Dy')).metadata).to.not.have.property(
      'remainingItemCount',
    );
  });

  it('watches from a resource version: what was missed, then what comes', async () => {
    const server = await start();
    server.put(service('a'));
    const from = server.revision;
    server.put(service('b'));
    const reader = await watch(server, `/api/v1/services?resourceVersion=${from}`);
    server.put(service('b', { type: 'NodePort' }));
    server.put(configMap('x', {}));
    server.remove({ kind: 'Service', name: 'a' });
    await eventually(() => expect(reader.lines).to.deep.equal(['ADDED b', 'MODIFIED b', 'DELETED a']));
    expect(reader.events[2]?.object.metadata.resourceVersion).to.equal(String(server.revision));
    expect(reader.events[0]?.object).to.include({ kind: 'Service', apiVersion: 'v1' });
  });

  it('watches without a resource version: the state, then what comes', async () => {
    const server = await start();
    server.fill([service('a'), service('b', {}, 'other')]);
    const reader = await watch(server, '/api/v1/namespaces/default/services');
    server.put(service('c'));
    server.put(service('d', {}, 'other'));
    server.put(service('e'));
    await eventually(() => expect(reader.lines).to.deep.equal(['ADDED a', 'ADDED c', 'ADDED e']));
  });

  it('turns a change of what a selector sees into ADDED and DELETED', async () => {
    const server = await start();
    const object = (labels: object): object => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'a', labels },
    });
    const from = server.put(object({})).metadata.resourceVersion;
    const reader = await watch(server, `/api/v1/namespaces?resourceVersion=${from}&labelSelector=on%3Dyes`);
    server.put(object({ on: 'yes' }));
    server.put(object({ on: 'yes', more: 'x' }));
    server.put(object({ on: 'no' }));
    await eventually(() => expect(reader.lines).to.deep.equal(['ADDED a', 'MODIFIED a', 'DELETED a']));
    expect(reader.events[2]?.object.metadata).to.deep.include({ resourceVersion: String(server.revision) });
    expect(reader.events[2]?.object.metadata.labels).to.include({ on: 'yes' });
  });

  it('sends bookmarks to who asks for them, by the clock and on demand', async () => {
    const server = await start({ bookmarkEvery: 5 });
    const plain = await watch(server, `/api/v1/services?resourceVersion=${server.revision}`);
    const reader = await watch(server, `/api/v1/services?resourceVersion=${server.revision}&allowWatchBookmarks=true`);
    await eventually(() => expect(reader.events.length).to.be.above(1));
    server.put(configMap('x', {}));
    server.bookmark();
    await eventually(() =>
      expect(reader.events.at(-1)).to.deep.include({
        type: 'BOOKMARK',
        object: {
          kind: 'Service',
          apiVersion: 'v1',
          metadata: { resourceVersion: String(server.revision), creationTimestamp: null },
        },
      }),
    );
    expect(plain.lines).to.deep.equal([]);
  });

  it('streams the initial state and marks its end', async () => {
    const server = await start();
    server.put(service('a'));
    const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const reader = await watch(server, `/api/v1/services?${query}`);
    await eventually(() => expect(reader.lines).to.deep.equal(['ADDED a', 'BOOKMARK']));
    expect(reader.events[1]?.object.metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
    expect(await failure(server, '/api/v1/services?watch=1&sendInitialEvents=true')).to.include({ code: 422 });
  });

  it('says 410 for a forgotten resource version, in an event or as HTTP status', async () => {
    for (const expiredWatch of ['event', 'status'] as const) {
      const server = await start({ expiredWatch, history: 2 });
      const from = server.revision;
      server.fill([service('a'), service('b'), service('c')]);
      const path = `/api/v1/services?watch=1&resourceVersion=${from}`;
      if (expiredWatch === 'status') {
        expect(await failure(server, path)).to.include({ code: 410, reason: 'Expired' });
      } else {
        const reader = await watch(server, path);
        await eventually(() => expect(reader.state).to.equal('ended'));
        expect(reader.events[0]).to.have.nested.include({ type: 'ERROR', 'object.code': 410 });
      }
    }
  });

  it('ends watches after timeoutSeconds', async () => {
    const server = await start();
    const reader = await watch(server, '/api/v1/services?timeoutSeconds=1');
    await eventually(() => expect(reader.state).to.equal('ended'));
  });

  it('ends, cuts, freezes, truncates, garbles and expires open watches', async () => {
    const server = await start();
    const open = (): Promise<Reader> => watch(server, `/api/v1/services?resourceVersion=${server.revision}`);
    const ended = await open();
    expect(server.disturbWatches('end')).to.equal(1);
    await eventually(() => expect(ended.state).to.equal('ended'));
    await eventually(() => expect(server.watches()).to.equal(0));
    const cut = await open();
    server.disturbWatches('reset', { resource: 'services' });
    await eventually(() => expect(cut.state).to.equal('broken'));
    const truncated = await open();
    server.disturbWatches('truncate');
    await eventually(() => expect(truncated.state).to.equal('ended'));
    expect(() => JSON.parse(truncated.text)).to.throw();
    const expired = await open();
    server.disturbWatches('expire');
    await eventually(() => expect(expired.events[0]).to.have.nested.include({ 'object.code': 410 }));

    const frozen = await open();
    server.disturbWatches('freeze');
    const garbled = await open();
    server.disturbWatches('garble');
    server.put(service('a'));
    await eventually(() => expect(garbled.lines).to.deep.equal(['ADDED a']));
    expect(garbled.text).to.match(/^\{"type":MODIFIED/);
    expect(frozen).to.include({ text: '', state: 'open' });
    expect(server.watches({ resource: 'services', verb: 'watch' })).to.equal(2);
  });

  it('fails on demand, per resource, verb and namespace, and as often as asked', async () => {
    const server = await start();
    const end = server.fault({ kind: 'too-many-requests', retryAfterSeconds: 3 }, { resource: 'services' });
    const response = await fetch(`${server.url}/api/v1/services`);
    expect(response.headers.get('retry-after')).to.equal('3');
    expect(response.status).to.equal(429);
    await list(server, '/api/v1/secrets');
    end();
    await list(server, '/api/v1/services');

    server.fault({ kind: 'server-error', code: 503 }, { times: 1 });
    expect(await failure(server, '/api/v1/services')).to.include({ code: 503 });
    await list(server, '/api/v1/services');

    server.fault({ kind: 'forbidden' }, { resource: 'services', verb: 'list', namespace: '' });
    const denied = await failure(server, '/api/v1/services');
    expect(denied).to.include({ code: 403, reason: 'Forbidden' });
    expect(denied.message).to.match(/^services is forbidden: User ".*" cannot list .* at the cluster scope$/);
    await list(server, '/api/v1/namespaces/default/services');
    server.clearFaults();

    server.fault({ kind: 'gone' }, { verb: 'watch' });
    expect(await failure(server, '/api/v1/services?watch=1')).to.include({ code: 410 });
    expect(server.requests({ resource: 'services', verb: 'list' })).to.have.length(6);
    expect(server.requests({ verb: 'watch' })).to.have.length(1);
  });

  it('damages, cuts, delays and holds answers', async () => {
    const server = await start();
    server.put(service('a'));
    const get = (): Promise<unknown> => fetch(`${server.url}/api/v1/services`).then((response) => response.json());
    const fails = async (): Promise<boolean> =>
      get().then(
        () => false,
        () => true,
      );
    for (const kind of ['reset', 'truncated', 'malformed'] as const) {
      server.fault({ kind }, { times: 1 });
      expect(await fails(), kind).to.equal(true);
    }
    server.fault({ kind: 'slow', milliseconds: 1 }, { times: 1 });
    await get();
    const release = server.fault({ kind: 'held' });
    let answered = 'no';
    const asked = get().then(() => {
      answered = 'yes';
    });
    await eventually(() => expect(server.requests()).to.have.length(5));
    expect(answered).to.equal('no');
    release();
    await asked;
    server.fault({ kind: 'silent' }, { verb: 'watch' });
    const reader = await watch(server, '/api/v1/services');
    server.put(service('b'));
    expect(reader).to.include({ text: '', state: 'open' });
  });

  it('asks for the token', async () => {
    const server = await start({ token: 'one' });
    expect(await failure(server, '/version')).to.include({ code: 401, reason: 'Unauthorized' });
    const headers = { Authorization: 'Bearer one' };
    expect((await fetch(`${server.url}/version`, { headers })).status).to.equal(200);
    server.setToken('two');
    expect(await failure(server, '/api/v1/services', { headers })).to.include({ code: 401 });
  });

  it('stops and starts again on its port, with its history or another', async () => {
    const server = await start();
    const uid = server.put(service('a')).metadata.uid;
    const from = server.revision;
    const reader = await watch(server, '/api/v1/services');
    await server.stop();
    await eventually(() => expect(reader.state).to.equal('broken'));
    let refused = '';
    await fetch(server.url).catch((error: Error) => {
      refused = (error.cause as NodeJS.ErrnoException).code ?? '';
    });
    expect(refused).to.equal('ECONNREFUSED');
    server.put(service('b'));
    await server.start();
    const missed = await watch(server, `/api/v1/services?resourceVersion=${from}`);
    await eventually(() => expect(missed.lines).to.deep.equal(['ADDED b']));
    for (let count = 0; count < 10; count += 1) server.put(service('c', { count }));
    const late = server.revision;
    await server.stop();
    await server.start('replaced');
    expect(server.revision).to.be.below(late);
    expect(server.get({ kind: 'Service', name: 'a' })?.metadata.uid).to.equal(uid);
    expect(await failure(server, `/api/v1/services?resourceVersion=${late}`)).to.include({ code: 504 });
    const future = await watch(server, `/api/v1/services?resourceVersion=${late}`);
    while (server.revision <= late) server.put(service('c', { count: server.revision }));
    await eventually(() => expect(future.lines).to.deep.equal(['MODIFIED c']));
  });

  it('is filled with 10,000 objects within a second of processor time', async () => {
    const server = await start();
    const objects = Array.from({ length: 10_000 }, (_, index) => service(`s${index}`));
    const began = process.cpuUsage();
    server.fill(objects);
    // Not by the clock: other suites may run beside this one.
    expect(process.cpuUsage(began).user / 1000).to.be.below(1000);
    expect(server.count('Service')).to.equal(10_000);
    expect((await list(server, '/api/v1/services')).items).to.have.length(10_000);
  });
});
