// Each call of gRPC is balanced, also those of one client connection; WebSockets are balanced one by one.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ServerCredentials, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { makePair, type Pair } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { type GrpcClient, type GrpcPod, openGrpc, type Shown, startGrpc } from '../../support/grpc.ts';
import { type Address, configMap, ingress, secret, service, site, slices } from '../../support/objects.ts';
import { freePorts } from '../../support/ports.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';
import { notePlaces, startWebSocketPod, type WebSocketPod } from '../../support/websocket.ts';

const ALGORITHMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  turns: {},
  ewma: { 'load-balance': 'ewma' },
  hash: { 'upstream-hash-by': '$http_x_user' },
  subset: {
    'upstream-hash-by': '$http_x_user',
    'upstream-hash-by-subset': 'true',
    'upstream-hash-by-subset-size': '2',
  },
  sticky: { affinity: 'cookie' },
};
const CLUSTER_IP = 'cluster-ip';
const COUNT = 12;

/** A site whose ClusterIP is the last Pod, which is not among its endpoints. */
function clusterIpSite(pods: readonly Address[], annotations: Readonly<Record<string, string>>): object[] {
  const [last, ...rest] = [...pods].reverse();
  return [
    ingress({
      name: CLUSTER_IP,
      host: `${CLUSTER_IP}.test`,
      paths: [{ service: CLUSTER_IP, port: last?.port ?? 0 }],
      annotations: { ...annotations, 'service-upstream': 'true' },
    }),
    service(CLUSTER_IP, { clusterIP: last?.address, ports: [{ port: last?.port }] }),
    ...slices(CLUSTER_IP, rest),
  ];
}

/** How often each value stands in a list. */
function tally(values: readonly string[]): Map<string, number> {
  return new Map([...Map.groupBy(values, (value) => value)].map(([value, { length }]) => [value, length]));
}

