// Dashboards and alerts ask for metrics and labels that a scrape of a loaded controller has.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { parse } from 'yaml';
import { type Pod, startPod } from '../support/backends.ts';
import { makePair } from '../support/certificates.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import { configMap, ingress, secret, site } from '../support/objects.ts';
import { type Family, parseExposition } from '../support/prometheus.ts';
import { readPromql } from '../support/promql.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

const FOLDER = resolve(import.meta.dirname, '../../grafana');
const PREFIX = 'nginx_ingress_controller_';
const PROMTOOL = spawnSync('promtool', ['--version']).status === 0;
/** Names that a user of the old controller knows, which the linter would have end in _total. */
const OLD_NAMES = /^nginx_ingress_controller_(requests|success|errors) counter metrics should have "_total" suffix$/;
/** What a Prometheus adds to each series, or renames because it has a label of that name itself. */
const ADDED = ['instance', 'job'];

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

function expressions(): { where: string; expression: string }[] {
  const dashboards = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const { panels } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { panels: readonly Panel[] };
      return panels.flatMap(({ title, targets = [] }) =>
        targets.map(({ expr }) => ({ where: `${file}, ${title}`, expression: expr })),
      );
    });
  const { groups } = parse(readFileSync(join(FOLDER, 'alerts.yaml'), 'utf8')) as {
    groups: readonly { rules: readonly { alert: string; expr: string }[] }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ where: alert, expression: expr })));
  return [...dashboards, ...alerts];
}

describe('dashboards and alerts', () => {
  let pod: Pod;
  let server: ApiServerDouble;
  let sluice: Sluice;
  let exposition: string;
  let families: ReadonlyMap<string, Family>;

  before(async () => {
    pod = await startPod('web');
    server = await startApiServer();
    server.fill([
      ...site('web', [pod]),
      ingress({ name: 'broken', host: 'broken.test', paths: [{ service: 'gone' }] }),
      ingress({ name: 'tls', host: 'tls.test', tls: [{ hosts: ['tls.test'], secretName: 'pair' }] }),
      secret('pair', await makePair(['tls.test'])),
      configMap('sluice', {}),
    ]);
    sluice = await startSluice({
      kubeconfig: server.kubeconfig(),
      flags: ['--enable-metrics', '--configmap=default/sluice'],
    });
    server.put(configMap('sluice', { 'keep-alive': '66' })); // a reload that works
    await eventually(async () => expect((await sluice.logs()).err).to.contain('nginx reloaded'));
    await ask({ port: sluice.http, host: 'web.test' });
    await eventually(async () => {
      exposition = await (await fetch(`http://127.0.0.1:${sluice.health}/metrics`)).text();
      families = parseExposition(exposition);
      expect(families.get('nginx_ingress_controller_requests')?.samples).to.not.equal(undefined);
      expect(exposition).to.match(/nginx_ingress_controller_requests\{[^}]*host="web.test"/);
    });
  });
  after(async () => {
    await sluice?.stop();
    await server.stop();
    await pod.stop();
  });

  /** What only a failure brings about (test/e2e/reload.test.ts), with these labels. */
  const OWN = ['controller_namespace', 'controller_class', 'controller_pod'];
  const ON_FAILURE = ['nginx_ingress_controller_errors'];

  it('finds expressions at all, in each of the files', () => {
    const files = new Set(expressions().map(({ where }) => where.split(',')[0]));
    expect(files).to.include.keys(['overview.json', 'controller.json', 'SluiceErrors']);
    expect(expressions()).to.have.length.above(60);
  });

  it('reads PromQL: names, labels, and that brackets fit', () => {
    expect(readPromql('sum by (a) (rate(x_total{b="c{d"}[5m])) / on (e) y > 0 or vector(0)')).to.deep.equal({
      metrics: ['x_total', 'y'],
      labels: ['b', 'a', 'e'],
    });
    expect(() => readPromql('sum(x')).to.throw('brackets');
    expect(() => readPromql('vector(1)')).to.throw('no metric');
  });

  for (const { where, expression } of expressions()) {
    it(`${where}: ${expression.slice(0, 100).replace(/\s+/g, ' ')}`, () => {
      const { metrics, labels } = readPromql(expression);
      const found = metrics
        .filter((name) => !ON_FAILURE.includes(name))
        .map((name) => {
          const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
          const samples = family?.samples.filter((sample) => sample.name === name) ?? [];
          expect(samples, name).to.not.be.empty;
          return samples;
        });
      const known = new Set([...OWN, ...found.flat().flatMap((sample) => Object.keys(sample.labels))]);
      for (const label of labels) {
        if (!ADDED.includes(label)) expect([...known]).to.include(label.replace(/^exported_/, ''));
      }
    });
  }

  it('docs/metrics.md says what each family is', () => {
    const pages = readFileSync(join(FOLDER, '../docs/metrics.md'), 'utf8');
    const names = [...families.keys()].filter((name) => !/^(nodejs|process)_/.test(name));
    expect(names.filter((name) => !pages.includes(`\`${name.replace(PREFIX, '')}\``))).to.deep.equal([]);
    expect(names).to.have.length.above(40);
  });

  it('promtool, where it is installed, finds nothing in a scrape but the old names, and nothing in the alerts', async function () {
    if (!PROMTOOL) this.skip(); // it comes with Debian's package prometheus, 100 MB for one test
    const lint = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const closed = once(lint, 'close');
    lint.stdin.end(exposition);
    const found = (await text(lint.stderr)).split('\n').filter((line) => line !== '' && !OLD_NAMES.test(line));
    await closed;
    expect(found).to.deep.equal([]);
    expect(spawnSync('promtool', ['check', 'rules', join(FOLDER, 'alerts.yaml')]).status).to.equal(0);
  });
});
