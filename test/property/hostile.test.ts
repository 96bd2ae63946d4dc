// For any text that a tenant can write, nginx.conf holds only typed tokens, nginx takes it, and others are served as before.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { LUA_FOLDER, selectionOf, TEMPLATE_FOLDER } from '../../controller/app.ts';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { allNeeds } from '../../controller/apply/needs.ts';
import { Nginx } from '../../controller/apply/nginx.ts';
import { ensurePlaceholder } from '../../controller/apply/placeholder.ts';
import { NginxProcess } from '../../controller/apply/process.ts';
import { testConfig } from '../../controller/apply/quarantine.ts';
import { stateOf } from '../../controller/apply/state.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { Graph } from '../../controller/model/graph.ts';
import type { Model } from '../../controller/model/types.ts';
import { configRenderer, type Rendered } from '../../controller/render/config.ts';
import type { Needs } from '../../controller/render/layout.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { Intake } from '../../controller/watch/intake.ts';
import { hostileIngress, MARK } from '../support/hostile.ts';
import { ingress, service, workload } from '../support/objects.ts';

const CASES = Number(process.env.SLUICE_PROPERTY_CASES ?? 1000);
const AT_ONCE = 50;
const SELECTION = selectionOf(parseCommandLine(['--watch-ingress-without-class']).flags);
const DATA = {
  healthCheckPath: '/healthz',
  httpsPort: 443,
  dns: { servers: [], search: [], ndots: 1, attempts: 1, timeoutMs: 1000 },
};
const GOOD = [
  ingress({ name: 'good', host: 'good.test', annotations: { 'proxy-body-size': '8m' } }),
  // Its parameters are ours.
  ingress({ name: 'fastcgi', host: 'fastcgi.test', annotations: { 'backend-protocol': 'FCGI' } }),
  ...workload('web', [{ address: '10.0.0.1', port: 80 }]),
  service('web', { clusterIP: '10.96.0.1' }, 'hostile'),
];

function modelOf(objects: readonly object[]): Model {
  const cluster = new Cluster();
  const intake = new Intake(cluster, () => SELECTION);
  for (const raw of [...GOOD, ...objects]) {
    const result = normalise(raw, 'default');
    if (result.kind === 'object') intake.put(result.object);
  }
  return new Graph(cluster, SELECTION).evaluate();
}

/**
 * The arguments that objects may bring into nginx.conf (ARCHITECTURE.md): numbers, sizes and times, words of ours, variables
 * of ours, names of headers and FastCGI parameters, cipher lists, host names with a server of their own, and our own files.
 */
