// Every key of the controller ConfigMap that has an effect: a good value and a bad one, and what nginx says of the result.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { LUA_FOLDER, selectionOf, TEMPLATE_FOLDER } from '../../controller/app.ts';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { Nginx } from '../../controller/apply/nginx.ts';
import { ensurePlaceholder } from '../../controller/apply/placeholder.ts';
import { ConfigRefused, NginxProcess } from '../../controller/apply/process.ts';
import { stateOf } from '../../controller/apply/state.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { OTHER_KEYS, REMOVED_KEYS } from '../../controller/model/config/other.ts';
import { Graph } from '../../controller/model/graph.ts';
import { CONFIG_KEYS } from '../../controller/model/settings.ts';
import type { Model } from '../../controller/model/types.ts';
import { configRenderer, type Rendered } from '../../controller/render/config.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { configMap, ingress, service, slices } from '../support/objects.ts';
import { COMPANIONS, SAMPLES } from '../support/settings.ts';

const SELECTION = selectionOf(
  parseCommandLine(['--configmap=default/settings', '--watch-ingress-without-class']).flags,
);
const DATA = {
  healthCheckPath: '/healthz',
  httpsPort: 8443,
  dns: { servers: [], search: [], ndots: 1, attempts: 1, timeoutMs: 1000 },
};

/** With a host that has TLS, and a Service that has an address. */
function modelOf(data: Readonly<Record<string, string>>): Model {
  const cluster = new Cluster();
  const objects = [
    configMap('settings', data),
    configMap('headers', { 'X-A': '$host', 'X-Real-IP': '10.0.0.1' }),
    ingress({
      name: 'web',
      host: 'web.test',
      paths: [{ path: '/' }, { path: '/plain' }],
      tls: [{ hosts: ['web.test'] }],
    }),
    service('web', { clusterIP: '10.96.0.1' }),
    ...slices('web', [{ address: '10.0.0.1', port: 80 }]),
  ];
  for (const raw of objects) {
    const result = normalise(raw, 'default');
    if (result.kind === 'object') cluster.put(result.object);
  }
  return new Graph(cluster, SELECTION).evaluate();
}

describe('ConfigMap keys', () => {
  const render = configRenderer(TEMPLATE_FOLDER);
  let folder: string;
  let nginx: Nginx;
  let rendered: (model: Model) => Rendered;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-settings-'));
    const folders = { confDir: folder, runDir: folder, tempDir: join(folder, 'temp') };
    const binary = await inspectNginx(process.env);
    nginx = new Nginx(new NginxProcess(binary, folders), folders.confDir);
    await nginx.prepare();
    await ensurePlaceholder(folder, new Date());
    rendered = (model) =>
      render(model.settings, new Set(model.profiles.keys()), model, binary.abilities, {
        lua: LUA_FOLDER,
        ...folders,
        httpPort: 1,
        httpsPort: 2,
        listenIpv6: true,
        accessLog: '/dev/null',
        openFiles: 1024,
        cores: 3,
        stateMegabytes: 8,
        previousStateMegabytes: null,
        metrics: null,
      });
  });
  after(() => rm(folder, { recursive: true }));

  it('are those of the old controller, each with an effect or a reason', async () => {
    const text = await readFile(resolve(import.meta.dirname, '../../docs/spec/configmap.yaml'), 'utf8');
    const spec = parse(text) as { keys: { name: string }[]; removed_keys: { name: string }[] };
    const known = [...Object.keys(CONFIG_KEYS), ...OTHER_KEYS.keys()];
    expect(new Set(known).size).to.equal(known.length);
    expect(known.sort()).to.deep.equal(spec.keys.map(({ name }) => name.toLowerCase()).sort());
    expect([...REMOVED_KEYS.keys()].sort()).to.deep.equal(spec.removed_keys.map(({ name }) => name).sort());
  });

  it('have a sample each', () => {
    expect(Object.keys(SAMPLES).sort()).to.deep.equal(Object.keys(CONFIG_KEYS).sort());
  });

  for (const [key, [good, bad]] of Object.entries(SAMPLES)) {
    it(`${key}: ${good} changes the settings${bad === null ? '' : `, ${JSON.stringify(bad)} is refused`}`, async () => {
      const others = COMPANIONS[key] ?? {};
      const model = modelOf({ ...others, [key]: good });
      expect(model.problems).to.deep.equal([]);
      const text = (wanted: Model): string => rendered(wanted).text + JSON.stringify([...stateOf(wanted, DATA)]);
      if (GATES.has(key)) expect(model.settings).to.not.deep.equal(modelOf(others).settings);
      else expect(text(model), 'has no effect').to.not.equal(text(modelOf(others)));
      if (bad !== null) {
        expect(modelOf({ [key]: bad }).problems.map(({ code }) => code)).to.deep.equal(['setting-invalid']);
      }
    });
  }

  it('are accepted by nginx, all good values together and none with a bad one', async () => {
    const all = Object.fromEntries(Object.entries(SAMPLES).map(([key, [good]]) => [key, good]));
    await nginx.test(rendered(modelOf(all)));
    await nginx.test(
      rendered(modelOf(Object.fromEntries(Object.entries(SAMPLES).map(([key, [, bad]]) => [key, bad ?? ''])))),
    );
  });

  it('are judged by nginx where they are free text', async () => {
    const failure = await nginx.test(rendered(modelOf({ 'log-format-upstream': '$no_such_variable' }))).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(ConfigRefused);
  });

  it('unknown ones are Problems with the nearest known key; those that nothing is missing without are not', () => {
    const told = (key: string): string[] => modelOf({ [key]: 'x' }).problems.map(({ message }) => message);
    expect(told('client_header_buffer_size')[0]).to.contain('the nearest known key is "client-header-buffer-size"');
    expect(told('enable-brotli')[0]).to.contain('ngx_brotli');
    expect(told('enable-opentracing')[0]).to.contain('ingress-nginx removed it');
    expect(told('lua-shared-dicts')).to.deep.equal([]);
  });
});

/** They say which objects and annotations are accepted (test/unit/intake.test.ts, test/unit/admission, test/golden). */
const GATES = new Set([
  'allow-snippet-annotations',
  'annotations-risk-level',
  'annotation-value-word-blocklist',
  'allow-cross-namespace-resources',
  'proxy-ssl-location-only',
  'global-allowed-response-headers',
  'strict-validate-path-type',
]);
