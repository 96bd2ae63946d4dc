// sluice migrate-report on manifests with values.yaml, and on a cluster.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Report } from '../../controller/cli/migrate/report.ts';
import { startApiServer } from '../support/kube/server.ts';
import { configMap, ingress } from '../support/objects.ts';
import { manifestText, runSluice } from '../support/sluice.ts';

const INGRESSES = [
  ingress({ name: 'quiet', host: 'quiet.test', className: 'nginx', annotations: { 'proxy-read-timeout': '5' } }),
  ingress({
    name: 'cors',
    host: 'cors.test',
    className: 'nginx',
    annotations: { 'enable-cors': 'true', 'cors-allow-origin': 'https://a.test' },
  }),
  ingress({
    name: 'waf',
    host: 'waf.test',
    className: 'nginx',
    annotations: { 'modsecurity-snippet': 'SecRuleEngine On' },
  }),
  ingress({
    name: 'snippet',
    host: 'snippet.test',
    className: 'nginx',
    annotations: {
      'configuration-snippet': 'proxy_read_timeout 2m;\nmore_set_headers "X-Frame-Options: <b>DENY</b>";\n',
    },
  }),
  ingress({ name: 'other', host: 'other.test', className: 'traefik' }),
];
const SETTINGS = { 'annotations-risk-level': 'Critical', 'allow-snippet-annotations': 'true', 'enable-brotli': 'true' };
const VALUES = `controller:
  allowSnippetAnnotations: true
  config: {annotations-risk-level: Critical, enable-brotli: "true"}
  image: {tag: v1.11.0}
  extraArgs: {enable-ssl-passthrough: ""}
`;

describe('sluice migrate-report', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-migrate-'));
    await writeFile(join(folder, 'all.json'), manifestText(INGRESSES));
    await writeFile(join(folder, 'values.yml'), VALUES);
  });
  after(() => rm(folder, { recursive: true }));

  const ofFiles = (...args: string[]) =>
    runSluice(['migrate-report', join(folder, 'all.json'), `--values=${join(folder, 'values.yml')}`, ...args]);

  it('manifests and values.yaml: totals, and each Ingress with what differs, needs a hand, or could be typed', async () => {
    const { status, out, err } = await ofFiles('-o', 'json');
    expect({ status, err }).to.deep.equal({ status: 0, err: '' });
    const { totals, ingresses, settings, flags, values } = JSON.parse(out) as Report;
    expect(totals).to.deep.equal({
      ingresses: 4,
      unchanged: 2,
      differs: 1,
      hand: 1,
      notOurs: 1,
      snippets: 1,
      snippetsThatCanGo: 1,
    });
    expect(ingresses.map(({ name, verdict }) => `${name} ${verdict}`)).to.deep.equal([
      'default/waf hand',
      'default/cors differs',
      'default/quiet unchanged',
      'default/snippet unchanged',
    ]);
    const [snippet] = ingresses.find(({ name }) => name === 'default/snippet')?.snippets ?? [];
    expect(snippet?.suggestions[0]).to.deep.equal({
      directive: 'proxy_read_timeout 2m;',
      instead: { kind: 'annotation', key: 'proxy-read-timeout', value: '120', note: '' },
    });
    expect(settings.find(({ name }) => name === 'enable-brotli')?.verdict).to.equal('hand');
    expect(flags).to.deep.equal([
      { name: 'enable-ssl-passthrough', verdict: 'hand', text: 'has no effect in this version' },
    ]);
    expect(values.find(({ name }) => name === 'controller.image.tag')?.verdict).to.equal('hand');
  });

  it('a cluster with its ConfigMap gives the same report', async () => {
    const api = await startApiServer();
    try {
      const className = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name: 'nginx' },
        spec: { controller: 'k8s.io/ingress-nginx' },
      };
      api.fill([className, configMap('controller', SETTINGS, 'ingress'), ...INGRESSES]);
      await writeFile(join(folder, 'kubeconfig'), api.kubeconfig());
      const { status, out } = await runSluice([
        'migrate-report',
        `--kubeconfig=${join(folder, 'kubeconfig')}`,
        '--configmap=ingress/controller',
        '-o',
        'json',
      ]);
      expect(status).to.equal(0);
      const { totals, settings } = JSON.parse(out) as Report;
      expect(totals).to.include({ ingresses: 4, unchanged: 2, differs: 1, hand: 1, notOurs: 1 });
      expect(settings.map(({ name, verdict }) => `${name} ${verdict}`)).to.include('enable-brotli hand');
    } finally {
      await api.stop();
    }
  });

  it('Markdown: the text of others is no markup', async () => {
    const { out } = await ofFiles();
    expect(out).to.match(/^# From ingress-nginx to Sluice\n/);
    expect(out).to.contain('## default/waf: needs a hand');
    expect(out).to.contain('`proxy_read_timeout 2m;` → annotation proxy-read-timeout: "120"');
    expect(out).to.contain('X-Frame-Options: \\<b\\>DENY\\</b\\>');
    expect(out).to.contain('| `controller.image.tag` | needs a hand |');
  });

  it('HTML: one page that names a language, loads nothing, runs nothing, and shows text of others as text', async () => {
    const { out } = await ofFiles('-o', 'html');
    expect(out).to.match(/^<!doctype html>\n<html lang="en">/);
    expect(out).to.not.match(/<script|<link|<img|src=|href="(?!#)|url\(|@import/);
    expect(out).to.contain('prefers-color-scheme: dark');
    expect(out).to.not.contain('<b>DENY');
    for (const [, id] of out.matchAll(/href="#([^"]+)"/g)) expect(out).to.contain(`id="${id}"`);
  });

  it('says what is wrong with a values file that is none', async () => {
    await writeFile(join(folder, 'list.yml'), '- a\n');
    const { status, err } = await runSluice(['migrate-report', folder, `--values=${join(folder, 'list.yml')}`]);
    expect(status).to.equal(65);
    expect(err).to.match(/list\.yml is no values file: it must be a map/);
  });
});
