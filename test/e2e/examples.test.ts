import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { runSluice } from '../support/sluice.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../examples');

describe('examples', () => {
  const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  it('has one for each common need', () => {
    expect(folders.map(({ name }) => name)).to.include.members([
      'basic-auth',
      'canary',
      'cors',
      'external-auth',
      'grpc',
      'mtls',
      'rate-limit',
      'rewrite',
      'sticky',
    ]);
  });

  for (const { name } of folders) {
    it(`${name}: sluice render accepts it without Problems`, async () => {
      const { status, err } = await runSluice(['render', `--manifests=${join(EXAMPLES, name)}`]);
      expect(err).to.equal('');
      expect(status).to.equal(0);
    });
  }
});
