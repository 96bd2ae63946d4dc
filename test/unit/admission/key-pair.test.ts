// The certificate of the webhook: files that come late, break, change, or are swapped by a link.
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type KeyPair, KeyPairFiles } from '../../../controller/admission/key-pair.ts';
import { makePair, type Pair } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';

describe('admission: the files of the certificate', () => {
  let [first, second]: Pair[] = [];
  let folder: string;
  let stop: AbortController;
  let pairs: KeyPair[];
  let complaints: string[];

  before(async () => {
    [first, second] = [await makePair(['one']), await makePair(['two'])];
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-pair-'));
    [stop, pairs, complaints] = [new AbortController(), [], []];
  });
  afterEach(async () => {
    stop.abort();
    await rm(folder, { recursive: true });
  });

  async function follow(clientAuthority: string | null = null): Promise<void> {
    const events = { onPair: (pair: KeyPair) => pairs.push(pair), onUnusable: (why: string) => complaints.push(why) };
    const files = { certificate: join(folder, 'cert'), key: join(folder, 'key'), clientAuthority };
    await new KeyPairFiles(files, events).follow(stop.signal);
  }

  async function write(pair: Pair | undefined, into = folder): Promise<void> {
    await writeFile(join(into, 'cert'), pair?.certificate ?? '');
    await writeFile(join(into, 'key'), pair?.key ?? '');
  }

  it('are waited for, and complained about once', async () => {
    await follow();
    expect(complaints).to.have.lengthOf(1);
    expect(complaints[0]).to.contain('ENOENT');
    await write(first);
    await eventually(() => expect(pairs.at(-1)?.cert).to.equal(first?.certificate));
  });

  it('are read again when they change; what does not fit together leaves the pair before', async () => {
    await write(first);
    await follow();
    expect(pairs).to.have.lengthOf(1);
    await writeFile(join(folder, 'cert'), second?.certificate ?? '');
    await eventually(() => expect(complaints.join()).to.match(/key values mismatch/i));
    expect(pairs).to.have.lengthOf(1);
    await writeFile(join(folder, 'key'), second?.key ?? '');
    await eventually(() =>
      expect(pairs.at(-1)).to.deep.equal({ cert: second?.certificate, key: second?.key, ca: null }),
    );
    await writeFile(join(folder, 'key'), 'nonsense');
    await eventually(() => expect(complaints).to.have.lengthOf(2));
    expect(complaints.join()).to.not.contain('nonsense');
  });

  it('are not used before the authority of clients is there: nobody is let in without it', async () => {
    await write(first);
    const authority = join(folder, 'ca');
    await writeFile(authority, 'nonsense');
    await follow(authority);
    expect([pairs.length, complaints.length]).to.deep.equal([0, 1]);
    await writeFile(authority, second?.certificate ?? '');
    await eventually(() => expect(pairs.at(-1)?.ca).to.equal(second?.certificate));
  });

  it('may be a mounted Secret, whose folder is swapped by a link', async () => {
    for (const [version, pair] of [['..1', first] as const, ['..2', second] as const]) {
      await mkdir(join(folder, version));
      await write(pair, join(folder, version));
    }
    await symlink('..1', join(folder, '..data'));
    for (const file of ['cert', 'key']) await symlink(join('..data', file), join(folder, file));
    await follow();
    expect(pairs.map(({ cert }) => cert)).to.deep.equal([first?.certificate]);
    await symlink('..2', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await eventually(() => expect(pairs.at(-1)?.cert).to.equal(second?.certificate), 5000);
  });
});
