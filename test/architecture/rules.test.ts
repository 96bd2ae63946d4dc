// Every rule of the old controller about classes, hosts, paths, the default backend, TLS, Services, headers, canaries, phases,
// deletion and admission has a test that cites its id, or stands below with the reason why not.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../..');
const FAMILIES = /^(PARSE|CLASS|HOST|PATH|DEF|TLS|SVC|CAN|SNIP|HDR|GLOB|PHASE|DYN|DEL|ADM)-/;

const NOT_YET: Readonly<Record<string, string>> = {
  'PARSE-06': 'values are always validated here (docs/differences.md)',
};

describe('rules of the old controller', () => {
  const spec = parse(readFileSync(join(ROOT, 'docs/spec/annotations.yaml'), 'utf8')) as {
    rules: Record<string, { id: string }[]>;
  };
  const ids = Object.values(spec.rules)
    .flat()
    .map(({ id }) => id)
    .filter((id) => FAMILIES.test(id));
  const cited = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(test\.ts|yaml)$/.test(file) && !file.startsWith('architecture'))
    .map((file) => readFileSync(join(ROOT, 'test', file), 'utf8'))
    // Titles only: of tests, suites and fixtures.
    .flatMap((text) => text.match(/^.*\b(it|describe)\(.*$|^title: .*$/gm) ?? [])
    .join('\n');

  it('are known', () => {
    expect(ids.length).to.be.above(60);
    expect(Object.keys(NOT_YET).filter((id) => !ids.includes(id))).to.deep.equal([]);
  });

  for (const id of ids) {
    const reason = NOT_YET[id];
    if (reason === undefined) it(`${id} is cited by a test`, () => expect(cited).to.contain(id));
  }
});