describe('streams are balanced one by one', () => {
  let sluice: Sluice;
  let calls: GrpcPod[];
  let chats: WebSocketPod[];
  let pair: Pair;
  let client: GrpcClient | null = null;
  const open: WebSocket[] = [];
  let opened = 0;
  /** Path of a WebSocket → address of its Pod. */
  const places = new Map<string, string>();

  before(async () => {
    const [grpcPort = 0, chatPort = 0] = await freePorts(2);
    const addresses = [1, 2, 3].map((number) => `127.0.0.${200 + number}`);
    const credentials = ServerCredentials.createInsecure();
    calls = await Promise.all(addresses.map((address) => startGrpc(address, credentials, grpcPort)));
    chats = await Promise.all(addresses.map((address) => startWebSocketPod(address, chatPort)));
    for (const pod of chats) notePlaces(pod, places);
    const names = [...Object.keys(ALGORITHMS), CLUSTER_IP];
    pair = await makePair(names.map((name) => `${name}-grpc.test`).concat(`${CLUSTER_IP}.test`));
    const grpc = { 'backend-protocol': 'GRPC' };
    const sites = Object.entries(ALGORITHMS).flatMap(([name, annotations]) => [
      ...site(`${name}-grpc`, calls, { ...annotations, ...grpc }),
      ...site(`${name}-chat`, chats, annotations),
    ]);
    sluice = await startSluice({
      flags: ['--configmap=default/sluice', '--default-ssl-certificate=default/tls'],
      manifests: {
        // One worker, so that turns are exact.
        'config.json': [configMap('sluice', { 'worker-processes': '1' })],
        'tls.json': [secret('tls', pair)],
        'sites.json': sites,
        'cluster-ip.json': clusterIpSite(calls, grpc),
      },
    });
  });
  afterEach(() => {
    client?.close();
    client = null;
    for (const socket of open.splice(0)) socket.terminate();
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of calls) pod.stop();
    for (const pod of chats) await pod.stop();
  });

  /** The Pods that answered calls on one connection, in their order. */
  async function called(name: string, users: readonly string[]): Promise<string[]> {
    client?.close();
    const fresh = openGrpc(sluice.https, `${name}.test`, pair.certificate);
    client = fresh;
    const pods: string[] = [];
    for (const user of users) {
      const answer = await fresh.call('show', 'hello', { 'x-user': user });
      if (answer.status.code !== status.OK) throw new Error(answer.status.details);
      pods.push((JSON.parse(answer.message?.toString() ?? '') as Shown).address);
    }
    return pods;
  }

  /** Opens a WebSocket; its Pod, and the cookie that came with it. */
  async function connected(name: string, headers: Record<string, string>): Promise<{ pod: string; cookie: string }> {
    opened += 1;
    const path = `/${opened}`;
    const socket = new WebSocket(`ws://127.0.0.1:${sluice.http}${path}`, {
      headers: { Host: `${name}.test`, ...headers },
    });
    open.push(socket);
    const upgraded = once(socket, 'upgrade') as Promise<[IncomingMessage]>;
    const [answer] = await upgraded;
    return { pod: places.get(path) ?? '', cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '' };
  }

  // Enough that no Pod is without any by chance.
  const people = Array.from({ length: 60 }, (_, index) => `user-${index}`);
  const same = Array.from({ length: COUNT }, () => 'ann');

  const KINDS = {
    'gRPC calls on one connection': (name: string, users: readonly string[]) => called(`${name}-grpc`, users),
    WebSockets: async (name: string, users: readonly string[]) => {
      const pods: string[] = [];
      for (const user of users) pods.push((await connected(`${name}-chat`, { 'X-User': user })).pod);
      return pods;
    },
  };
  for (const [kind, served] of Object.entries(KINDS)) {
    it(`${kind}: round robin takes turns exactly`, async () => {
      expect([...tally(await served('turns', same)).values()]).to.deep.equal([4, 4, 4]);
    });

    it(`${kind}: ewma spreads them`, async () => {
      expect(tally(await served('ewma', same)).size).to.be.at.least(2);
    });

    it(`${kind}: upstream-hash-by keeps a text on one Pod, and others on theirs`, async () => {
      expect(tally(await served('hash', same)).size).to.equal(1);
      const first = await served('hash', people);
      expect(tally(first).size).to.equal(3);
      expect(await served('hash', people)).to.deep.equal(first);
    });

    it(`${kind}: upstream-hash-by-subset keeps a text on its subset`, async () => {
      const pods = [...(await served('subset', same)), ...(await served('subset', same))];
      expect(tally(pods).size).to.equal(2);
    });
  }

  it('WebSockets: a session that begins with one leads the next ones to its Pod', async () => {
    const { pod, cookie } = await connected('sticky-chat', {});
    expect(cookie).to.match(/^INGRESSCOOKIE=/);
    for (let again = 0; again < COUNT; again += 1) {
      expect(await connected('sticky-chat', { Cookie: cookie })).to.deep.equal({ pod, cookie: '' });
    }
    const others = new Set<string>();
    for (let fresh = 0; fresh < people.length; fresh += 1) others.add((await connected('sticky-chat', {})).pod);
    expect(others.size).to.equal(3);
  });

  it('service-upstream: all go to the ClusterIP, none to an endpoint', async () => {
    const [grpc, chat] = [calls.at(-1), chats.at(-1)];
    expect(tally(await called(CLUSTER_IP, same))).to.deep.equal(new Map([[grpc?.address, COUNT]]));
    await sluice.write('cluster-ip.json', clusterIpSite(chats, {}));
    const first = await eventually(() => connected(CLUSTER_IP, {}));
    expect(first.pod).to.equal(chat?.address);
    for (let again = 0; again < 6; again += 1) {
      expect((await connected(CLUSTER_IP, {})).pod).to.equal(chat?.address);
    }
    await eventually(async () => {
      const dialled = new Set(
        (await sluice.logs()).out.matchAll(/\[default-cluster-ip-\d+\] \[\] (\S+) /g).map(([, to]) => to),
      );
      expect([...dialled]).to.include(`${grpc?.address}:${grpc?.port}`);
      for (const { address, port } of calls.slice(0, 2)) expect(dialled).to.not.include(`${address}:${port}`);
    });
  });
});
