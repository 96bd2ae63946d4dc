// Golden fixtures: Kubernetes objects, then a document `kind: Expect` with the parts of the model that they must become.
// `npm run golden` rewrites those parts.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { selectionOf } from '../../controller/app.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { Graph } from '../../controller/model/graph.ts';
import { showProblem, tidy } from '../../controller/model/problems.ts';
import type { Selection } from '../../controller/model/settings.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { Intake } from '../../controller/watch/intake.ts';
import { readManifest } from '../../controller/watch/manifests.ts';
import { readableModel } from '../support/model.ts';

const FOLDER = import.meta.dirname;
const PARTS = ['hosts', 'backends', 'profiles', 'servers', 'certificates', 'problems'] as const;
const SEPARATOR = /^---$/m;

interface Expectation extends Partial<Record<(typeof PARTS)[number], unknown>> {
  readonly kind: 'Expect';
  readonly title: string;
  /** Command line flags, beside --watch-ingress-without-class. */
  readonly flags?: readonly string[];
  /** What no flag says, such as IngressClasses that cannot be listed. */
  readonly selection?: Partial<Selection>;
}

function actual(objects: string, { flags, selection }: Expectation): Record<string, unknown> {
  const { objects: read, problems } = readManifest('objects.yaml', objects);
  const cluster = new Cluster();
  const line = parseCommandLine(['--watch-ingress-without-class', ...(flags ?? [])]);
  const selected = { ...selectionOf(line.flags), ...selection };
  const intake = new Intake(cluster, () => selected);
  for (const object of read.values()) intake.put(object);
  const model = new Graph(cluster, selected).evaluate();
  const all = tidy([...problems, ...intake.problems(), ...model.problems]);
  return { ...readableModel(model), problems: all.map(showProblem) };
}

describe('golden', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  for (const file of files.sort()) {
    const path = join(FOLDER, file);
    const text = readFileSync(path, 'utf8');
    const at = text.split(SEPARATOR).slice(0, -1).join('---').length;
    const expectation = parse(text.slice(at).replace(SEPARATOR, '')) as Expectation;

    it(`${relative(FOLDER, path)}: ${expectation.title}`, () => {
      const parts = actual(text.slice(0, at), expectation);
      const wanted = PARTS.filter((part) => expectation[part] !== undefined);
      if (process.env.SLUICE_WRITE_GOLDEN !== undefined) {
        const kept = wanted.length === 0 ? (['hosts', 'backends', 'problems'] as const) : wanted;
        const { kind, title, flags, selection } = expectation;
        const rewritten = {
          kind,
          title,
          ...(flags === undefined ? {} : { flags }),
          ...(selection === undefined ? {} : { selection }),
          ...Object.fromEntries(kept.map((part) => [part, parts[part]])),
        };
        writeFileSync(path, `${text.slice(0, at)}---\n${stringify(rewritten, { lineWidth: 0 })}`);
        return;
      }
      expect(expectation.kind).to.equal('Expect');
      expect(wanted, 'a fixture that expects nothing').to.not.be.empty;
      for (const part of wanted) expect(parts[part], part).to.deep.equal(expectation[part]);
    });
  }
});
