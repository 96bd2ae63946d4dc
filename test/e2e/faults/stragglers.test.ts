// Requests that an old worker routes after a reload: their connection was accepted before it, their head ended after the hosts
// that waited for it were sent.
import { expect } from 'chai';
import { isAlive } from '../../../controller/apply/process.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { eventually } from '../../support/eventually.ts';
import { startLoad } from '../../support/load.ts';
import { ingress, workload } from '../../support/objects.ts';
import { openRaw, type RawConnection, statusOf } from '../../support/raw.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

describe('faults: stragglers of a reload', () => {
  let pods: Pod[];
  let sluice: Sluice;
  let size = 1_000_000;
  let connections: RawConnection[];

  const soon = (): AbortSignal => AbortSignal.timeout(1000);
  const host = (name: string, service: string, annotations: Record<string, string> = {}): object =>
    ingress({ name, host: `${name}.test`, paths: [{ service }], annotations });
  const value = (name: string): Promise<string> => sluice.control.get(`/v1/state/host/${name}.test`, soon());
  /** Gives a host directives that nothing has loaded, and waits until its new value was sent. */
  const needNewProfile = async (name: string, service: string): Promise<void> => {
    const before = await value(name).catch(() => '');
    size += 1;
    await sluice.write(`${name}.json`, [host(name, service, { 'proxy-body-size': String(size) })]);
    await eventually(async () => expect(await value(name)).to.not.equal(before));
  };
  const beginRequest = async (name: string): Promise<RawConnection> => {
    const connection = await openRaw(sluice.http);
    connections.push(connection);
    connection.send(`GET / HTTP/1.1\r\nHost: ${name}.test\r\nX-Half: `);
    return connection;
  };
  const endRequest = async (connection: RawConnection): Promise<string> => {
    connection.send('whole\r\nConnection: close\r\n\r\n');
    return connection.ended();
  };
  const beginRequests = (name: string): Promise<RawConnection[]> =>
    Promise.all(Array.from({ length: 4 }, () => beginRequest(name)));
  const exiting = async (): Promise<number> =>
    (await sluice.control.status(soon())).workers.filter(({ pid, phase }) => phase === 'exiting' && isAlive(pid))
      .length;

  beforeEach(async () => {
    connections = [];
    pods = [await startPod('one', '127.0.0.64'), await startPod('two', '127.0.0.65')];
    const [one, two] = pods as [Pod, Pod];
    sluice = await startSluice({
      manifests: {
        'pods.json': [...workload('one', [one]), ...workload('two', [two])],
        'web.json': [host('web', 'one')],
        'load.json': [host('load', 'one')],
      },
    });
  });
  afterEach(async () => {
    for (const connection of connections) connection.close(); // an old worker would wait for the rest
    await sluice?.stop();
    for (const pod of pods) await pod.stop();
  });

  it('are routed by the version of their host that their worker can serve, through several reloads', async () => {
    const load = startLoad(sluice.http, 'load.test', 4);
    const first = await beginRequests('web');
    await needNewProfile('web', 'two');
    const second = await beginRequests('web');
    await needNewProfile('web', 'one');
    for (const connection of second) expect(await endRequest(connection)).to.match(/^HTTP\/1.1 200 .*"two"/s);
    for (const connection of first) expect(await endRequest(connection)).to.match(/^HTTP\/1.1 200 .*"one"/s);

    await eventually(async () => expect(await exiting()).to.equal(0));
    await eventually(async () => expect((await sluice.control.status(soon())).kept_versions).to.equal(0));
    await load.stop();
    expect(load.lost).to.deep.equal([]);
  });

  it('get 503 when their worker can serve no version of their host', async () => {
    await beginRequests('late');
    await needNewProfile('late', 'one');
    for (const connection of connections) expect(statusOf(await endRequest(connection))).to.equal(503);
  });
});