const TOKEN =
  /^(?:[0-9]+(?:k|m|g|s|ms)?|[a-z][a-z0-9_.-]*|\$[a-z_]+[0-9]*|[A-Za-z0-9_-]+|"[A-Za-z0-9!+_:@=-]+"|"\$[a-z_0-9]+"|[a-z0-9*.-]+|=(?:[0-9]{3})?|@[a-z_0-9]+|\/\/sluice\/[a-z_0-9/]+|"""|""|(?:https?|grpcs?):\/\/[a-z_0-9]+|TLSv1\.[23]|"[A-Za-z0-9_ .$/:-]*\/[0-9a-f]{64}[a-z.]*"|"(?:[A-Za-z0-9._/-]|\$\{[a-z_0-9]+\})*"|"\$scheme:\/\/upstream_auto_\$\{scheme\}(?:_[0-9a-f]{12})?"|"~\^\[a-z0-9_-\]\+(?:\[\.\][a-z0-9_-]+)+\$")$/;

/** Lines that the hostile objects brought, without what stands in our own templates. */
function brought(text: string, baseline: ReadonlySet<string>): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !baseline.has(line));
}

/** Lines of ours about external authentication, of which the baseline has none. */
const OF_QUESTIONS: ReadonlySet<string> = new Set([
  '# The question to the service; no client comes here, because slashes are merged.',
  '# Inherits none: an error page would turn a refusal into a good answer.',
  'error_page 418 /;',
  'internal;',
  'access_by_lua_block { require("auth.answer").admit() return ngx.exit(ngx.DECLINED) }',
  'proxy_set_header X-Original-URL "$scheme://$best_http_host$request_uri";',
  'proxy_pass http://upstream_auth_http$sluice_auth_uri;',
  'proxy_pass https://upstream_auth_https$sluice_auth_uri;',
]);

/** Each line is a directive of ours with typed arguments; the list of needs for Lua is one as well. */
function expectTokens(line: string): void {
  expect(line, 'a text of a tenant').to.not.contain(MARK);
  if (OF_QUESTIONS.has(line)) return;
  if (/^(location (@|= \/\/sluice\/auth\/)[a-z0-9_]+ \{|server \{|# (end )?(server|profile) [a-z0-9_]+|\})$/.test(line))
    return;
  if (/^require\("worker"\)\.start\(|^("[sp@][A-Za-z0-9_@/.*-]*",? ?)+/.test(line)) return;
  if (/^[a-z_]+_by_lua_block \{ require\("[a-z_.]+"\)\.[a-z_]+\(("[sp]_[0-9a-f]+"|[0-9]{3})?\) \}$/.test(line)) return;
  const [name = '', ...words] = line.replace(/[;{]$/, '').trim().split(' ');
  expect(name, line).to.match(/^[a-z_]+$/);
  for (const word of words) expect(word, line).to.match(TOKEN);
}

describe('hostile objects', () => {
  const render = configRenderer(TEMPLATE_FOLDER);
  let folder: string;
  let nginx: Nginx;
  let renderNeeds: (model: Model, needs: Needs) => Rendered;
  const rendered = (model: Model): Rendered => renderNeeds(model, allNeeds(model.hosts, new Map()));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-hostile-'));
    const folders = { confDir: folder, runDir: folder, tempDir: join(folder, 'temp') };
    const binary = await inspectNginx(process.env);
    nginx = new Nginx(new NginxProcess(binary, folders), folders.confDir);
    await nginx.prepare();
    await ensurePlaceholder(folder, new Date());
    renderNeeds = (model, needs) =>
      render(model.settings, needs, model, binary.abilities, {
        lua: LUA_FOLDER,
        ...folders,
        httpPort: 1,
        httpsPort: 2,
        listenIpv6: false,
        accessLog: null,
        openFiles: 1024,
        cores: 2,
        stateMegabytes: 8,
        previousStateMegabytes: null,
        metrics: null,
      });
  });
  after(() => rm(folder, { recursive: true }));

  it(`${CASES} of them bring only typed tokens, nginx takes all, and another host is the same`, async () => {
    const plain = modelOf([]);
    const baseline = new Set(
      rendered(plain)
        .text.split('\n')
        .map((line) => line.trim()),
    );
    const good = stateOf(plain, DATA).get('host/good.test');
    let served = 0;
    const numbers = Array.from({ length: AT_ONCE }, (_, number) => number);
    const batch = fc.tuple(...numbers.map(hostileIngress));
    const check = async (objects: readonly object[]): Promise<void> => {
      const model = modelOf(objects);
      const config = rendered(model);
      served += model.hosts.size;
      for (const line of brought(config.text, baseline)) expectTokens(line);
      // What only OpenSSL can know, it says of its server alone; everything else is taken.
      const trial = { render: (needs: Needs) => renderNeeds(model, needs), test: (one: Rendered) => nginx.test(one) };
      const { refused } = await testConfig(trial, new Set(), allNeeds(model.hosts, new Map()));
      for (const reason of refused.values()) expect(reason).to.match(/^SSL_CTX_set_cipher_list/);
      expect(stateOf(model, DATA).get('host/good.test')).to.equal(good);
    };
    const seed = Number(process.env.SLUICE_SEED ?? 42);
    for (const objects of fc.sample(batch, { numRuns: Math.ceil(CASES / AT_ONCE), seed })) {
      try {
        await check(objects);
      } catch (all) {
        // Which of them it was: one is easier to read than fifty.
        for (const object of objects) {
          await check([object]).catch((cause: unknown) => {
            throw new Error(`${String(cause)}\n${JSON.stringify(object)}`);
          });
        }
        throw all;
      }
    }
    // Most of them are well-formed enough to be served, else this would prove nothing.
    expect(served).to.be.above(CASES / 3);
  });
});
