import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { selectionOf, TEMPLATE_FOLDER } from '../../controller/app.ts';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { allNeeds } from '../../controller/apply/needs.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { Graph } from '../../controller/model/graph.ts';
import type { Model } from '../../controller/model/types.ts';
import { type Abilities, configRenderer, type Installation } from '../../controller/render/config.ts';
import { loadTemplate } from '../../controller/render/engine.ts';
import { integer, quoted, serverName, word } from '../../controller/render/literal.ts';
import { internProfile } from '../../controller/render/profile.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { ingress, workload } from '../support/objects.ts';

const INSTALLATION: Installation = {
  lua: '/opt/sluice/lua',
  confDir: '/run/sluice',
  runDir: '/run/sluice',
  tempDir: '/tmp/sluice',
  httpPort: 80,
  httpsPort: 443,
  listenIpv6: true,
  accessLog: '/dev/stdout',
  openFiles: 1024,
  cores: 2,
  stateMegabytes: 64,
  previousStateMegabytes: null,
  metrics: null,
};
const OLD: Abilities = {
  modules: ['/m/lua.so'],
  http2Directive: false,
  keepaliveMinTimeout: false,
  headersMore: false,
  luaPath: ';;',
  luaCpath: ';;',
};
const NEW: Abilities = { ...OLD, modules: [], http2Directive: true, keepaliveMinTimeout: true };

function modelOf(objects: readonly object[]): Model {
  const cluster = new Cluster();
  for (const raw of objects) {
    const result = normalise(raw, 'default');
    if (result.kind === 'object') cluster.put(result.object);
  }
  return new Graph(cluster, selectionOf(parseCommandLine(['--watch-ingress-without-class']).flags)).evaluate();
}

