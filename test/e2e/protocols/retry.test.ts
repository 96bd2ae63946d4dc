// A request whose endpoint fails goes to another one, as long as that cannot do it twice (GLOB-01).
import { createServer } from 'node:http';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Listener, listen } from '../../support/listener.ts';
import { type Address, configMap, site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const text = ({ address, port }: Address): string => `${address}:${port}`;

describe('retries', () => {
  let sluice: Sluice;
  let alive: Pod;
  let dead: Address;
  let breaking: Listener;
  const broken: string[] = [];

  before(async () => {
    alive = await startPod('alive', '127.0.0.39');
    dead = { address: '127.0.0.40', port: alive.port }; // nobody listens on that address
    breaking = await listen(
      createServer((request) => {
        broken.push(request.url ?? '');
        request.resume().on('end', () => request.socket.destroy());
      }),
      '127.0.0.41',
    );
    sluice = await startSluice({
      manifests: {
        // One worker, so that requests take the endpoints in turn.
        'config.json': [configMap('sluice', { 'worker-processes': '1' })],
        'get.json': site('get', [alive, dead]),
        'post.json': site('post', [alive, dead]),
        'dead.json': site('dead', [dead]),
        'breaking-get.json': site('breaking-get', [alive, breaking]),
        'breaking-post.json': site('breaking-post', [alive, breaking]),
      },
      flags: ['--configmap=default/sluice'],
    });
  });
  after(async () => {
    await sluice?.stop();
    await alive?.stop();
    await breaking?.stop();
  });

  /** The access log's line of a request, by its path. */
  function logged(path: string): Promise<string> {
    return eventually(async () => {
      const line = (await sluice.logs()).out.split('\n').find((each) => each.includes(` ${path} HTTP/1.1"`));
      if (line === undefined) throw new Error(`${path} is not in the access log`);
      return line;
    });
  }

  for (const method of ['GET', 'POST']) {
    it(`tries another endpoint when one refuses the connection of a ${method}, and logs both (GLOB-01)`, async () => {
      const name = method.toLowerCase();
      const paths = [1, 2, 3, 4].map((i) => `/${name}-${i}`);
      const body = method === 'POST' ? 'body' : '';
      for (const path of paths) {
        const answer = await askEcho({ port: sluice.http, host: `${name}.test`, path, method, body });
        expect(answer).to.include({ backend: 'alive', method, bytes: body.length });
      }
      const tried = (await Promise.all(paths.map(logged))).filter((line) =>
        line.includes(` [default-${name}-80] [] ${text(dead)}, ${text(alive)} `),
      );
      expect(tried).to.have.lengthOf.at.least(1);
      for (const line of tried) expect(line).to.match(/ 502, 200 [0-9a-f]{32}$/);
    });
  }

  it('answers 502 when the only endpoint refuses', async () => {
    expect((await ask({ port: sluice.http, host: 'dead.test', path: '/none' })).status).to.equal(502);
    expect(await logged('/none')).to.contain(text(dead));
  });

  it('repeats a GET whose connection broke after it was sent (GLOB-01)', async () => {
    for (const path of ['/broken-get-1', '/broken-get-2']) {
      expect((await askEcho({ port: sluice.http, host: 'breaking-get.test', path })).backend).to.equal('alive');
    }
    expect(broken.filter((url) => url.startsWith('/broken-get-'))).to.have.lengthOf.at.least(1);
  });

  it('never goes back to an endpoint that failed while another is left, also among many requests', async () => {
    const paths = Array.from({ length: 60 }, (_, i) => `/many-${i}`);
    const answers = await Promise.all(
      paths.map((path) => askEcho({ port: sluice.http, host: 'breaking-get.test', path })),
    );
    for (const { backend } of answers) expect(backend).to.equal('alive');
    expect(broken.filter((url) => url.startsWith('/many-'))).to.have.lengthOf.at.least(1);
    const twice = `${text(breaking)}, ${text(breaking)}`;
    for (const line of await Promise.all(paths.map(logged))) expect(line).to.not.contain(twice);
  });

  it('does not repeat a POST that was sent (GLOB-01)', async () => {
    const statuses = new Map<string, number>();
    for (const path of ['/broken-post-1', '/broken-post-2']) {
      const answer = await ask({ port: sluice.http, host: 'breaking-post.test', path, method: 'POST', body: 'once' });
      statuses.set(path, answer.status);
    }
    const sent = broken.filter((url) => url.startsWith('/broken-post-'));
    expect(sent).to.have.lengthOf(1);
    for (const [path, status] of statuses) expect(status, path).to.equal(sent.includes(path) ? 502 : 200);
  });
});
