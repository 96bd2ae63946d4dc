// The tables of sluice migrate-report: against the registry of annotations, the ConfigMap, the chart and docs/differences.md.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { CHART_VALUES } from '../../controller/cli/migrate/chart-values.ts';
import { DIFFERENCES, EVERYWHERE } from '../../controller/cli/migrate/differences.ts';
import { flagEntries, settingEntries } from '../../controller/cli/migrate/settings.ts';
import { suggestedKeys, suggestionsOf } from '../../controller/cli/migrate/snippets.ts';
import { readValues } from '../../controller/cli/migrate/values.ts';
import { SPECS } from '../../controller/feature/registry.ts';
import { supportedKeys } from '../../controller/model/settings.ts';
import { CHART_DATA_FILE, chartData } from '../../scripts/chart-data.ts';
import { specValues } from '../../scripts/helm-values.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('tables of sluice migrate-report', () => {
  it('every difference has its line in docs/differences.md, and is about annotations and keys that there are', () => {
    const rows = readFileSync(join(ROOT, 'docs/differences.md'), 'utf8').split('\n');
    for (const { row } of [...DIFFERENCES, ...EVERYWHERE]) {
      expect(
        rows.filter((line) => line.startsWith(`| ${row}`)),
        row,
      ).to.have.length(1);
    }
    const keys = new Set(supportedKeys());
    const known = (names: Iterable<string>, key: string): boolean =>
      [...names].some((name) => name === key || (key.endsWith('*') && name.startsWith(key.slice(0, -1))));
    for (const { annotations, settings } of DIFFERENCES) {
      expect(annotations.filter((key) => !known(SPECS.keys(), key))).to.deep.equal([]);
      expect(settings.filter((key) => !known(keys, key))).to.deep.equal([]);
      expect(annotations.length + settings.length).to.be.above(0);
    }
  });

  it('only annotations and keys that there are are suggested in place of directives', () => {
    const keys = new Set(supportedKeys());
    const found = suggestedKeys();
    expect(found.length).to.be.above(100);
    const unknown = found.filter(({ kind, key }) => !(kind === 'annotation' ? SPECS.has(key) : keys.has(key)));
    expect(unknown.map(({ key }) => key)).to.deep.equal([]);
  });

  it('a suggested value is one that the annotation accepts', () => {
    const snippet = `proxy_read_timeout 2m; proxy_connect_timeout 500ms; client_max_body_size 8m; proxy_buffering off; limit_rate 10k;
      limit_conn zone 5; deny 10.0.0.0/8; allow 192.0.2.1; return 301 https://x.test/; proxy_http_version 1.1; access_log off;
      proxy_buffers 8 16k; satisfy any; proxy_next_upstream error timeout; ssl_prefer_server_ciphers on; error_page 404 503 /e;`;
    for (const { directive, instead } of suggestionsOf(snippet) ?? []) {
      expect(instead?.kind, directive).to.equal('annotation');
      expect(
        SPECS.get(instead?.key ?? '')?.parse(instead?.value ?? '').ok,
        `${directive} ${JSON.stringify(instead)}`,
      ).to.equal(true);
    }
  });

  it('what stands in an "if" or a "location" stays, and a text that is no configuration has no suggestions', () => {
    const kept = suggestionsOf('if ($http_x) { proxy_read_timeout 5s; return 301 /y; } set $a b;');
    expect(kept?.map(({ directive, instead }) => [directive, instead])).to.deep.equal([
      ['if ($http_x) { … }', null],
      ['proxy_read_timeout 5s;', null],
      ['return 301 /y;', null],
      ['set $a b;', null],
    ]);
    expect(suggestionsOf('proxy_read_timeout 5s')).to.equal(null);
  });

  it('knows every value of the chart of ingress-nginx: npm run docs writes the table', () => {
    expect(readFileSync(CHART_DATA_FILE, 'utf8')).to.equal(chartData());
    expect(
      specValues()
        .filter(({ path }) => !CHART_VALUES.has(path))
        .map(({ path }) => path),
    ).to.deep.equal([]);
  });

  it('values.yaml: kept, without meaning, by hand; with the flags and the ConfigMap that it describes', () => {
    const text = `controller:
  replicaCount: 2
  image: {tag: v1.11.0}
  extraModules: [{name: x}]
  config: {use-gzip: true, proxy-body-size: 8m}
  allowSnippetAnnotations: true
  watchIngressWithoutClass: true
  extraArgs: {default-ssl-certificate: a/b, v: 3}
  podSecurityContext: {sysctls: []}
  unheardOf: {deep: 1}
podSecurityPolicy: {enabled: false}
tcp: {}
`;
    const { entries, config, args } = readValues('values.yaml', text);
    expect(Object.fromEntries(entries.map(({ name, verdict }) => [name, verdict]))).to.deep.equal({
      'controller.replicaCount': 'unchanged',
      'controller.image.tag': 'hand',
      'controller.extraModules': 'nothing',
      'controller.config': 'unchanged',
      'controller.allowSnippetAnnotations': 'unchanged',
      'controller.watchIngressWithoutClass': 'unchanged',
      'controller.extraArgs': 'unchanged',
      'controller.podSecurityContext': 'unchanged',
      'controller.unheardOf.deep': 'hand',
      'podSecurityPolicy.enabled': 'nothing',
      tcp: 'unchanged',
    });
    expect([...config]).to.deep.equal([
      ['use-gzip', 'true'],
      ['proxy-body-size', '8m'],
      ['allow-snippet-annotations', 'true'],
    ]);
    expect(args).to.deep.equal(['--default-ssl-certificate=a/b', '--v=3', '--watch-ingress-without-class']);
  });

  it('keys and flags: unchanged, differing, needless, removed, not supported, unknown', () => {
    const data = new Map([
      ['proxy-body-size', '8m'],
      ['load-balance', 'ewma'],
      ['lua-shared-dicts', 'x: 1'],
      ['enable-brotli', 'true'],
      ['enable-opentracing', 'true'],
    ]);
    expect(settingEntries(data, []).map(({ name, verdict }) => `${name} ${verdict}`)).to.deep.equal([
      'enable-brotli hand',
      'enable-opentracing hand',
      'load-balance differs',
      'lua-shared-dicts nothing',
      'proxy-body-size unchanged',
    ]);
    const args = ['--http-port=8080', '--enable-ssl-passthrough', '--sort-backends', '--made-up', '--http-port=x'];
    expect(flagEntries(args).map(({ verdict }) => verdict)).to.deep.equal([
      'unchanged',
      'hand',
      'nothing',
      'hand',
      'hand',
    ]);
  });
});
