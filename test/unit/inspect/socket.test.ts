// The inspection socket on a model of 10,000 hosts, without nginx.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'chai';
import { selectionOf } from '../../../controller/app.ts';
import { Inspector } from '../../../controller/cli/inspect/client.ts';
import { printStream } from '../../../controller/cli/inspect/rows.ts';
import { column } from '../../../controller/cli/output.ts';
import { parseCommandLine } from '../../../controller/flags.ts';
import type { Moment } from '../../../controller/inspect/moment.ts';
import { serveInspection } from '../../../controller/inspect/server.ts';
import type { RouteView } from '../../../controller/inspect/views.ts';
import { normalise } from '../../../controller/kube/normalise.ts';
import { Graph } from '../../../controller/model/graph.ts';
import { Cluster } from '../../../controller/watch/cluster.ts';
import { ingress, workload } from '../../support/objects.ts';
import { recorded } from '../../support/streams.ts';

const HOSTS = 10_000;
const SECRET = 'x'.repeat(64);

describe('the inspection socket', () => {
  let folder: string;
  let moment: Moment | null = null;
  const end = new AbortController();
  const path = (): string => join(folder, 'inspect', 'socket');
  const inspector = (secret = SECRET): Inspector => new Inspector(path(), secret, end.signal);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-inspect-'));
    await writeFile(join(folder, 'secret'), `${SECRET}\n`);
    const control = {
      ejections: () => Promise.reject(new Error('nginx is away')),
      get: () => Promise.resolve(''),
    };
    const sources = { control, measured: null, moment: () => moment, read: () => Promise.resolve('') };
    await serveInspection(path(), join(folder, 'secret'), sources, end.signal);
  });

  after(async () => {
    end.abort();
    await rm(folder, { recursive: true });
  });

  it('says that there is nothing yet, and that a secret is wrong', async () => {
    const asking = (from: Inspector) =>
      from.text('/v1/routes').then(
        () => '',
        (error: Error) => error.message,
      );
    expect(await asking(inspector())).to.match(/^the controller is starting/);
    expect(await asking(inspector('y'.repeat(64)))).to.equal('the secret is another one');
  });

  it('sluice routes of 10,000 hosts come in order, while other work of the controller goes on', async () => {
    const cluster = new Cluster();
    const paths = [{ path: '/' }, { path: '/api' }, { path: '/static' }];
    const objects = [
      ...workload('web', [{ address: '10.0.0.1', port: 80 }]),
      ...Array.from({ length: HOSTS }, (_, i) => ingress({ name: `i-${i}`, host: `h-${i}.test`, paths })),
    ];
    for (const raw of objects) {
      const result = normalise(raw, 'default');
      if (result.kind === 'object') cluster.put(result.object);
    }
    const model = new Graph(cluster, selectionOf(parseCommandLine(['--watch-ingress-without-class']).flags)).evaluate();
    moment = { model, problems: [], snapshot: () => expect.fail('nobody asks for it'), reasons: () => null };

    const turns = monitorEventLoopDelay({ resolution: 1 });
    turns.enable();
    const streams = recorded();
    const columns = [column<RouteView>('HOST', ({ host }) => host), column<RouteView>('PATH', (row) => row.path)];
    const count = await printStream(streams, 'table', inspector().rows<RouteView>('/v1/routes'), columns);
    turns.disable();
    expect(count).to.equal(HOSTS * 3 + 1); // "_" has its "/"
    expect(turns.count).to.be.above(20);
    const lines = streams.written.out.split('\n').slice(1, -1);
    const hosts = lines.slice(0, -1).map((line) => line.split(' ')[0] ?? '');
    expect(hosts).to.deep.equal(hosts.toSorted());
    expect(lines.slice(0, 3).map((line) => line.split(/ +/)[1])).to.deep.equal(['/static', '/api', '/']);
    expect(lines.at(-1)).to.match(/^_ /);
  });

  it('sluice top is told that nobody counts', async () => {
    const message = await inspector()
      .text('/v1/traffic')
      .catch((error: Error) => error.message);
    expect(message).to.equal('requests are not counted: the controller runs without --enable-metrics');
  });

  it('a reader who leaves ends the answer', async () => {
    for await (const { host } of inspector().rows<RouteView>('/v1/routes', { host: '*-7*' })) {
      expect(host).to.equal('h-7.test');
      break;
    }
    const all = await Array.fromAsync(inspector().rows<RouteView>('/v1/routes', { host: 'h-7.test' }));
    expect(all.length).to.equal(3);
  });
});
