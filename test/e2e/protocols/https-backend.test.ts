import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { makePair } from '../../support/certificates.ts';
import { ask } from '../../support/client.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { configMap, site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

function show(request: IncomingMessage, response: ServerResponse): void {
  const socket = request.socket as TLSSocket;
  response.end(
    JSON.stringify({
      encrypted: socket.encrypted === true,
      host: request.headers.host,
      scheme: request.headers['x-forwarded-proto'],
    }),
  );
}

describe('backend-protocol: HTTPS', () => {
  let secure: Listener;
  let plain: Listener;
  let sluice: Sluice;

  before(async () => {
    const { certificate, key } = await makePair(['somebody-else.test']);
    secure = await listen(createSecure({ cert: certificate, key }, show), '127.0.0.42');
    plain = await listen(createServer(show), '127.0.0.42');
    sluice = await startSluice({
      manifests: {
        'config.json': [configMap('sluice', { 'worker-processes': '1' })], // each worker keeps its own connections
        'secure.json': site('secure', [secure], { 'backend-protocol': 'HTTPS' }),
        'lower.json': site('lower', [secure], { 'backend-protocol': 'https' }),
        'plain.json': site('plain', [plain]),
        'mistaken.json': site('mistaken', [plain], { 'backend-protocol': 'HTTPS' }),
      },
      flags: ['--configmap=default/sluice'],
    });
  });
  after(async () => {
    await sluice?.stop();
    await secure?.stop();
    await plain?.stop();
  });

  for (const name of ['secure', 'lower']) {
    it(`speaks TLS to the backend, whatever certificate it shows (${name})`, async () => {
      const answer = await ask({ port: sluice.http, host: `${name}.test` });
      expect(JSON.parse(answer.body)).to.deep.equal({ encrypted: true, host: `${name}.test`, scheme: 'http' });
    });
  }

  it('leaves TLS of the client and of the backend independent', async () => {
    const answer = await ask({ port: sluice.https, host: 'plain.test', tls: true });
    expect(JSON.parse(answer.body)).to.deep.equal({ encrypted: false, host: 'plain.test', scheme: 'https' });
  });

  it('keeps its TLS connection for later requests (SVC-08)', async () => {
    const host = 'secure.test';
    await ask({ port: sluice.http, host });
    const before = secure.connections();
    for (let i = 0; i < 20; i += 1) expect((await ask({ port: sluice.http, host })).status).to.equal(200);
    expect(secure.connections()).to.equal(before);
  });

  it('answers 502 when the backend speaks no TLS', async () => {
    expect((await ask({ port: sluice.http, host: 'mistaken.test' })).status).to.equal(502);
  });
});
