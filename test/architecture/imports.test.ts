// The layers of ARCHITECTURE.md: which folder may import which, and what the pure ones may not touch.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect } from 'chai';

const ROOT = resolve(import.meta.dirname, '../../controller');

/** Below every folder. */
const ANYWHERE = 'assert.ts';

/** Folder → the folders below controller/ that its files may import at run time; types may come from anywhere. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  kube: ['kube'],
  feature: ['feature', 'annotations', 'kube'],
  annotations: ['feature', 'render'],
  model: ['model', 'feature', 'kube', 'render'],
  render: ['render'],
  apply: ['apply', 'render'],
  supervisor: ['supervisor', 'apply'],
  watch: ['watch', 'kube', 'model'],
  admission: ['admission', 'feature', 'kube', 'model'],
  telemetry: ['telemetry'],
  explain: ['explain', 'feature', 'kube', 'model'],
  inspect: ['inspect', 'apply', 'explain', 'render', 'kube', 'telemetry'],
  dashboard: ['dashboard', 'explain', 'kube', 'model', 'telemetry'],
  status: ['status', 'watch', 'kube', 'model', 'feature'],
};

/** Folders that are pure: no input or output, no clock, no randomness, no log. */
const PURE = ['kube', 'feature', 'annotations', 'model'];
/** The files in them that talk to the API server, which is what the rest of kube/ is about; nothing pure may import them. */
const EDGE = ['kube/access.ts', 'kube/client.ts', 'kube/reach.ts'];
const IMPURE =
  /\bnode:(fs|http|https|net\/promises|child_process|timers|os|dgram|tls)\b|\bDate\.now\(|new Date\(\)|Math\.random|performance\.now|process\.env|\bpino\b|console\./;

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(): { file: string; text: string }[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));
}

function imports(): Import[] {
  return sources().flatMap(({ file, text }) =>
    [...text.matchAll(/^(?:import|export) (?!type)[^;]*?from '(\.[^']+)';/gm)]
      // A list of nothing but types is erased as well.
      .filter(([statement]) => !/^import \{(\s*type [^,}]+,?)+\s*\} from/.test(statement))
      .map(([, path]) => ({ from: file, to: relative(ROOT, join(ROOT, dirname(file), path ?? '')) })),
  );
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '';
}

describe('architecture', () => {
  it('finds the imports at all', () => {
    expect(imports().length).to.be.above(50);
  });

  for (const [folder, allowed] of Object.entries(ALLOWED)) {
    it(`${folder}/ imports only from ${allowed.join(', ')}`, () => {
      const forbidden = imports().filter(
        ({ from, to }) => folderOf(from) === folder && to !== ANYWHERE && !allowed.includes(folderOf(to)),
      );
      expect(forbidden).to.deep.equal([]);
    });
  }

  it('every folder has its rule', () => {
    const folders = new Set(sources().map(({ file }) => folderOf(file)));
    expect([...folders].filter((folder) => folder !== '' && folder !== 'cli' && !(folder in ALLOWED))).to.deep.equal(
      [],
    );
  });

  it(`${PURE.join(', ')} have no input or output, clock, randomness, environment or log`, () => {
    const impure = sources()
      .filter(({ file, text }) => PURE.includes(folderOf(file)) && !EDGE.includes(file) && IMPURE.test(text))
      .map(({ file }) => file);
    expect(impure).to.deep.equal([]);
    const leaks = imports().filter(
      ({ from, to }) => PURE.includes(folderOf(from)) && !EDGE.includes(from) && EDGE.includes(to),
    );
    expect(leaks).to.deep.equal([]);
  });
});
