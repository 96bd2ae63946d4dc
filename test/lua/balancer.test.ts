// How the algorithms spread requests, over a hundred endpoints of the real balancer: one server that takes every loopback
// address plays them all.
import { Agent, createServer, request } from 'node:http';
import { expect } from 'chai';
import { type Listener, listen } from '../support/listener.ts';
import { type BareNginx, startBareNginx } from '../support/nginx.ts';
import { oldRing } from '../support/old-ring.ts';

const soon = (): AbortSignal => AbortSignal.timeout(10_000);
const CLIENTS = 16;
const SLOW_MS = 200;

describe('balancer', function () {
  this.timeout(60_000);
  let nginx: BareNginx;
  let everywhere: Listener;
  /** The endpoint that answers late. */
  let slow = '';
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const addresses = Array.from({ length: 100 }, (_, index) => `127.1.0.${index + 1}`);

  before(async () => {
    everywhere = await listen(
      createServer(({ socket }, response) => {
        const answer = (): void => void response.end(socket.localAddress);
        if (socket.localAddress === slow) AbortSignal.timeout(SLOW_MS).addEventListener('abort', answer);
        else answer();
      }),
      '0.0.0.0',
    );
    nginx = await startBareNginx();
  });
  after(async () => {
    agent.destroy();
    await nginx?.stop();
    await everywhere?.stop();
  });

  async function serve(policy: object, endpoints: readonly string[], draining: readonly string[] = []): Promise<void> {
    const at = (address: string) => ({ address, port: everywhere.port });
    const backend = { name: 'b', policy, endpoints: endpoints.map(at), draining: draining.map(at) };
    const route = {
      match: 'prefix',
      path: '/',
      profile: nginx.profile,
      target: { kind: 'backend', id: 'b' },
      policy: {
        max_body_bytes: 0,
        tries: 3,
        timeouts: { connect: 5, send: 60, read: 60 },
        access_log: true,
        issues_session: true,
      },
      namespace: '',
      ingress: '',
      service: '',
      port: '',
      upstream: '',
    };
    const lines = [
      'set settings {}',
      `set backend/b ${JSON.stringify(backend)}`,
      `set host/b.test ${JSON.stringify({ name: 'b.test', policy: {}, routes: [route] })}`,
    ];
    expect((await nginx.control.apply('full', lines, soon())).kind).to.equal('applied');
  }

  function ask(path: string, headers: Record<string, string> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { agent, port: nginx.http, path, headers: { Host: 'b.test', ...headers } },
        (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => {
            body += chunk.toString();
          });
          response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))));
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  /** The endpoint of each path. */
  async function askAll(paths: readonly string[]): Promise<Map<string, string>> {
    const answers = new Map<string, string>();
    const left = [...paths];
    const client = async (): Promise<void> => {
      for (let path = left.pop(); path !== undefined; path = left.pop()) answers.set(path, await ask(path));
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    return answers;
  }

  const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `/item-${index}`);

  function loads(answers: ReadonlyMap<string, string>): number[] {
    const counts = new Map(addresses.map((address) => [address, 0]));
    for (const endpoint of answers.values()) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    return [...counts.values()];
  }

  it('round robin is even', async () => {
    await serve({}, addresses);
    const counts = loads(await askAll(numbered(4000)));
    // Each worker is exactly even by itself; two of them may end anywhere in their turn.
    for (const count of counts) expect(count).to.be.within(38, 42);
  });

  const hashBy = { hash_by: [{ variable: 'request_uri' }] };

  it('consistent hashing follows the ring of ingress-nginx, and no endpoint gets twice the mean', async () => {
    await serve(hashBy, addresses);
    const answers = await askAll(numbered(4000));
    const ring = oldRing(addresses.map((address) => `${address}:${everywhere.port}`));
    for (const [path, endpoint] of answers) expect(`${endpoint}:${everywhere.port}`, path).to.equal(ring(path));
    expect(Math.max(...loads(answers)) / 40).to.be.below(2);
  });

  it('consistent hashing: when one of 100 endpoints leaves, its keys move and no others: at most 1.5 percent', async () => {
    await serve(hashBy, addresses);
    const paths = numbered(4000);
    const before = await askAll(paths);
    // Several, one at a time: how much one of them has depends on where its points fell.
    let total = 0;
    const leavers = [addresses[0], addresses[33], addresses[66], addresses[99]];
    for (const gone of leavers) {
      await serve(
        hashBy,
        addresses.filter((address) => address !== gone),
      );
      const after = await askAll(paths);
      const moved = paths.filter((path) => before.get(path) !== after.get(path));
      for (const path of moved) expect(before.get(path)).to.equal(gone);
      total += moved.length;
    }
    expect(total / leavers.length / paths.length).to.be.within(0.005, 0.015);
    // And back: the same ring as before.
    await serve(hashBy, addresses);
    expect(await askAll(paths)).to.deep.equal(before);
  });

  it('subset hashing: when one of 100 endpoints leaves, at most one endpoint of each subset changes', async () => {
    const policy = { ...hashBy, hash_subset: 3 };
    const subsetsOf = async (): Promise<Map<number, Set<string>>> => {
      const subsets = new Map<number, Set<string>>();
      for (let key = 0; key < 40; key += 1) {
        const members = new Set<string>();
        // Of three members one is missed by 64 draws once in 10^11 times.
        for (let repeat = 0; repeat < 8; repeat += 1) {
          const answers = await Promise.all(Array.from({ length: 8 }, () => ask(`/key-${key}`)));
          for (const endpoint of answers) members.add(endpoint);
        }
        subsets.set(key, members);
      }
      return subsets;
    };
    await serve(policy, addresses);
    const before = await subsetsOf();
    for (const members of before.values()) expect(members.size).to.equal(3);
    const [gone = ''] = [...(before.get(0) ?? [])];
    await serve(
      policy,
      addresses.filter((address) => address !== gone),
    );
    let changed = 0;
    for (const [key, members] of await subsetsOf()) {
      const kept = before.get(key)?.intersection(members).size;
      expect(kept, `key ${key}`).to.equal(before.get(key)?.has(gone) ? 2 : 3);
      if (kept === 2) changed += 1;
    }
    expect(changed).to.be.within(1, 10);
  });

  it('balanced sessions begin on ready endpoints only, evenly, though half of the ring is draining', async () => {
    const session = { session_cookie: { name: 's', secure: false, conditional_none: false, change_on_failure: false } };
    const [ready, draining] = [addresses.slice(0, 50), addresses.slice(50)];
    await serve(session, ready, draining);
    const counts = loads(await askAll(numbered(2000)));
    expect(counts.slice(50).filter((count) => count > 0)).to.deep.equal([]);
    expect(Math.max(...counts) / 40).to.be.below(2);
  });

  it('ewma: a slow endpoint of ten gets less than 2 percent of the requests, 10 by turns', async () => {
    const ten = addresses.slice(0, 10);
    const shareOfSlow = async (policy: object): Promise<number> => {
      await serve(policy, ten);
      await askAll(numbered(200));
      const answers = await askAll(numbered(3000));
      return [...answers.values()].filter((endpoint) => endpoint === slow).length / answers.size;
    };
    slow = ten[3] ?? '';
    try {
      expect(await shareOfSlow({})).to.be.within(0.09, 0.11);
      expect(await shareOfSlow({ load_balance: 'ewma' })).to.be.below(0.02);
    } finally {
      slow = '';
    }
  });

  it('a thousand endpoints make a ring too', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => `127.2.${index >> 8}.${index & 255}`);
    await serve(hashBy, many);
    const started = performance.now();
    await ask('/first'); // compiles the backend
    const milliseconds = performance.now() - started;
    const ring = oldRing(many.map((address) => `${address}:${everywhere.port}`));
    for (const path of numbered(30)) expect(`${await ask(path)}:${everywhere.port}`).to.equal(ring(path));
    expect(milliseconds).to.be.below(500);
  });
});
