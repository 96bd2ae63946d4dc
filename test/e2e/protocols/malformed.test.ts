// Requests that are wrong or ambiguous never reach a backend in a form that it could read differently.
import { expect } from 'chai';
import type { EchoAnswer } from '../../../examples/echo.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { askHttp2, openHttp2 } from '../../support/http2.ts';
import { ingress, site, workload } from '../../support/objects.ts';
import { exchange, headOf, lines, statusOf } from '../../support/raw.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

describe('malformed requests', () => {
  let pods: Pod[];
  let sluice: Sluice;
  let requests = 0;

  before(async () => {
    pods = [
      await startPod('a', '127.0.0.43'),
      await startPod('evil', '127.0.0.44'),
      await startPod('all', '127.0.0.45'),
    ];
    const [a, evil, all] = pods as [Pod, Pod, Pod];
    for (const { server } of pods) {
      server.on('request', () => {
        requests += 1;
      });
    }
    sluice = await startSluice({
      manifests: {
        'a.json': site('a', [a]),
        'evil.json': site('evil', [evil]),
        'all.json': [ingress({ name: 'all', paths: [{ service: 'all' }] }), ...workload('all', [all])],
      },
    });
  });
  beforeEach(() => {
    requests = 0;
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of pods) await pod.stop();
  });

  const ODD_HOSTS = [
    'a b.test',
    'a<b.test',
    'a"b.test',
    "a'b.test",
    'a/b.test',
    'a\\b.test',
    'a{b}.test',
    'a$b.test',
    'a;b.test',
    'a,b.test',
    'a%00.test',
    'a@b.test',
    'a.test:80:80',
    'a.test:port',
    '[::1',
    'ä.test',
    'a..test',
    '.',
    ':80',
    '',
  ];
  for (const host of ODD_HOSTS) {
    it(`400 for Host: ${JSON.stringify(host)}`, async () => {
      const response = await exchange(sluice.http, lines('GET / HTTP/1.1', `Host: ${host}`, 'Connection: close'));
      expect(statusOf(response), response).to.equal(400);
      expect(requests).to.equal(0);
    });
  }

  const BROKEN: Readonly<Record<string, readonly string[]>> = {
    'no Host in HTTP/1.1': ['GET / HTTP/1.1'],
    'two Host headers': ['GET / HTTP/1.1', 'Host: a.test', 'Host: evil.test'],
    'an unknown version': ['GET / HTTP/9.9', 'Host: a.test'],
    'two Content-Lengths': ['POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 1', 'Content-Length: 2'],
    'a Content-Length that is no number': ['POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 1x'],
    'a path that leaves the root': ['GET /../etc/passwd HTTP/1.1', 'Host: a.test'],
    'both Content-Length and chunked': [
      'POST / HTTP/1.1',
      'Host: a.test',
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
    ],
  };
  for (const [what, request] of Object.entries(BROKEN)) {
    it(`refuses ${what}`, async () => {
      const response = await headOf(sluice.http, lines(...request));
      expect(statusOf(response), response).to.be.oneOf([400, 505]);
      expect(requests).to.equal(0);
    });
  }

  function backendOf(response: string): EchoAnswer {
    return JSON.parse(response.slice(response.indexOf('{'), response.lastIndexOf('}') + 1)) as EchoAnswer;
  }

  it('routes an absolute request line by its host, and the backend sees that one (HDR-01, HDR-03)', async () => {
    const answer = backendOf(
      await exchange(sluice.http, lines('GET http://a.test/p?q=1 HTTP/1.1', 'Host: evil.test', 'Connection: close')),
    );
    expect(answer).to.include({ backend: 'a', url: '/p?q=1' });
    expect(answer.headers).to.include({ host: 'a.test', 'x-forwarded-host': 'a.test' });
  });

  it('refuses an HTTP/2 request with two hosts, and routes one that has only Host', async () => {
    const session = await openHttp2('https', sluice.https, 'a.test');
    try {
      const both = await askHttp2(session, { ':authority': 'a.test', host: 'evil.test' });
      expect([both.status, requests]).to.deep.equal([400, 0]);
      const { body } = await askHttp2(session, { host: 'evil.test' });
      const { backend, headers } = JSON.parse(body) as EchoAnswer;
      expect([backend, headers.host]).to.deep.equal(['evil', 'evil.test']);
    } finally {
      session.destroy();
    }
  });
});
