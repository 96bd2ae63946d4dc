// When the backend sees a request's body, and Expect: 100-continue.
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import { expect } from 'chai';
import { type DigestPod, digestOf, startDigest } from '../../support/digest.ts';
import { eventually } from '../../support/eventually.ts';
import { answerOf, askHttp2, openHttp2 } from '../../support/http2.ts';
import { site } from '../../support/objects.ts';
import { headOf, lines, openRaw, statusOf } from '../../support/raw.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const HALF = Buffer.alloc(20_000, 'x');
const WHOLE = digestOf(Buffer.concat([HALF, HALF]));

describe('streaming uploads', () => {
  let backend: DigestPod;
  let sluice: Sluice;
  let session: ClientHttp2Session;
  let outgoing: ClientRequest | null = null;

  before(async () => {
    backend = await startDigest('127.0.0.34');
    sluice = await startSluice({
      manifests: {
        'buffered.json': site('buffered', [backend]),
        'streamed.json': site('streamed', [backend], { 'proxy-request-buffering': 'off' }),
      },
    });
    session = await openHttp2('https', sluice.https, 'buffered.test');
  });
  afterEach(() => outgoing?.destroy());
  after(async () => {
    session?.destroy();
    await sluice?.stop();
    await backend?.stop();
  });

  function upload(site: string, path: string) {
    return session.request({ ':method': 'POST', ':authority': `${site}.test`, ':path': path }, { endStream: false });
  }

  it('proxy-request-buffering "off": the backend has the first half before the client sends the second', async () => {
    const path = '/http1';
    const options = { host: '127.0.0.1', port: sluice.http, path, method: 'POST', agent: false };
    outgoing = request({ ...options, headers: { Host: 'streamed.test' } });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    outgoing.write(HALF);
    await eventually(() => expect(backend.received.get(path)).to.equal(HALF.length));
    outgoing.end(HALF);
    const [response] = await answered;
    expect(JSON.parse((await response.toArray()).join(''))).to.deep.equal(WHOLE);
  });

  it('proxy-request-buffering "off" streams over HTTP/2 as well', async () => {
    const stream = upload('streamed', '/http2');
    const answer = answerOf(stream);
    stream.write(HALF);
    await eventually(() => expect(backend.received.get('/http2')).to.equal(HALF.length));
    stream.end(HALF);
    expect(JSON.parse((await answer).body)).to.deep.equal(WHOLE);
  });

  it('buffers by default: the backend sees nothing of a request before its end (GLOB-02)', async () => {
    const stream = upload('buffered', '/held-back');
    const answer = answerOf(stream);
    stream.write(HALF);
    // Same connection, so the same worker: whatever it did with the first half comes before these answers.
    for (let i = 0; i < 5; i += 1) {
      expect((await askHttp2(session, { ':authority': 'buffered.test', ':path': `/marker-${i}` })).status).to.equal(
        200,
      );
    }
    expect(backend.received.has('/marker-4')).to.equal(true);
    expect(backend.received.has('/held-back')).to.equal(false);
    stream.end(HALF);
    expect(JSON.parse((await answer).body)).to.deep.equal(WHOLE);
  });

  for (const site of ['buffered', 'streamed']) {
    it(`answers Expect: 100-continue once and gets the whole body (${site})`, async () => {
      const connection = await openRaw(sluice.http);
      connection.send(
        lines(
          'POST /expect HTTP/1.1',
          `Host: ${site}.test`,
          `Content-Length: ${WHOLE.bytes}`,
          'Expect: 100-continue',
          'Connection: close',
        ),
      );
      await connection.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      connection.send(HALF);
      connection.send(HALF);
      const received = await connection.ended();
      expect(received.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 100', 'HTTP/1.1 200']);
      expect(received).to.contain(JSON.stringify(WHOLE));
    });
  }

  it('answers Expect: 100-continue with 413 alone when the body would be too large', async () => {
    const head = await headOf(
      sluice.http,
      lines('POST /large HTTP/1.1', 'Host: buffered.test', 'Content-Length: 2000000', 'Expect: 100-continue'),
    );
    expect(statusOf(head), head).to.equal(413);
    expect(backend.received.has('/large')).to.equal(false);
  });
});
