// Streams that are open during a rolling update stay open until their Pod ends, and not a moment less.
import { once } from 'node:events';
import { type Metadata, ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';
import { makePair } from '../../support/certificates.ts';
import type { Deployment, StartPod, Workload } from '../../support/deployment.ts';
import { eventually } from '../../support/eventually.ts';
import { figure } from '../../support/figure.ts';
import { openGrpc, startGrpc } from '../../support/grpc.ts';
import { ingress, secret } from '../../support/objects.ts';
import { openStage, type Stage } from '../../support/stage.ts';
import { echoOf, notePlaces, openWebSocket, startWebSocketPod } from '../../support/websocket.ts';

const STREAMS = 9;

/** One stream that is held open. */
interface Held {
  /** Address of its Pod. */
  readonly address: string;
  /** performance.now() of its end, null before. */
  closed: number | null;
  /** Sends a message and waits for its echo, or for the end; which of both it was. */
  echo(message: string): Promise<'echoed' | 'closed'>;
  end(): void;
}

function echoed(data: Buffer, message: string): 'echoed' {
  expect(data.toString()).to.equal(message);
  return 'echoed';
}

interface Streams<P extends Workload> {
  deploy(): Promise<Deployment<P>>;
  open(): Promise<Held>;
  close(): void;
}

describe('no request is lost: streams', function () {
  this.timeout(40_000);
  let stage: Stage;
  const held: Held[] = [];

  before(async () => {
    stage = await openStage('127.83');
  });
  afterEach(() => {
    for (const stream of held.splice(0)) stream.end();
  });
  after(() => stage?.stop());

  function webSockets(): Streams<Workload> {
    const places = new Map<string, string>();
    let opened = 0;
    const start: StartPod<Workload> = async (_name, address, port) => {
      const pod = await startWebSocketPod(address, port);
      notePlaces(pod, places);
      return { address, port, drain: pod.stop, stop: pod.stop };
    };
    return {
      deploy: () => stage.site({ name: 'chat' }, 3, start),
      open: async () => {
        opened += 1;
        const path = `/${opened}`;
        const socket = await openWebSocket(stage.sluice.http, 'chat.test', path);
        const stream: Held = {
          address: places.get(path) ?? '',
          closed: null,
          echo: async (message) =>
            Promise.race([
              echoOf(socket, message).then(({ data }) => echoed(data, message)),
              once(socket, 'close').then(() => 'closed' as const),
            ]),
          end: () => socket.terminate(),
        };
        socket.on('error', () => undefined); // "close" tells
        socket.on('close', () => {
          stream.closed = performance.now();
        });
        return stream;
      },
      close: () => {},
    };
  }

  async function grpc(): Promise<Streams<Workload>> {
    const pair = await makePair(['calls.test']);
    const start: StartPod<Workload> = async (_name, address, port) => {
      const pod = await startGrpc(address, ServerCredentials.createInsecure(), port);
      const stop = async (): Promise<void> => pod.stop();
      return { address, port, drain: stop, stop };
    };
    const client = openGrpc(stage.sluice.https, 'calls.test', pair.certificate);
    return {
      deploy: async () => {
        const calls = await stage.deploy('calls', 3, start);
        stage.server.fill([
          secret('calls', pair),
          ingress({
            name: 'calls',
            host: 'calls.test',
            paths: [{ service: 'calls' }],
            annotations: { 'backend-protocol': 'GRPC' },
            tls: [{ hosts: ['calls.test'], secretName: 'calls' }],
          }),
        ]);
        return calls;
      },
      open: async () => {
        const chat = client.chat();
        chat.write(Buffer.from('hello')); // nginx keeps the head of an answer back until there is more of it
        const failed = once(chat, 'status').then(([status]) => {
          throw new Error(`no stream: ${JSON.stringify(status)}`);
        });
        failed.catch(() => undefined);
        chat.on('error', () => undefined); // "status" tells
        const answered = Promise.all([once(chat, 'metadata') as Promise<[Metadata]>, once(chat, 'data')]);
        const [[metadata]] = await Promise.race([answered, failed]);
        const [address] = metadata.get('x-address');
        if (address === undefined) throw new Error('the answer is not from a Pod');
        const stream: Held = {
          address: String(address),
          closed: null,
          echo: async (message) => {
            const answer = (once(chat, 'data') as Promise<[Buffer]>).then(([data]) => echoed(data, message));
            chat.write(Buffer.from(message));
            return Promise.race([answer, once(chat, 'status').then(() => 'closed' as const)]);
          },
          end: () => chat.cancel(),
        };
        chat.on('status', () => {
          stream.closed = performance.now();
        });
        return stream;
      },
      close: () => client.close(),
    };
  }

  for (const [kind, streamsOf] of Object.entries({ WebSockets: webSockets, 'gRPC streams on one connection': grpc })) {
    it(`${kind} are spread over all Pods, and each stays open through a rolling update until its Pod ends`, async () => {
      const streams = await streamsOf();
      try {
        const web = await streams.deploy();
        held.push(await eventually(() => streams.open()));
        while (held.length < STREAMS) held.push(await streams.open());
        const old = new Map(web.members.map((member) => [member.pod.address, member]));
        expect([...Map.groupBy(held, ({ address }) => address).keys()].sort()).to.deep.equal([...old.keys()].sort());

        let echoes = 0;
        const speak = async (): Promise<void> => {
          const open = held.filter(({ address }) => old.get(address)?.ended === null);
          const ends = await Promise.all(
            open.map(async (stream) => [stream, await stream.echo('still here')] as const),
          );
          for (const [{ address }, end] of ends) {
            if (end === 'closed')
              expect(old.get(address)?.ended, `${address} closed before its end`).to.not.equal(null);
            else echoes += 1;
          }
        };
        const rolled = web.roll(speak);
        await eventually(() => expect([...old.values()].every(({ state }) => state !== 'ready')).to.equal(true));
        await speak(); // with all of their Pods draining, unless this machine is very slow
        await rolled;
        await eventually(() => expect(held.filter(({ closed }) => closed === null)).to.deep.equal([]));
        for (const { address, closed } of held) expect(closed ?? 0).to.be.at.least(old.get(address)?.ended ?? Infinity);

        const later = await Promise.all(Array.from({ length: STREAMS }, () => streams.open()));
        held.push(...later);
        const fresh = web.ready.map(({ pod }) => pod.address).sort();
        expect([...new Set(later.map(({ address }) => address))].sort()).to.deep.equal(fresh);
        figure(`${held.length} streams, ${echoes} messages echoed during the update, none cut early`);
        expect(echoes).to.be.at.least(STREAMS);
      } finally {
        streams.close();
      }
    });
  }
});
