// A strict reader of the Prometheus text format 0.0.4: it throws on what a scraper would refuse, and on families that are not
// as they should be.
import { expect } from 'chai';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly samples: readonly Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? ([^ ]+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** Families by name; throws on the first line that is not in order. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, { type: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let current = '';
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line.slice(0, 300)}`);
    };
    if (line === '') continue;
    const [, keyword, named = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'TYPE') {
      if (families.has(named)) fail('a family comes twice');
      if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest)) fail('an unknown type');
      families.set(named, { type: rest, samples: [] });
      current = named;
      continue;
    }
    if (line.startsWith('#')) continue;
    const [, name = '', inside = '', number = ''] = SAMPLE.exec(line) ?? fail('no sample');
    const family = families.get(current);
    const isOfFamily = name === current || (isOf(name, current) && /^(histogram|summary)$/.test(family?.type ?? ''));
    if (family === undefined || !isOfFamily) return fail('a sample outside its family');
    const labels = labelsOf(inside) ?? fail('labels');
    const id = `${name}{${Object.keys(labels)
      .sort()
      .map((label) => `${label}=${JSON.stringify(labels[label])}`)}}`;
    if (seen.has(id)) fail('a series comes twice');
    seen.add(id);
    const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
    if (Number.isNaN(value) && !/^nan$/i.test(number)) fail('no number'); // prom-client writes "Nan", which Go reads
    family.samples.push({ name, labels, value });
  }
  return families;
}

function isOf(name: string, family: string): boolean {
  return name.startsWith(family) && ['_bucket', '_sum', '_count'].includes(name.slice(family.length));
}

function labelsOf(inside: string): Record<string, string> | null {
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < inside.length) {
    LABEL.lastIndex = at;
    const match = LABEL.exec(inside);
    const [whole = '', name = '', value = '', end] = match ?? [];
    if (match === null || name in labels || (end === '' && LABEL.lastIndex !== inside.length)) return null;
    labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
    at += whole.length;
  }
  return labels;
}

/** Each histogram's buckets are cumulative, the last is +Inf and equals _count, and _sum is there. */
export function expectHistograms(families: ReadonlyMap<string, Family>): void {
  for (const [name, { type, samples }] of families) {
    if (type !== 'histogram') continue;
    const series = Map.groupBy(samples, ({ labels: { le: _le, ...rest } }) =>
      JSON.stringify(Object.entries(rest).sort()),
    );
    for (const [labels, all] of series) {
      const where = `${name}${labels}`;
      const buckets = all
        .filter((sample) => sample.name === `${name}_bucket`)
        .map(({ labels: { le }, value }) => ({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value }));
      const bounds = buckets.map(({ le }) => le);
      expect(bounds, where).to.deep.equal([...bounds].sort((a, b) => a - b));
      const counts = buckets.map(({ value }) => value);
      expect(counts, where).to.deep.equal([...counts].sort((a, b) => a - b));
      expect(bounds.at(-1), where).to.equal(Number.POSITIVE_INFINITY);
      expect(counts.at(-1), where).to.equal(all.find((sample) => sample.name === `${name}_count`)?.value);
      expect(
        all.some((sample) => sample.name === `${name}_sum`),
        where,
      ).to.equal(true);
    }
  }
}

/** The value of the only series with these labels, beside others that it may have; null for none. Throws for several. */
export function sampleValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  wanted: Readonly<Record<string, string>> = {},
): number | null {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  const found = (family?.samples ?? []).filter(
    (sample) =>
      sample.name === name && Object.entries(wanted).every(([label, value]) => sample.labels[label] === value),
  );
  if (found.length > 1) throw new Error(`${name}${JSON.stringify(wanted)} names ${found.length} series`);
  return found[0]?.value ?? null;
}

/** A scrape of the health port, read. */
export async function scrape(port: number): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(response.status).to.equal(200);
  expect(response.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
  return parseExposition(await response.text());
}
