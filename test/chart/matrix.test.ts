// The chart over a matrix of values files, by the real helm: each file in values/ is one installation.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { parseCommandLine } from '../../controller/flags.ts';
import { CHART, find, findHelm, helm, KUBERNETES, needsHelm, template, type Values, valueIn } from '../support/helm.ts';
import { isRecord, type RawObject } from '../support/kube/raw.ts';
import { schemaErrors } from '../support/kube-schema.ts';

const FOLDER = join(import.meta.dirname, 'values');
const FILES = readdirSync(FOLDER).sort();

function valuesOf(file: string): Values {
  return parse(readFileSync(join(FOLDER, file), 'utf8')) as Values;
}

function list(object: unknown, path: string): Record<string, unknown>[] {
  const found = valueIn(object, path);
  return Array.isArray(found) ? found.filter(isRecord) : [];
}

/** The Pod specs of all workloads. */
function podSpecs(objects: readonly RawObject[]): unknown[] {
  return objects
    .filter(({ kind }) => /^(Deployment|DaemonSet|Job)$/.test(kind))
    .map((object) => valueIn(object, 'spec.template.spec'));
}

/** Whether each part of a Service or PodDisruptionBudget finds Pods of the release. */
function selects(selector: unknown, labels: unknown): boolean {
  if (!isRecord(selector) || !isRecord(labels)) return false;
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

describe('the chart', function () {
  needsHelm(this);

  it('has a matrix to be tried over', () => {
    expect(FILES.length).to.be.above(12);
  });

  for (const file of FILES) {
    describe(`with ${file}`, () => {
      let objects: RawObject[];
      before(async function () {
        if (findHelm() === null) return this.skip();
        objects = await template(valuesOf(file));
      });

      it('passes helm lint', async () => {
        const { status, out, err } = await helm([
          'lint',
          CHART,
          '--kube-version',
          KUBERNETES,
          '--values',
          join(FOLDER, file),
        ]);
        expect(status, out + err).to.equal(0);
        expect(out).to.not.match(/\[(WARNING|ERROR)\]/);
      });

      it('makes objects that Kubernetes accepts, each once', async () => {
        const errors = await Promise.all(objects.map(schemaErrors));
        expect(errors.flat()).to.deep.equal([]);
        const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
        expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([]);
      });

      it('has Services, budgets and monitors that find their Pods and ports', () => {
        const pods = objects
          .filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet')
          .map((object) => ({
            labels: valueIn(object, 'spec.template.metadata.labels'),
            selector: valueIn(object, 'spec.selector.matchLabels'),
            ports: list(object, 'spec.template.spec.containers').flatMap((container) => list(container, 'ports')),
          }));
        for (const { labels, selector } of pods) expect(selects(selector, labels)).to.equal(true);
        for (const object of objects.filter(({ kind }) => kind === 'Service')) {
          const pod = pods.find(({ labels }) => selects(valueIn(object, 'spec.selector'), labels));
          const names = pod?.ports.map(({ name }) => name) ?? [];
          const targets = list(object, 'spec.ports').map(({ targetPort }) => targetPort);
          expect(
            targets.filter((target) => !names.includes(target)),
            String(object.metadata.name),
          ).to.deep.equal([]);
        }
        for (const object of objects.filter(({ kind }) => kind === 'PodDisruptionBudget')) {
          const selector = valueIn(object, 'spec.selector.matchLabels');
          expect(
            pods.some(({ labels }) => selects(selector, labels)),
            String(object.metadata.name),
          ).to.equal(true);
        }
      });

      it('mounts only volumes that are there, each emptyDir writable in one container (R11, R12)', () => {
        for (const spec of podSpecs(objects)) {
          const volumes = list(spec, 'volumes');
          const mounts = list(spec, 'containers').flatMap((container) =>
            list(container, 'volumeMounts').map(
              (mount) => ({ ...mount, container: container.name }) as Record<string, unknown>,
            ),
          );
          const names = volumes.map(({ name }) => name);
          expect(mounts.filter(({ name }) => !names.includes(name))).to.deep.equal([]);
          for (const { name } of volumes.filter((volume) => 'emptyDir' in volume)) {
            const writers = mounts.filter((mount) => mount.name === name && mount.readOnly !== true);
            expect(writers.length, String(name)).to.equal(1);
          }
        }
      });

      it('passes flags that Sluice knows', () => {
        const name = typeof valuesOf(file)['fullnameOverride'] === 'string' ? 'edge' : 'ingress-nginx';
        const workload =
          find(objects, `Deployment/${name}-controller`) ?? find(objects, `DaemonSet/${name}-controller`);
        for (const container of ['controller', 'nginx']) {
          const args = valueIn(workload, `spec.template.spec.containers[${container}].args`);
          if (args === undefined) continue;
          const expanded = (args as string[]).map((arg) => arg.replaceAll('$(POD_NAMESPACE)', 'ingress-nginx'));
          const { words } = parseCommandLine(expanded);
          expect(words).to.deep.equal(container === 'nginx' ? ['nginx'] : []);
        }
      });
    });
  }
});
