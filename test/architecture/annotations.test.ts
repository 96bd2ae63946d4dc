// The registry of features as a set: against the spec, against its tests, and against its documentation.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { Outcome } from '../../controller/feature/parse.ts';
import { FEATURES, SPECS } from '../../controller/feature/registry.ts';
import { NOT_SUPPORTED } from '../../controller/feature/unsupported.ts';
import { annotationsPage, configMapPage } from '../../scripts/docs.ts';

const ROOT = resolve(import.meta.dirname, '../..');

interface Entry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly risk: string;
  readonly scope: string;
  readonly configmap_key: string | null;
  readonly default: string | number | boolean | null;
  readonly on_invalid: Outcome | readonly Outcome[];
}

/** Where Sluice differs on purpose (docs/differences.md): the old controller opened the door. */
const DIFFERENT: Readonly<Record<string, readonly (keyof Entry)[]>> = {
  'auth-always-set-cookie': ['on_invalid'],
  'auth-request-redirect': ['on_invalid'],
};

/** Sluice's own, which change nothing where they are absent; their documentation says "Own". */
const OWN: ReadonlySet<string> = new Set([
  'proxy-next-upstream-budget',
  'upstream-hash-by-load-factor',
  'upstream-max-connections',
  'upstream-slow-start',
]);

/** Not supported, and said so: modules that the image lacks, and what has an issue of its own. */
const LEFT_OUT =
  /^(enable-modsecurity|enable-owasp-core-rules|modsecurity-|enable-opentelemetry|opentelemetry-|ssl-passthrough$|stream-snippet$)/;

function read(folder: string, wanted: RegExp): { file: string; text: string }[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => wanted.test(file))
    .map((file) => ({ file, text: readFileSync(join(ROOT, folder, file), 'utf8') }));
}

describe('the registry of annotations', () => {
  const text = readFileSync(join(ROOT, 'docs/spec/annotations.yaml'), 'utf8');
  const entries = (parse(text) as { annotations: Entry[] }).annotations;
  const specs = FEATURES.flatMap(({ keys }) => Object.entries(keys));
  const fixtures = read('test/golden', /\.yaml$/);
  const titles = read('test/e2e', /\.test\.ts$/)
    .flatMap(({ text: source }) => source.match(/^\s*(it|describe)\((.|\n)*?,\s*(async )?(function )?\(/gm) ?? [])
    .join('\n');

  it('knows every name of the spec, once', () => {
    const names = entries.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
    const known = [...SPECS.keys(), ...NOT_SUPPORTED.keys()].filter((name) => !OWN.has(name));
    expect(known.sort()).to.deep.equal(names.sort());
  });

  it('leaves out only what has a reason of its own', () => {
    expect([...NOT_SUPPORTED.keys()].filter((name) => !LEFT_OUT.test(name))).to.deep.equal([]);
  });

  it('is documented as it is: npm run docs writes the pages', () => {
    expect(readFileSync(join(ROOT, 'docs/annotations.md'), 'utf8')).to.equal(annotationsPage());
    expect(readFileSync(join(ROOT, 'docs/configmap.md'), 'utf8')).to.equal(configMapPage());
  });

  for (const [key, spec] of specs) {
    it(`${key} agrees with the spec, or says that it is our own`, () => {
      if (OWN.has(key)) {
        expect(spec.doc).to.match(/^Own: /);
        expect(entries.some(({ name }) => name === key)).to.equal(false);
        return;
      }
      const entry = entries.find(({ name }) => name === key);
      const differs = DIFFERENT[key] ?? [];
      if (!differs.includes('risk')) expect(spec.risk).to.equal(entry?.risk);
      if (!differs.includes('scope')) expect(spec.scope).to.equal(entry?.scope);
      if (!differs.includes('configmap_key')) expect(spec.config).to.equal(entry?.configmap_key);
      expect(spec.aliases).to.deep.equal(entry?.aliases ?? []);
      if (!differs.includes('default')) {
        expect(spec.default ?? '').to.equal(String(entry?.default ?? ''));
      }
      if (!differs.includes('on_invalid')) {
        expect([entry?.on_invalid ?? []].flat()).to.include(spec.invalid);
      }
    });

    it(`${key} has a golden fixture, and one with a value that is refused`, () => {
      const own = fixtures.filter(({ text: fixture }) => fixture.includes(`/${key}:`) || fixture.includes(`/${key}"`));
      expect(own, 'fixtures that use it').to.not.be.empty;
      const problem = new RegExp(`annotation ${key}[: ]`);
      if (!ANY_TEXT.has(key))
        expect(
          own.filter(({ text: fixture }) => problem.test(fixture)),
          'bad input',
        ).to.not.be.empty;
    });

    it(`${key} is named by an end-to-end test`, () => {
      expect(titles).to.match(new RegExp(`(?<![a-z-])${key}(?![a-z-])`));
    });
  }
});

/** Annotations that take any text. */
const ANY_TEXT: ReadonlySet<string> = new Set();
