// Large bodies arrive whole; bodies over the limit are refused before a backend hears of them.
import { randomBytes } from 'node:crypto';
import type { ClientHttp2Session } from 'node:http2';
import { expect } from 'chai';
import { ask } from '../../support/client.ts';
import { type DigestPod, digestOf, startDigest } from '../../support/digest.ts';
import { askHttp2, openHttp2 } from '../../support/http2.ts';
import { site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const MEGABYTE = 1024 ** 2;

describe('uploads', () => {
  let backend: DigestPod;
  let sluice: Sluice;
  let session: ClientHttp2Session;

  before(async () => {
    backend = await startDigest('127.0.0.35');
    const large = { 'proxy-body-size': '64m' };
    sluice = await startSluice({
      manifests: {
        'large.json': site('large', [backend], large),
        'streamed.json': site('streamed', [backend], { ...large, 'proxy-request-buffering': 'off' }),
        'default.json': site('default', [backend]),
        'small.json': site('small', [backend], { 'proxy-body-size': '1k' }),
        'unlimited.json': site('unlimited', [backend], { 'proxy-body-size': '0' }),
      },
    });
    session = await openHttp2('https', sluice.https, 'large.test');
  });
  after(async () => {
    session?.destroy();
    await sluice?.stop();
    await backend?.stop();
  });

  const CHUNKED = { 'Transfer-Encoding': 'chunked' };

  /** The ways to send a body: what each answers. */
  const WAYS: Readonly<
    Record<string, (site: string, path: string, body: Buffer) => Promise<{ status: number; body: string }>>
  > = {
    'with Content-Length': (site, path, body) =>
      ask({ port: sluice.http, host: `${site}.test`, path, method: 'POST', body }),
    chunked: (site, path, body) =>
      ask({ port: sluice.http, host: `${site}.test`, path, method: 'POST', body, headers: CHUNKED }),
    'over HTTP/2 without content-length': (site, path, body) =>
      askHttp2(session, { ':authority': `${site}.test`, ':path': path }, body),
    'over HTTP/2 with content-length': (site, path, body) =>
      askHttp2(session, { ':authority': `${site}.test`, ':path': path, 'content-length': body.length }, body),
  };

  for (const [way, send] of Object.entries(WAYS)) {
    for (const site of ['large', 'streamed']) {
      it(`30 MB ${way} arrive whole (${site})`, async () => {
        const body = randomBytes(30 * MEGABYTE);
        const answer = await send(site, '/', body);
        expect(answer.status, answer.body).to.equal(200);
        expect(JSON.parse(answer.body)).to.deep.equal(digestOf(body));
      });
    }

    for (const [site, limit] of Object.entries({ small: 1024, default: MEGABYTE })) {
      it(`413 one byte over the limit of ${limit}, 200 at it, ${way}`, async () => {
        const path = `/${site}/${encodeURIComponent(way)}`;
        const refused = await send(site, path, randomBytes(limit + 1));
        expect(refused.status).to.equal(413);
        expect(backend.received.has(path), 'the backend heard of it').to.equal(false);
        const body = randomBytes(limit);
        expect(JSON.parse((await send(site, path, body)).body)).to.deep.equal(digestOf(body));
      });
    }

    it(`proxy-body-size "0" takes any size ${way}`, async () => {
      const body = randomBytes(2 * MEGABYTE);
      expect(JSON.parse((await send('unlimited', '/', body)).body)).to.deep.equal(digestOf(body));
    });
  }
});