describe('rendering', () => {
  const render = configRenderer(TEMPLATE_FOLDER);
  const textOf = (model: Model, abilities: Abilities): string =>
    render(model.settings, allNeeds(model.hosts, new Map()), model, abilities, INSTALLATION).text;

  it('follows what the binary can do', () => {
    const model = modelOf([]);
    expect(textOf(model, OLD))
      .to.contain('load_module "/m/lua.so";')
      .and.match(/listen 443 .*ssl http2;/)
      .and.not.contain('http2 on;');
    const newer = textOf(model, NEW);
    expect(newer).to.contain('http2 on;').and.contain('keepalive_min_timeout').and.not.contain('load_module');
    expect(newer).to.not.match(/ssl http2;/);
  });

  it('is the same text for the same model, and its digest names it', () => {
    const model = modelOf([ingress({ name: 'a', host: 'a.test', annotations: { 'proxy-body-size': '8m' } })]);
    const needs = allNeeds(model.hosts, new Map());
    const one = render(model.settings, needs, model, OLD, INSTALLATION);
    const two = render(model.settings, new Set([...needs].reverse()), model, OLD, INSTALLATION);
    expect(two).to.deep.equal(one);
    expect(one.text).to.contain(`"${one.digest}"`);
    expect(render(model.settings, new Set(), model, OLD, INSTALLATION).digest).to.not.equal(one.digest);
  });

  it('no text of a tenant reaches nginx.conf: hostile objects render the very same file', () => {
    const hostile = '";}\nroot /etc;#$host{{x}}';
    const tame = [
      ingress({ name: 'a', host: 'a.test', paths: [{ path: '/x' }] }),
      ...workload('web', [{ address: '10.0.0.1', port: 80 }]),
    ];
    const wild = [
      ingress({
        name: 'a',
        host: 'a.test',
        paths: [{ path: `/x${hostile}` }, { path: `/y${hostile}`, service: 'web' }],
        annotations: {
          'backend-protocol': `HTTP${hostile}`,
          'proxy-body-size': `1m${hostile}`,
          'proxy-buffering': `on${hostile}`,
          'proxy-read-timeout': `5${hostile}`,
          'ssl-redirect': `true${hostile}`,
          'auth-tls-secret': `default/ca${hostile}`,
          'auth-tls-match-cn': `CN=${hostile}`,
          'auth-tls-error-page': `http://e.test/${hostile}`,
          'ssl-ciphers': `HIGH${hostile}`,
          'unknown-annotation': hostile,
        },
        tls: [{ hosts: [hostile], secretName: hostile }],
      }),
      ...workload('web', [{ address: hostile, port: 80 }]),
    ];
    expect(textOf(modelOf(wild), OLD)).to.equal(textOf(modelOf(tame), OLD));
  });

  it('hosts without a policy of their own leave nginx.conf as it is, however many', () => {
    const many = Array.from({ length: 1000 }, (_, i) => ingress({ name: `h${i}`, host: `h${i}.test` }));
    const one = modelOf(many.slice(0, 1));
    expect(textOf(modelOf(many), OLD)).to.equal(textOf(one, OLD));
    // One that has one brings its own name only.
    const own = ingress({ name: 'own', host: 'own.test', annotations: { 'ssl-ciphers': 'HIGH' } });
    expect(textOf(modelOf([...many, own]), OLD)).to.equal(textOf(modelOf([own, ...many.slice(0, 1)]), OLD));
  });

  it('a host with a server of its own that has no DNS name is closed, not rendered', () => {
    const annotations = { 'ssl-ciphers': 'HIGH' };
    const long = `${'a'.repeat(64)}.test`;
    // Most of these never get so far: the object is refused when it is read.
    for (const host of [long, 'a.test; }', '~^.*$', '$hostname', '*.*.test', 'a..test']) {
      const model = modelOf([ingress({ name: 'a', host, annotations })]);
      expect(textOf(model, OLD), host).to.equal(textOf(modelOf([]), OLD));
      expect(() => serverName(host), host).to.throw();
    }
    const model = modelOf([ingress({ name: 'a', host: long, annotations })]);
    expect(model.hosts.get(long)?.denied).to.equal('it has no name that a server could have');
    const named = textOf(modelOf([ingress({ name: 'a', host: '*.a-b.test', annotations })]), OLD);
    expect(named).to.contain('server_name "~^[a-z0-9_-]+[.]a-b[.]test$";');
  });

  it('a template that prints anything but a token throws', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-template-'));
    await writeFile(join(folder, 'x.hbs'), 'value {{value}};');
    const template = loadTemplate<{ value?: unknown }>(folder, 'x');
    expect(template({ value: word('on') })).to.equal('value on;');
    for (const value of ['raw', 1, undefined, { toString: () => 'x' }]) {
      expect(() => template({ value }), String(value)).to.throw();
    }
    await rm(folder, { recursive: true });
  });

  it('tokens refuse what is not one argument', () => {
    for (const text of ['a b', 'a;', '', 'a{', 'a"', "a'", 'a\n', 'é']) expect(() => word(text), text).to.throw();
    for (const value of [-1, 1.5, Number.NaN, 2 ** 60]) expect(() => integer(value)).to.throw();
    for (const text of ['a\nb', 'a\u0000', '\ud800', 'x'.repeat(5000)]) expect(() => quoted(text)).to.throw();
  });

  it('a profile is named by its content, per protocol', () => {
    const directives = [
      { name: 'a', args: [word('1')] },
      { name: 'proxy_b', args: [word('2')] },
    ];
    const one = internProfile('http', directives);
    const two = internProfile('http', [...directives]);
    const grpc = internProfile('grpc', [...directives, { name: 'proxy_buffering', args: [word('on')] }]);
    expect(one).to.deep.equal(two);
    expect(grpc.id).to.not.equal(one.id);
    expect(grpc.directives.map(({ name }) => name)).to.deep.equal(['a', 'grpc_b']);
  });

  it('quoted arguments arrive in nginx as they were (random texts)', async function () {
    this.timeout(20_000);
    const { path } = await inspectNginx(process.env);
    const folder = await mkdtemp(join(tmpdir(), 'sluice-quote-'));
    const alphabet = [
      '"',
      "'",
      '\\',
      '{',
      '}',
      ';',
      '#',
      ' ',
      '(',
      ')',
      '~',
      '=',
      '^',
      '@',
      '*',
      '%',
      'n',
      't',
      'é',
      '€',
      '🙂',
      'a',
    ];
    const texts = Array.from({ length: 300 }, (_, i) =>
      Array.from(
        { length: 1 + (i % 12) },
        (_unused, j) => alphabet[(i * 7 + j * j * 13 + i * j) % alphabet.length],
      ).join(''),
    );
    // nginx names a log file that it cannot open: the one place where a test run prints an argument back.
    const failures: string[] = [];
    for (const text of texts.slice(0, 60)) {
      const file = join(folder, 'missing', text.replaceAll('/', ''));
      await writeFile(
        join(folder, 'n.conf'),
        `error_log ${quoted(file)};\npid ${quoted(join(folder, 'pid'))};\nevents {}\n`,
      );
      const { stderr } = await promisify(execFile)(path, ['-t', '-p', folder, '-c', join(folder, 'n.conf')]).catch(
        (error) => error as { stderr: string },
      );
      if (!stderr.includes(`open() "${file}" failed`)) failures.push(`${text}: ${stderr}`);
    }
    await rm(folder, { recursive: true });
    expect(failures).to.deep.equal([]);
  });
});
