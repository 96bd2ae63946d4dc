// What is kept for workers that were told to quit (lua/config/history.lua).

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ApplyResult, Position, Status } from '../../controller/apply/control.ts';
import { RUN_FILES } from '../../controller/render/folders.ts';
import { eventually } from '../support/eventually.ts';
import { type BareNginx, startBareNginx } from '../support/nginx.ts';
import { openRaw, type RawConnection } from '../support/raw.ts';

const WORKERS = 2;

const soon = (): AbortSignal => AbortSignal.timeout(10_000);

describe('state for workers that were told to quit', () => {
  let nginx: BareNginx;
  let held: RawConnection[];
  let position: Position;

  const set = (name: string, size: number, filler = 'y'): string =>
    `set host/${name} ${JSON.stringify({ name, routes: [], filler: filler.repeat(size) })}`;
  const send = async (...lines: string[]): Promise<ApplyResult['kind']> => {
    const result = await nginx.control.apply(position, lines, soon());
    if (result.kind === 'applied') position = result.position;
    return result.kind;
  };
  const status = (): Promise<Status> => nginx.control.status(soon());
  const kept = async (): Promise<number> => (await status()).kept_versions;
  /** New workers, and old ones that wait for the second half of a request. */
  const reload = async (): Promise<RawConnection> => {
    const connection = await openRaw(nginx.http);
    held.push(connection);
    connection.send('GET / HTTP/1.1\r\nX-Half: ');
    const before = (await status()).workers.filter(({ phase }) => phase === 'serving');
    const master = Number(await readFile(join(nginx.runDir, RUN_FILES.pid), 'utf8'));
    process.kill(master, 'SIGHUP');
    await eventually(async () => {
      const { workers } = await status();
      const serving = workers.filter(({ phase }) => phase === 'serving').map(({ pid }) => pid);
      expect(serving).to.have.length(WORKERS);
      expect(before.some(({ pid }) => serving.includes(pid))).to.equal(false);
    });
    expect(
      (await status()).workers.some(({ phase }) => phase === 'exiting'),
      'one is held',
    ).to.equal(true);
    return connection;
  };

  beforeEach(async () => {
    held = [];
    nginx = await startBareNginx({ stateMegabytes: 1 });
    await eventually(async () => expect((await status()).workers).to.have.length(WORKERS));
    const first = await nginx.control.apply('full', [set('web', 1000), set('gone', 10)], soon());
    if (first.kind !== 'applied') throw new Error(first.kind);
    position = first.position;
  });
  afterEach(async () => {
    for (const connection of held) connection.close();
    await nginx?.stop();
  });

  it('keeps one version a host and generation of workers, as long as that generation lives', async () => {
    await send(set('web', 1001));
    expect(await kept(), 'nobody quits').to.equal(0);
    const first = await reload();
    for (let i = 0; i < 5; i += 1) await send(set('web', 2000 + i));
    expect(await kept()).to.equal(1);
    const second = await reload();
    for (let i = 0; i < 5; i += 1) await send(set('web', 3000 + i), 'del host/gone');
    expect(await kept(), 'two of web, one that was removed').to.equal(3);
    second.close();
    await eventually(async () => expect(await kept(), 'what the first needs').to.equal(2));
    first.close();
    await eventually(async () => expect(await kept()).to.equal(0));
  });

  it('gives it up for a batch that would not fit otherwise; one that does not fit at all changes nothing', async () => {
    await send(set('web', 300_000, 'a'));
    await reload();
    await send(set('web', 300_000, 'b'));
    expect(await kept()).to.equal(1);
    expect(await send(set('large', 400_000))).to.equal('applied');
    expect(await kept()).to.equal(0);
    expect(await send(set('web', 10), set('larger', 900_000))).to.equal('full');
    expect(await nginx.control.get('/v1/state/host/web', soon())).to.contain('bbb');
    expect(JSON.parse(await nginx.control.get('/v1/names', soon()))).to.deep.equal([
      'host/gone',
      'host/large',
      'host/web',
    ]);
  });

  it('a full state keeps it, too, and frees all else', async () => {
    await reload();
    for (let i = 0; i < 20; i += 1) {
      const result = await nginx.control.apply('full', [set('web', 200_000 + i)], soon());
      expect(result.kind).to.equal('applied');
      expect(await kept(), 'the first version of web, and what the first full state removed').to.equal(2);
    }
  });
});
