// The HTTPS server of the webhook against whoever reaches its port.
import { once } from 'node:events';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { Bodies, MAX_BODY_BYTES } from '../../../controller/admission/body.ts';
import { Desk, type Reviewed } from '../../../controller/admission/desk.ts';
import type { State } from '../../../controller/admission/judge.ts';
import { listenForReviews, TLS } from '../../../controller/admission/server.ts';
import { WebhookPortUnavailable } from '../../../controller/admission/unavailable.ts';
import { reviewOf, World } from '../../support/admission.ts';
import { makeAuthority, makePair, type Pair } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { ingress, workload } from '../../support/objects.ts';
import { freePorts } from '../../support/ports.ts';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

describe('admission: the HTTPS server', () => {
  let pair: Pair;
  let port: number;
  let state: State | null;
  let broken: Error | null = null;
  const reviewed: Reviewed[] = [];
  const errors: unknown[] = [];
  const stop = new AbortController();
  const world = new World([...workload('web', [{ address: '10.0.0.1', port: 80 }])]);
  const fine = ingress({ name: 'fine', host: 'fine.test' });

  before(async () => {
    pair = await makePair(['localhost']);
    [port = 0] = await freePorts(1);
    state = world.state();
    const desk = new Desk({ state: () => state, onReviewed: (one) => reviewed.push(one) });
    const office = {
      clients: 'anybody' as const,
      review: (body: string, signal: AbortSignal) =>
        broken === null ? desk.review(body, signal) : Promise.reject(broken),
      onError: (error: unknown) => errors.push(error),
    };
    const server = await listenForReviews({ host: '127.0.0.1', port }, office, stop.signal);
    server.setSecureContext({ ...TLS, cert: pair.certificate, key: pair.key });
  });
  after(() => stop.abort());

  async function post(body: string | Buffer, options: object = {}): Promise<Reply> {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const asking = request({
      host: '127.0.0.1',
      port,
      ca: pair.certificate,
      servername: 'localhost',
      method: 'POST',
      path: '/networking/v1/ingresses',
      headers,
      ...options,
    });
    asking.end(body);
    const [response] = (await once(asking, 'response')) as [import('node:http').IncomingMessage];
    response.setEncoding('utf8');
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode ?? 0, headers: response.headers, body: text };
  }

  const send = (body: unknown, options: object = {}): Promise<Reply> => post(JSON.stringify(body), options);

  async function opened(options: object = {}): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port, ca: pair.certificate, servername: 'localhost', ...options });
    await once(socket, 'secureConnect');
    return socket;
  }

  it('answers with the uid that was asked with, at any path', async () => {
    const review = reviewOf(fine, { uid: 'of-the-request' });
    for (const path of ['/networking/v1/ingresses', '/', '/x?timeout=10s']) {
      const { status, headers, body } = await send(review, { path });
      expect(status).to.equal(200);
      expect(headers['content-type']).to.equal('application/json');
      expect(JSON.parse(body)).to.deep.equal({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: 'of-the-request', allowed: true },
      });
    }
    expect(reviewed.at(-1)).to.include({ namespace: 'default', name: 'fine', outcome: 'allowed', looked: 1 });
  });

  it('refuses with code 400 and all reasons, and warns besides; also what cannot be read as an Ingress (ADM-06)', async () => {
    const wrong = ingress({
      name: 'wrong',
      host: 'a.test',
      paths: [{ path: '/(x', service: 'late' }],
      annotations: { 'connection-proxy-header': 'no' },
    });
    const { response } = JSON.parse((await send(reviewOf(wrong))).body);
    expect(response.allowed).to.equal(false);
    expect(response.status).to.include({ status: 'Failure', code: 400, reason: 'BadRequest' });
    expect(response.status.message)
      .to.match(/^2 reasons:\n- /)
      .and.to.contain('\n1 more that would not stop it:\n- Service default/late');
    expect(response.warnings).to.have.lengthOf(2); // the path type, and the Service
    const unreadable = JSON.parse((await send(reviewOf({ ...fine, spec: { rules: 7 } }))).body).response;
    expect(unreadable).to.deep.include({ allowed: false });
    expect(unreadable.status).to.include({ code: 400 });
    expect(unreadable.status.message).to.match(/^spec\.rules: /);
  });

  it('judges the namespace of the request, and believes no other', async () => {
    const { response } = JSON.parse((await send(reviewOf(fine, { namespace: 'other' }))).body);
    expect(response.status.message).to.equal('the object is of namespace default, the request of other');
  });

  it('answers what is no review with an HTTP error', async () => {
    const review = reviewOf(fine) as { request: object };
    const { uid: _uid, ...withoutUid } = review.request as { uid: string };
    const cases: readonly [status: number, text: string, body: string | Buffer, options?: object][] = [
      [405, 'POST', '', { method: 'GET', headers: {} }],
      [405, 'POST', JSON.stringify(review), { method: 'PUT' }],
      [415, 'application/json', 'x', { headers: { 'Content-Type': 'text/plain', 'Content-Length': 1 } }],
      [415, 'application/json', 'x', { headers: { 'Content-Length': 1 } }],
      [
        415,
        'uncompressed',
        gzipSync(JSON.stringify(review)),
        { headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip', 'Transfer-Encoding': 'chunked' } },
      ],
      [400, 'not JSON', ''],
      [400, 'not JSON', '{"a":'],
      [400, 'not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
      [400, 'AdmissionReview', 'null'],
      [400, 'AdmissionReview', '[]'],
      [400, 'apiVersion', JSON.stringify({ ...review, apiVersion: 'admission.k8s.io/v1beta1' })],
      [400, 'kind', JSON.stringify({ ...review, kind: 'TokenReview' })],
      [400, 'request.uid', JSON.stringify({ ...review, request: withoutUid })],
      [400, 'request.uid', JSON.stringify({ ...review, request: { ...review.request, uid: 7 } })],
      [400, 'request.kind', JSON.stringify({ ...review, request: { ...review.request, kind: null } })],
    ];
    for (const [status, text, body, options] of cases) {
      const answer = await post(body, options);
      expect(answer.status, `${text}: ${String(body).slice(0, 60)}`).to.equal(status);
      expect(answer.body).to.contain(text);
    }
  });

  it('takes 3 MiB and no more, with a length or without (ADM-06)', async () => {
    const filled = (bytes: number): string => {
      const empty = JSON.stringify({ ...reviewOf(fine), filler: '' });
      return empty.replace('"filler":""', `"filler":"${'x'.repeat(bytes - empty.length)}"`);
    };
    expect((await post(filled(MAX_BODY_BYTES))).status).to.equal(200);
    expect((await post(filled(MAX_BODY_BYTES + 1))).status).to.equal(413);
    const chunked = { headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' } };
    expect((await post(filled(MAX_BODY_BYTES), chunked)).status).to.equal(200);
    expect((await post(filled(MAX_BODY_BYTES + 1), chunked)).status).to.equal(413);
  });

  it('is not moved by depth, or by keys that mean something to JavaScript', async () => {
    const deep = `${'['.repeat(700_000)}${']'.repeat(700_000)}`;
    expect((await post(deep)).status).to.equal(400);
    const review = JSON.stringify(reviewOf({ ...fine, spec: { rules: 'HERE' } }));
    expect(JSON.parse((await post(review.replace('"HERE"', deep))).body).response.allowed).to.equal(false);
    const names = '{"__proto__":{"x":"1"},"constructor":"2","toString":"3"}';
    const poisoned = JSON.stringify(reviewOf(fine)).replace('"annotations":{}', `"annotations":${names}`);
    expect(JSON.parse((await post(poisoned)).body).response.allowed).to.be.a('boolean');
    expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
  });

  it('fails while the state is not known, so that failurePolicy decides', async () => {
    const known = state;
    state = null;
    const answer = await send(reviewOf(fine));
    state = known;
    expect(answer.status).to.equal(503);
    expect(answer.body).to.contain('has not read the cluster yet');
  });

  it('a bug is a 500 for that review, and said in the log', async () => {
    broken = new Error('a bug');
    const answer = await send(reviewOf(fine));
    broken = null;
    expect(answer.status).to.equal(500);
    expect(answer.body).to.not.contain('a bug');
    expect(errors).to.have.lengthOf(1);
    expect((await send(reviewOf(fine))).status).to.equal(200);
  });

  it('speaks TLS 1.2 and 1.3, HTTP/1.1 only', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await opened({ minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] });
      expect([socket.getProtocol(), socket.alpnProtocol]).to.deep.equal([version, 'http/1.1']);
      socket.destroy();
    }
    const old = await opened({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }).then(
      () => 'accepted',
      () => 'refused',
    );
    expect(old).to.equal('refused');
  });

  it('gives up on those who are slow: with the handshake, with the head, with the body', async function () {
    this.timeout(30_000);
    const silent = connectTcp(port, '127.0.0.1');
    const head = await opened();
    const body = await opened();
    head.write('POST / HTTP/1.1\r\nHost: x\r\n');
    body.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
    const from = performance.now();
    const ends = [silent, head, body].map(async (socket) => {
      socket.on('error', () => {});
      socket.resume();
      await once(socket, 'close');
      return performance.now() - from;
    });
    const times = await Promise.all(ends);
    for (const milliseconds of times) expect(milliseconds).to.be.below(15_000);
    expect((await send(reviewOf(fine))).status).to.equal(200);
  });

  it('has room for 64 requests; the next ones are told to come back, and all is well once the others are gone', async () => {
    const sockets = await Promise.all(Array.from({ length: 64 }, () => opened()));
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
    }
    await eventually(async () => {
      const { status, headers } = await send(reviewOf(fine));
      expect([status, headers['retry-after']]).to.deep.equal([503, '1']);
    });
    for (const socket of sockets) socket.destroy();
    await eventually(async () => expect((await send(reviewOf(fine))).status).to.equal(200));
  });

  it('holds 32 MiB of bodies; what comes beside them is told to come back, unless it is small', async () => {
    const bodies = new Bodies();
    const streams = Array.from({ length: 10 }, () => new PassThrough());
    const reading = streams.map((stream) => bodies.read(stream));
    for (const stream of streams) stream.write(Buffer.alloc(MAX_BODY_BYTES - 1, ' '));
    await eventually(() =>
      expect(streams.map(({ readableLength }) => readableLength)).to.deep.equal(streams.map(() => 0)),
    );
    const read = async (bytes: number): Promise<string> => {
      const body = await bodies.read(Readable.from([Buffer.alloc(bytes, ' ')]));
      if (body.kind === 'text') bodies.release(body.bytes);
      return body.kind;
    };
    expect([await read(MAX_BODY_BYTES), await read(1000)]).to.deep.equal(['too-many', 'text']);
    streams[0]?.destroy(); // a client that went away
    expect(await reading[0]).to.deep.equal({ kind: 'cut-off' });
    expect(await read(MAX_BODY_BYTES)).to.equal('text');
    for (const stream of streams.slice(1)) stream.end();
    expect((await Promise.all(reading.slice(1))).map(({ kind }) => kind)).to.deep.equal(
      streams.slice(1).map(() => 'text'),
    );
  });

  it('with an authority for clients, asks for a certificate of it (R9)', async () => {
    const [other = 0] = await freePorts(1);
    const [ours, theirs] = [await makeAuthority('CN=ours'), await makeAuthority('CN=theirs')];
    const [client, stranger] = [await ours.issue(['api-server']), await theirs.issue(['api-server'])];
    const desk = new Desk({ state: () => state, onReviewed: () => {} });
    const office = {
      clients: 'certified' as const,
      review: (body: string, signal: AbortSignal) => desk.review(body, signal),
      onError: () => {},
    };
    const certified = await listenForReviews({ host: '127.0.0.1', port: other }, office, stop.signal);
    certified.setSecureContext({ ...TLS, cert: pair.certificate, key: pair.key, ca: ours.certificate });
    const ask = (identity: object): Promise<number | string> =>
      send(reviewOf(fine), { port: other, agent: false, ...identity }).then(
        ({ status }) => status,
        () => 'refused',
      );
    expect(await ask({ cert: client.certificate, key: client.key })).to.equal(200);
    expect(await ask({ cert: stranger.certificate, key: stranger.key })).to.equal('refused');
    expect(await ask({})).to.equal('refused');
  });

  it('a port that is taken is said with the flag', async () => {
    const office = {
      clients: 'anybody' as const,
      review: () => Promise.reject(new Error('unused')),
      onError: () => {},
    };
    const failure = await listenForReviews({ host: '127.0.0.1', port }, office, stop.signal).catch(
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(WebhookPortUnavailable);
    expect(String(failure)).to.contain('--validating-webhook');
  });
});
