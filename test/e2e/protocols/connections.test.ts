// How many connections requests take, towards clients (HTTP/2) and towards backends (keepalive).
import { createServer, type ServerResponse } from 'node:http';
import { expect } from 'chai';
import { inspectNginx } from '../../../controller/apply/binary.ts';
import type { EchoAnswer } from '../../../examples/echo.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { answerOf, askHttp2, openHttp2 } from '../../support/http2.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { configMap, site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const STREAMS = 20;

describe('connections', () => {
  let sluice: Sluice;
  let echo: Pod;
  let gate: Listener;
  let counted: Listener;

  before(async () => {
    echo = await startPod('echo', '127.0.0.38');
    counted = await listen(
      createServer((_, response) => response.end('ok')),
      '127.0.0.38',
    );
    const waiting: ServerResponse[] = [];
    gate = await listen(
      createServer((_, response) => {
        waiting.push(response);
        if (waiting.length === STREAMS) for (const each of waiting.splice(0)) each.end('all here');
      }),
      '127.0.0.38',
    );
    sluice = await startSluice({
      manifests: {
        'config.json': [configMap('sluice', { 'worker-processes': '1' })],
        'echo.json': site('echo', [echo]),
        'counted.json': site('counted', [counted]),
        'gate.json': site('gate', [gate]),
      },
      flags: ['--configmap=default/sluice'],
    });
  });
  after(async () => {
    await sluice?.stop();
    await echo?.stop();
    await gate?.stop();
    await counted?.stop();
  });

  it('keeps one connection to the backend for requests of many clients, one after the other (SVC-08)', async () => {
    for (let i = 0; i < 30; i += 1) {
      expect((await ask({ port: sluice.http, host: 'counted.test' })).status).to.equal(200);
    }
    expect(counted.connections()).to.equal(1);
  });

  it('serves streams of one HTTP/2 connection at the same time', async () => {
    const session = await openHttp2('https', sluice.https, 'gate.test');
    try {
      // The backend answers none before all are there.
      const asked = Array.from({ length: STREAMS }, (_, i) =>
        askHttp2(session, { ':authority': 'gate.test', ':path': `/${i}` }),
      );
      for (const { status, body } of await Promise.all(asked)) {
        expect([status, body]).to.deep.equal([200, 'all here']);
      }
    } finally {
      session.destroy();
    }
  });

  it('serves several hosts on one HTTP/2 connection', async () => {
    const session = await openHttp2('https', sluice.https, 'echo.test');
    try {
      const hosts = ['echo.test', 'counted.test', 'ECHO.test', 'nobody.test'];
      const answers = await Promise.all(hosts.map((host) => askHttp2(session, { ':authority': host })));
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 404]);
    } finally {
      session.destroy();
    }
  });

  it('ends one stream when its client resets it, not the connection', async () => {
    const session = await openHttp2('https', sluice.https, 'gate.test');
    try {
      const stream = session.request({ ':authority': 'gate.test', ':path': '/' });
      const ended = answerOf(stream);
      stream.close();
      await ended;
      expect((await askHttp2(session, { ':authority': 'counted.test' })).body).to.equal('ok');
    } finally {
      session.destroy();
    }
  });

  it('speaks HTTP/1.1 and, from nginx 1.25.1, HTTP/2 with prior knowledge on the HTTP port (TLS-11)', async function () {
    expect((await askEcho({ port: sluice.http, host: 'echo.test' })).headers['x-forwarded-proto']).to.equal('http');
    if (!(await inspectNginx(process.env)).abilities.http2Directive) this.skip();
    const session = await openHttp2('http', sluice.http, 'echo.test');
    try {
      const { status, body } = await askHttp2(session, { ':authority': 'echo.test' }, 'hello');
      expect(status).to.equal(200);
      expect(JSON.parse(body) as EchoAnswer).to.include({ backend: 'echo', method: 'POST', bytes: 5 });
      expect((JSON.parse(body) as EchoAnswer).headers).to.include({ 'x-forwarded-proto': 'http', host: 'echo.test' });
    } finally {
      session.destroy();
    }
  });
});
