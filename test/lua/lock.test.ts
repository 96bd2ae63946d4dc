// One writer at a time, and what a writer that was killed leaves behind (lua/config/lock.lua).
import { readFile } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { isAlive } from '../../controller/apply/process.ts';
import { CONFIG_FILES, RUN_FILES } from '../../controller/render/folders.ts';
import { eventually } from '../support/eventually.ts';
import { type BareNginx, startBareNginx } from '../support/nginx.ts';

const WORKERS = 2;

describe('the lock of the routing state', () => {
  let nginx: BareNginx;

  const workers = async (): Promise<number[]> =>
    (await nginx.control.status(AbortSignal.timeout(10_000))).workers.map(({ pid }) => pid);
  /** What an apply came to: its kind, or why it failed. */
  const applied = (): Promise<string> =>
    nginx.control.apply('full', ['set settings {}'], AbortSignal.timeout(10_000)).then(
      ({ kind }) => kind,
      (error: Error) => error.message,
    );
  /** A batch whose rest never comes. */
  const beginBatch = async (): Promise<ClientRequest> => {
    const secret = (await readFile(join(nginx.runDir, CONFIG_FILES.secret), 'utf8')).trim();
    const batch = request({
      socketPath: join(nginx.runDir, RUN_FILES.control),
      method: 'POST',
      path: '/v1/apply',
      headers: { 'Sluice-Secret': secret, 'Sluice-Base': 'full', 'Content-Length': 1000 },
    });
    batch.on('error', () => undefined); // its worker is killed
    batch.write('set host/half {}\n');
    return batch;
  };

  before(async () => {
    nginx = await startBareNginx();
    await eventually(async () => expect(await workers()).to.have.length(WORKERS));
  });
  after(() => nginx?.stop());

  it('is held by one batch at a time; of a worker that was killed it is taken over, and its report is gone', async () => {
    const batch = await beginBatch();
    await eventually(async () => expect(await applied()).to.contain('423'));
    const before = await workers();
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const after = await workers();
      expect(after).to.have.length(WORKERS);
      expect(after.every(isAlive)).to.equal(true);
    });
    expect(await applied()).to.equal('applied');
    batch.destroy();
  });
});
