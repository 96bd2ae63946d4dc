// The workflows, as far as they can be judged without GitHub: what they run is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { parseDocument } from 'yaml';
import { z } from 'zod';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');

const workflow = z.object({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({
      'runs-on': z.string(),
      'timeout-minutes': z.number(),
      steps: z.array(
        z
          .looseObject({
            uses: z.string().optional(),
            run: z.string().optional(),
            with: z.record(z.string(), z.unknown()).optional(),
          })
          .refine(({ uses, run }) => (uses === undefined) !== (run === undefined)),
      ),
    }),
  ),
});

describe('workflows', () => {
  const files = readdirSync(FOLDER).map((file) => {
    const document = parseDocument(readFileSync(join(FOLDER, file), 'utf8'), { uniqueKeys: true });
    expect(document.errors, file).to.deep.equal([]);
    return { file, content: workflow.parse(document.toJS()) };
  });
  const steps = files.flatMap(({ content }) => Object.values(content.jobs).flatMap((job) => job.steps));

  it('are there: the checks, a cluster, the image', () => {
    expect(files.flatMap(({ content }) => Object.keys(content.jobs)).sort()).to.deep.equal([
      'cluster',
      'image',
      'test',
      'workflows',
    ]);
  });

  it('begin with the right to read only, pin every action to a version, and run only scripts that exist', () => {
    for (const { content } of files) expect(content.permissions).to.deep.equal({ contents: 'read' });
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used).to.not.be.empty;
    expect(used.filter((action) => !/^[\w-]+\/[\w-]+@(v\d+(\.\d+)*|[0-9a-f]{40})$/.test(action))).to.deep.equal([]);
    const scripts = steps.flatMap(({ run }) =>
      [...(run ?? '').matchAll(/\bbash (\S+)/g)].map(([, path]) => path ?? ''),
    );
    expect(scripts).to.include.members(['.ci/run', 'scripts/conformance.sh', 'scripts/smoke-cluster.sh']);
    expect(scripts.filter((path) => !existsSync(join(ROOT, path)))).to.deep.equal([]);
    const npm = steps.flatMap(({ run }) => [...(run ?? '').matchAll(/\bnpm run (\S+)/g)].map(([, name]) => name ?? ''));
    const known: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    for (const name of npm) expect(known).to.have.nested.property(`scripts.${name}`);
  });

  it('the image is built for amd64 and arm64, with a bill of materials and provenance', () => {
    const [image] = steps.filter((step) => step.with?.platforms !== undefined);
    expect(image?.with).to.include({ platforms: 'linux/amd64,linux/arm64', sbom: true, provenance: 'mode=max' });
  });
});
