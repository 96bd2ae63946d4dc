import { join } from 'node:path';
import { expect } from 'chai';
import { Control, type Position } from '../../controller/apply/control.ts';
import { RUN_FILES } from '../../controller/render/folders.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { type BareNginx, startBareNginx } from '../support/nginx.ts';

const soon = (): AbortSignal => AbortSignal.timeout(10_000);

describe('control API', () => {
  let nginx: BareNginx;
  let pod: Pod;

  const setBackend = (id: string, pods: readonly Pod[]): string =>
    `set backend/${id} ${JSON.stringify({ name: id, endpoints: pods.map(({ address, port }) => ({ address, port })) })}`;
  const route = (backend: string, path: string): object => ({
    match: 'prefix',
    path,
    profile: nginx.profile,
    target: { kind: 'backend', id: backend },
    policy: {
      redirect_to_tls: false,
      preserve_trailing_slash: false,
      max_body_bytes: 0,
      timeouts: { connect: 5, send: 60, read: 60 },
      access_log: true,
      tries: 3,
    },
    namespace: 'default',
    ingress: 'i',
    service: 's',
    port: '80',
    upstream: backend,
  });
  const setHost = (name: string, routes: readonly object[]): string =>
    `set host/${name} ${JSON.stringify({ name, policy: {}, routes })}`;
  const full = async (...lines: string[]): Promise<Position> => {
    const result = await nginx.control.apply('full', ['set settings {}', ...lines], soon());
    if (result.kind !== 'applied') throw new Error('a gap for a full state');
    return result.position;
  };
  const names = async (): Promise<string[]> => JSON.parse(await nginx.control.get('/v1/names', soon())) as string[];
  const status = async (host: string, path = '/'): Promise<number> =>
    (await ask({ port: nginx.http, host, path })).status;

  before(async () => {
    pod = await startPod('web');
    nginx = await startBareNginx();
  });
  after(async () => {
    await nginx?.stop();
    await pod.stop();
  });

  it('explains no question that is none, and finds the catch-all missing before the first state', async () => {
    for (const body of ['', 'nonsense', '[]', '{"host":"a.test"}', '{"host":1,"uri":"/"}']) {
      const error = await nginx.control.explain(Buffer.from(body), soon()).catch((reason: unknown) => reason);
      expect(String(error), body).to.match(/asking the router: 400 .*must be JSON with the texts host and uri/);
    }
    const ask = async (host: string): Promise<unknown> =>
      JSON.parse(await nginx.control.explain(Buffer.from(JSON.stringify({ host, uri: '/' })), soon()));
    expect(await ask('a.test')).to.deep.equal({ kind: 'refused', status: 503 });
    expect(await ask('a b')).to.deep.equal({ kind: 'refused', status: 400 });
  });

  it('nothing is served of the first state before all of it is there', async () => {
    const load = startLoad(nginx.http, 'last.test', 8);
    const hosts = Array.from({ length: 20_000 }, (_, i) => setHost(`${i}.test`, []));
    await full(setBackend('b', [pod]), setHost('_', []), ...hosts, setHost('last.test', [route('b', '/')]));
    await eventually(() => expect(load.served).to.be.above(100));
    await load.stop();
    expect(new Set(load.lost)).to.deep.equal(new Set(['503']));
  });

  it('refuses requests without the secret', async () => {
    const stranger = new Control(join(nginx.runDir, RUN_FILES.control), 'x'.repeat(64));
    const error = await stranger.status(soon()).then(
      () => null,
      (cause: Error) => cause.message,
    );
    expect(error).to.contain('403').and.contain('Sluice-Secret is missing or wrong');
  });

  it('counts the connections of clients, not its own', async () => {
    await eventually(async () => expect(await nginx.control.connections(soon())).to.equal(0));
    const load = startLoad(nginx.http, 'none.test', 2);
    await eventually(async () => expect(await nginx.control.connections(soon())).to.be.within(1, 2));
    await load.stop();
    await eventually(async () => expect(await nginx.control.connections(soon())).to.equal(0));
  });

  it('a full state replaces everything; a change needs the position that it changes', async () => {
    const first = await full(setBackend('a/b/80', [pod]), setHost('one.test', [route('a/b/80', '/')]));
    expect(await status('one.test')).to.equal(200);
    const second = await full(setBackend('a/b/80', [pod]), setHost('two.test', [route('a/b/80', '/')]));
    expect(await status('one.test')).to.equal(503); // not even a catch-all is there
    expect(await status('two.test')).to.equal(200);
    expect(await names()).to.deep.equal(['backend/a/b/80', 'host/two.test', 'settings']);
    expect(second.generation).to.equal(first.generation + 1);

    expect((await nginx.control.apply(first, ['del host/two.test'], soon())).kind).to.equal('gap');
    expect((await nginx.control.apply({ epoch: 'other', generation: second.generation }, [], soon())).kind).to.equal(
      'gap',
    );
    expect(await status('two.test')).to.equal(200);
    expect((await nginx.control.apply(second, ['del host/two.test'], soon())).kind).to.equal('applied');
    expect(await status('two.test')).to.equal(503);
  });

  it('a batch with a bad line changes nothing', async () => {
    const before = await full(setBackend('a/b/80', [pod]), setHost('one.test', [route('a/b/80', '/')]));
    for (const bad of ['nonsense', 'set host/x', 'drop host/one.test']) {
      const error = await nginx.control.apply(before, ['del host/one.test', bad], soon()).then(
        () => null,
        (cause: Error) => cause.message,
      );
      expect(error, bad).to.contain('400');
    }
    expect(await status('one.test')).to.equal(200);
    expect((await nginx.control.status(soon())).generation).to.equal(before.generation);
  });

  it('values of any size arrive whole: thousands of routes in one host', async () => {
    const many = Array.from({ length: 2000 }, (_, i) => route('a/b/80', `/path-number-${i}`));
    await full(setBackend('a/b/80', [pod]), setHost('large.test', many));
    expect(await status('large.test', '/path-number-0')).to.equal(200);
    expect(await status('large.test', '/path-number-1999/x')).to.equal(200);
    expect(await status('large.test', '/path-number-2000')).to.equal(404);
  });

  it('no request sees a half-applied state, while hosts move between backends', async () => {
    let position = await full(setBackend('a/b/0', [pod]), setHost('moving.test', [route('a/b/0', '/')]));
    const load = startLoad(nginx.http, 'moving.test');
    for (let i = 1; i <= 200; i += 1) {
      const lines = [
        setBackend(`a/b/${i}`, [pod]),
        setHost('moving.test', [route(`a/b/${i}`, '/')]),
        `del backend/a/b/${i - 1}`,
      ];
      const result = await nginx.control.apply(position, lines, soon());
      if (result.kind !== 'applied') throw new Error('a gap');
      position = result.position;
    }
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    expect(load.served).to.be.above(100);
  });

  it('what an apply answered is in force for every request that begins afterwards, in every worker', async () => {
    let position = await full(setBackend('a/b/80', [pod]));
    for (let i = 0; i < 20; i += 1) {
      const isThere = i % 2 === 0;
      const line = isThere ? setHost('flip.test', [route('a/b/80', '/')]) : 'del host/flip.test';
      const result = await nginx.control.apply(position, [line], soon());
      if (result.kind !== 'applied') throw new Error('a gap');
      position = result.position;
      const statuses = await Promise.all(Array.from({ length: 8 }, () => status('flip.test')));
      expect(new Set(statuses)).to.deep.equal(new Set([isThere ? 200 : 503]));
    }
  });

  it('shows the backends as tools for ingress-nginx read them', async () => {
    await full(setBackend('shop/web/80', [pod]));
    expect(JSON.parse(await nginx.control.get('/configuration/backends', soon()))).to.deep.equal([
      { name: 'shop/web/80', port: '80', endpoints: [{ address: pod.address, port: String(pod.port) }] },
    ]);
  });

  it('never gives keys back', async () => {
    await full('set pem/abc {"chain":"c","key":"secret-key"}');
    expect(await names()).to.include('pem/abc');
    const error = await nginx.control.get('/v1/state/pem/abc', soon()).then(
      (text) => text,
      (cause: Error) => cause.message,
    );
    expect(error).to.contain('404').and.not.contain('secret-key');
  });
});

describe('control API with a full dictionary', () => {
  let nginx: BareNginx;
  before(async () => {
    nginx = await startBareNginx({ stateMegabytes: 1 });
  });
  after(() => nginx?.stop());

  it('refuses a batch that does not fit and keeps what it had', async () => {
    const value = (size: number): string => JSON.stringify({ name: 'x', filler: 'y'.repeat(size) });
    const first = await nginx.control.apply('full', [`set host/kept ${value(1000)}`], soon());
    if (first.kind !== 'applied') throw new Error('a gap');
    const many = Array.from({ length: 40 }, (_, i) => `set host/h${i} ${value(60_000)}`);
    const refused = await nginx.control.apply(first.position, [`set host/kept ${value(30_000)}`, ...many], soon());
    expect(refused.kind).to.equal('full');
    expect(JSON.parse(await nginx.control.get('/v1/names', soon()))).to.deep.equal(['host/kept']);
    expect(await nginx.control.get('/v1/state/host/kept', soon())).to.equal(`${value(1000)}\n`);
    // The space of the batch is free again.
    const second = await nginx.control.apply(first.position, [`set host/kept ${value(200_000)}`], soon());
    expect(second.kind).to.equal('applied');
  });
});
