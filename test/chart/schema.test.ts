// A wrong value is refused before anything changes, in words that say which and where.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { valuesPage } from '../../scripts/helm-docs.ts';
import { REMOVED_VALUES, valuesSchema } from '../../scripts/helm-schema.ts';
import { chartValues } from '../../scripts/helm-values.ts';
import { CHART, helm, KUBERNETES, needsHelm, template, type Values } from '../support/helm.ts';
import { nest } from './effects/effect.ts';

async function refusal(values: Values): Promise<string> {
  return template(values).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
}

describe('values.schema.json', () => {
  it('is the one that npm run docs makes', () => {
    expect(readFileSync(join(CHART, 'values.schema.json'), 'utf8')).to.equal(valuesSchema(chartValues()));
  });

  it('and docs/helm-values.md is the table that npm run docs makes', () => {
    const page = readFileSync(join(CHART, '../docs/helm-values.md'), 'utf8');
    expect(page).to.equal(valuesPage(chartValues()));
  });

  it('knows every value that older charts of ingress-nginx had', () => {
    const spec = parse(readFileSync(join(CHART, '../docs/spec/helm-values.yaml'), 'utf8')) as {
      removed_values: { path: string }[];
    };
    const names = spec.removed_values
      .flatMap(({ path }) => path.split(', '))
      .map((path) => path.replace(/ \(top level\)$|\.\*$|\.hostPorts\.\*$|\.enabled$/, ''))
      // "*.service.omitClusterIP" is each of them; the port of a probe is below a map that is open anyway.
      .filter((path) => !path.startsWith('*') && !path.startsWith('.') && !/Probe\.port$/.test(path));
    const known = (path: string): boolean => REMOVED_VALUES.some((one) => path === one || path.startsWith(`${one}.`));
    expect(names.filter((path) => !known(path))).to.deep.equal([]);
  });
});

describe('a wrong value', function () {
  needsHelm(this);

  for (const [path, value, words] of [
    ['controller.replicaCuont', 3, /at '\/controller'.*'replicaCuont' not allowed/],
    ['controler.replicaCount', 3, /at '': .*'controler' not allowed/],
    [
      'controller.service.externalTraficPolicy',
      'Local',
      /at '\/controller\/service'.*'externalTraficPolicy' not allowed/,
    ],
    ['controller.replicas', 3, /'\/controller\/replicas'.*use controller\.replicaCount'/],
    ['replicaCount', 3, /'\/replicaCount'.*use controller\.replicaCount'/],
    ['service', { type: 'NodePort' }, /'\/service'.*use controller\.service'/],
    ['controller.kind', 'StatefulSet', /'\/controller\/kind': value must be one of 'Deployment', 'DaemonSet'/],
    ['controller.hostNetwork', 'yes', /'\/controller\/hostNetwork': got string, want .*boolean/],
    ['controller.replicaCount', 'two', /'\/controller\/replicaCount': 'two' does not match/],
    ['controller.extraArgs', ['--v=2'], /'\/controller\/extraArgs': got array, want .*object/],
    ['controller.extraEnvs', { A: 'b' }, /'\/controller\/extraEnvs': got object, want .*array/],
    ['rbac.scope', true, /rbac\.scope: true leaves the ClusterRole out.*controller\.scope\.enabled: true/],
  ] as const) {
    it(`${path}: ${JSON.stringify(value)} is refused with ${words}`, async () => {
      expect(await refusal(nest(path, value))).to.match(words);
    });
  }

  it('is found by helm lint as well', async () => {
    const { status, out, err } = await helm([
      'lint',
      CHART,
      '--kube-version',
      KUBERNETES,
      '--set',
      'controller.replicas=3',
    ]);
    expect(status).to.equal(1);
    expect(out + err).to.contain('use controller.replicaCount');
  });

  it('a prefix that makes a port name too long for Kubernetes is refused with the name', async () => {
    const message = await refusal({ portNamePrefix: 'postgres-main', tcp: { 5432: 'a/b:1' } });
    expect(message).to.contain('"postgres-main-5432-tcp"').and.to.contain('15 characters');
  });

  it('null, numbers in quotes, anchors, further ports and switches of a parent chart are no mistakes', async () => {
    for (const values of [
      { controller: { startupProbe: null, resources: null, replicaCount: '2', image: { digest: null } } },
      { 'x-common': { a: 1 }, enabled: true, global: { anything: 1 } },
      { controller: { containerPort: { special: 8000 }, hostPort: { ports: { special: 8000 } } } },
    ]) {
      expect(await refusal(values)).to.equal('accepted');
    }
  });

  for (const path of REMOVED_VALUES) {
    it(`${path}, which ingress-nginx removed, is accepted`, async () => {
      expect(await refusal(nest(path, { enabled: true }))).to.equal('accepted');
    });
  }
});
