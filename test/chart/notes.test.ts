// NOTES.txt: how to look at it, and what became of values that mean nothing here. `helm template` leaves notes out, so a copy of
// the chart shows them in a ConfigMap.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { CHART, find, needsHelm, template, type Values, valueIn } from '../support/helm.ts';
import { nest } from './effects/effect.ts';

describe('NOTES.txt', function () {
  needsHelm(this);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-test-chart-'));
    await cp(CHART, folder, { recursive: true });
    await cp(join(CHART, 'templates/NOTES.txt'), join(folder, 'notes'));
    const shown =
      '{kind: ConfigMap, apiVersion: v1, metadata: {name: notes}, data: {text: {{ tpl (.Files.Get "notes") . | toJson }}}}';
    await writeFile(join(folder, 'templates/shown.yaml'), shown);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  async function notes(values: Values = {}): Promise<string> {
    return String(valueIn(find(await template(values, { chart: folder }), 'ConfigMap/notes'), 'data.text'));
  }

  it('says how to look at it, and nothing about values that are fine', async () => {
    const text = await notes();
    expect(text)
      .to.contain('rollout status deployment/ingress-nginx-controller')
      .and.to.contain('ingressClassName: nginx');
    expect(text).to.contain('--container nginx').and.to.not.contain('About your values');
  });

  for (const [path, value, words] of [
    ['controller.image.tag', 'v1.11.2', 'names an image of ingress-nginx'],
    ['controller.image.chroot', true, 'controller.image.chroot is ignored'],
    ['global.image.registry', 'registry.k8s.io', 'does not have the image of Sluice'],
    ['controller.image.registry', 'k8s.gcr.io', 'does not have the image of Sluice'],
    ['controller.admissionWebhooks.patch.image.tag', 'v1.5.1', "the jobs run the controller's image"],
    ['controller.customTemplate.configMapName', 'x', 'controller.customTemplate is ignored'],
    ['controller.extraModules', [{ name: 'm' }], 'controller.extraModules is ignored'],
    ['controller.opentelemetry', { enabled: true }, 'controller.opentelemetry is ignored'],
    ['podSecurityPolicy', { enabled: true }, 'podSecurityPolicy is ignored'],
    ['controller.enableWorkerSerialReloads', true, 'controller.config.enable-serial-reloads'],
    ['controller.headers', { a: 'b' }, 'controller.proxySetHeaders'],
    ['controller.defaultBackendService', 'a/b', 'controller.extraArgs.default-backend-service'],
    ['controller.daemonset', { useHostPort: true }, 'use controller.hostPort'],
    ['maxmindLicenseKey', 'k', 'controller.maxmindLicenseKey'],
    ['controller.service.internal.enabled', true, 'makes no Service without controller.service.internal.annotations'],
    ['controller.singleContainer', true, 'beside the token'],
  ] as const) {
    it(`has a line about ${path}: ${JSON.stringify(value)}`, async () => {
      expect(await notes(nest(path, value)))
        .to.contain('About your values')
        .and.to.contain(words);
    });
  }

  it('has a line for each such value of a file that was written for ingress-nginx', async () => {
    const file = await readFile(join(import.meta.dirname, 'values/old-chart.yaml'), 'utf8');
    const [, lines = ''] = (await notes(parse(file) as Values)).split('About your values:');
    expect(lines.match(/^ {2}- /gm)).to.have.length(9);
  });
});
