import { once } from 'node:events';
import { ServerCredentials, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { makePair, type Pair } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { type GrpcClient, type GrpcPod, openGrpc, type Shown, startGrpc } from '../../support/grpc.ts';
import { ingress, secret, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const HOST = 'grpc.test';

function manifests(protocol: string, pods: readonly GrpcPod[], pair: Pair): object[] {
  return [
    ingress({
      name: 'grpc',
      host: HOST,
      annotations: { 'backend-protocol': protocol },
      tls: [{ hosts: [HOST], secretName: 'grpc' }],
    }),
    ...workload('web', pods),
    secret('grpc', pair),
  ];
}

const TRANSPORTS = {
  GRPC: async () => ServerCredentials.createInsecure(),
  GRPCS: async () => {
    const { certificate, key } = await makePair(['pod.test']);
    return ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) }]);
  },
};

for (const [protocol, transport] of Object.entries(TRANSPORTS)) {
  describe(`backend-protocol: ${protocol}`, () => {
    let pod: GrpcPod;
    let sluice: Sluice;
    let client: GrpcClient;

    before(async () => {
      pod = await startGrpc('127.0.0.32', await transport());
      const pair = await makePair([HOST]);
      sluice = await startSluice({ manifests: { 'grpc.json': manifests(protocol, [pod], pair) } });
      client = openGrpc(sluice.https, HOST, pair.certificate);
    });
    after(async () => {
      client?.close();
      await sluice?.stop();
      pod?.stop();
    });

    it('carries a unary call, its trailers and our headers (HDR-07)', async () => {
      const answer = await client.call('show', 'hello');
      expect(answer.status).to.include({ code: status.OK });
      expect(answer.status.metadata.get('x-trailer')).to.deep.equal(['kept']);
      const shown = JSON.parse(answer.message?.toString() ?? '') as Shown;
      expect(shown.message).to.equal('hello');
      expect(shown.metadata).to.include({
        'x-forwarded-host': HOST,
        'x-forwarded-proto': 'https',
        'x-forwarded-port': '443',
        'x-real-ip': '127.0.0.1',
      });
      expect(shown.metadata['x-request-id']).to.match(/^[0-9a-f]{32}$/);
    });

    it('passes an error that is nothing but trailers', async () => {
      const answer = await client.call('fail', 'hello');
      expect(answer.message).to.equal(null);
      expect(answer.status).to.include({ code: status.NOT_FOUND, details: 'no such thing' });
      expect(answer.status.metadata.get('x-trailer')).to.deep.equal(['kept']);
    });

    it('streams both ways: each answer comes before the next message is sent', async () => {
      const chat = client.chat();
      const ended = once(chat, 'status');
      for (const message of ['one', 'two', 'three']) {
        const answer = once(chat, 'data');
        chat.write(Buffer.from(message));
        expect((await answer).toString()).to.equal(message);
      }
      chat.end();
      chat.resume();
      const [final] = await ended;
      expect(final).to.include({ code: status.OK });
    });

    it('carries calls in parallel', async () => {
      const messages = Array.from({ length: 20 }, (_, i) => `call ${i}`);
      const answers = await Promise.all(messages.map((message) => client.call('show', message)));
      const echoed = answers.map(({ message }) => (JSON.parse(message?.toString() ?? '') as Shown).message);
      expect(echoed).to.deep.equal(messages);
    });
  });
}

describe('backend-protocol: GRPC without a backend', () => {
  it('is UNAVAILABLE to a gRPC client when the endpoint refuses, and when there is none (SVC-01)', async () => {
    const pair = await makePair([HOST]);
    const pod = await startGrpc('127.0.0.32', ServerCredentials.createInsecure());
    pod.stop();
    const sluice = await startSluice({ manifests: { 'grpc.json': manifests('GRPC', [pod], pair) } });
    const client = openGrpc(sluice.https, HOST, pair.certificate);
    try {
      const refused = await client.call('show', 'hello');
      expect(refused.status.code).to.equal(status.UNAVAILABLE);
      expect(refused.status.details).to.contain('502');
      await sluice.write('grpc.json', manifests('GRPC', [], pair));
      await eventually(async () => {
        const none = await client.call('show', 'hello');
        expect(none.status.code).to.equal(status.UNAVAILABLE);
        expect(none.status.details).to.contain('503');
      });
    } finally {
      client.close();
      await sluice.stop();
    }
  });
});
