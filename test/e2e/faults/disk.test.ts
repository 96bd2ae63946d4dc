// A disk that is full: what runs goes on, data changes are live, and what needs a file waits until there is room.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { startLoad } from '../../support/load.ts';
import { ingress, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const run = promisify(execFile);

describe('faults: a full disk', function () {
  this.timeout(40_000);
  let folder: string;
  let isMounted = false;
  let pod: Pod;
  let sluice: Sluice | null = null;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
    isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0711', 'sluice', folder]).then(
      () => true,
      () => false, // only root may
    );
    pod = await startPod('web');
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
    if (isMounted) await run('umount', [folder]);
    await rm(folder, { recursive: true, force: true });
  });

  it('loses no request, says what is wrong, and recovers', async function () {
    if (!isMounted) this.skip();
    const web = (annotations: Record<string, string>): object =>
      ingress({ name: 'web', host: 'web.test', annotations });
    const started = await startSluice({
      runDir: join(folder, 'run'),
      manifests: { 'web.json': [web({}), ...workload('web', [pod])] },
    });
    sluice = started;
    const load = startLoad(started.http, 'web.test', 4);
    await writeFile(join(folder, 'filler'), Buffer.alloc(1024 ** 2)).catch(() => undefined);

    await started.write('web.json', [web({ 'proxy-body-size': '5m' }), ...workload('web', [pod])]);
    await eventually(async () => {
      expect((await started.logs()).err).to.match(/problem: error reload-failed:.*ENOSPC/);
    });
    await started.write('late.json', [ingress({ name: 'late', host: 'late.test' })]);
    await eventually(() => askEcho({ port: started.http, host: 'late.test' }));

    await rm(join(folder, 'filler'));
    await eventually(async () => expect((await started.logs()).err).to.contain('nginx reloaded'), 20_000);
    await eventually(async () => expect((await started.logs()).err).to.contain('solved: error reload-failed'));
    await load.stop();
    expect(load.lost).to.deep.equal([]);
    expect(load.served).to.be.above(100);
  });
});
