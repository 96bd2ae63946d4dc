// The admission webhook of a real controller on an API server double: TLS, live state, metrics, rotation, many hostile clients.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { ApiException, KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { MAX_BODY_BYTES } from '../../controller/admission/body.ts';
import { reviewOf } from '../support/admission.ts';
import { makePair, type Pair } from '../support/certificates.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Api } from '../support/kube/api.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import { configMap, ingress, workload } from '../support/objects.ts';
import { freePorts } from '../support/ports.ts';
import { runSluice, type Sluice, startSluice } from '../support/sluice.ts';
import { askWebhook, postReview } from '../support/webhook.ts';

describe('the admission webhook', () => {
  let [first, second]: Pair[] = [];
  let folder: string;
  let port: number;
  let server: ApiServerDouble;
  let sluice: Sluice;

  const web = (name: string, host: string, annotations: Record<string, string> = {}): object =>
    ingress({ name, host, annotations });
  const client = (pair = first) => ({ port, authority: pair?.certificate ?? '' });

  before(async () => {
    [first, second] = [await makePair(['localhost']), await makePair(['localhost'])];
    folder = await mkdtemp(join(tmpdir(), 'sluice-webhook-'));
    [port = 0] = await freePorts(1);
    server = await startApiServer();
    server.fill([
      ...workload('web', [{ address: '127.0.0.1', port: 9 }]),
      web('a', 'a.test'),
      configMap('settings', {}),
    ]);
    sluice = await startSluice({
      kubeconfig: server.kubeconfig(),
      flags: [
        '--configmap=default/settings',
        `--validating-webhook=127.0.0.1:${port}`,
        `--validating-webhook-certificate=${join(folder, 'cert')}`,
        `--validating-webhook-key=${join(folder, 'key')}`,
        '--disable-full-test',
      ],
      environment: { POD_NAMESPACE: 'ingress-nginx', POD_NAME: 'sluice-0' },
    });
  });
  after(async () => {
    await sluice?.stop();
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  async function write(pair: Pair | undefined): Promise<void> {
    await writeFile(join(folder, 'cert'), pair?.certificate ?? '');
    await writeFile(join(folder, 'key'), pair?.key ?? '');
  }

  it('waits for its certificate while the proxy serves', async () => {
    expect((await sluice.logs()).err).to.match(
      /WARN.*the certificate of the admission webhook .* cannot be used: ENOENT/,
    );
    expect((await ask({ port: sluice.http, host: 'a.test' })).status).to.equal(502);
    expect(await askWebhook(client(), web('b', 'b.test')).catch(() => 'no answer')).to.equal('no answer');
    await write(first);
    await eventually(
      async () => expect((await askWebhook(client(), web('b', 'b.test'))).allowed).to.equal(true),
      15_000,
    );
  });

  it('judges over the state of the moment, and what it refuses or lets pass is not stored', async () => {
    const taken =
      'host a.test: path "/" already belongs to Ingress default/a; choose another host or path, or remove it there';
    const refused = await askWebhook(client(), web('b', 'a.test'), { uid: 'one', dryRun: true });
    expect(refused).to.deep.equal({
      uid: 'one',
      allowed: false,
      status: { status: 'Failure', code: 400, reason: 'BadRequest', message: taken },
    });
    expect((await askWebhook(client(), web('b', 'b.test'))).allowed).to.equal(true);
    expect((await ask({ port: sluice.http, host: 'b.test' })).status).to.equal(404);
    server.put(web('b', 'b.test'));
    await eventually(async () => expect((await ask({ port: sluice.http, host: 'b.test' })).status).to.equal(502));
    expect((await askWebhook(client(), web('c', 'b.test'))).allowed).to.equal(false);
    server.remove({ kind: 'Ingress', namespace: 'default', name: 'b' });
    await eventually(async () => expect((await askWebhook(client(), web('c', 'b.test'))).allowed).to.equal(true));
  });

  it('stops what an API server would store, with its reasons, and lets the rest through', async () => {
    const config = new KubeConfig();
    config.loadFromString(server.kubeconfig());
    const api = new Api(config);
    server.setWebhook(client());
    const refused = async (call: Promise<unknown>): Promise<string> =>
      call.then(
        () => 'stored',
        (error: unknown) =>
          error instanceof ApiException ? `${error.code}: ${JSON.stringify(error.body)}` : String(error),
      );
    try {
      expect(await refused(api.create(web('b', 'a.test'))))
        .to.match(/^400: /)
        .and.to.contain('denied the request: host a.test: path')
        .and.to.contain('already belongs to Ingress default/a');
      await api.create(web('b', 'b.test'));
      await eventually(async () => expect((await ask({ port: sluice.http, host: 'b.test' })).status).to.equal(502));
      expect(await refused(api.replace(web('b', 'b.test', { 'connection-proxy-header': 'no' })))).to.match(/^400: /);
      expect(await refused(api.replace(web('b', 'c.test')))).to.equal('stored');
      await eventually(async () => expect((await ask({ port: sluice.http, host: 'c.test' })).status).to.equal(502));
      expect((await sluice.logs()).err).to.not.contain('connection-proxy-header');
    } finally {
      server.setWebhook(null);
      server.remove({ kind: 'Ingress', namespace: 'default', name: 'b' });
    }
  });

  it('follows the ConfigMap: snippets and path types (SNIP-01, ADM-03)', async () => {
    const object = ingress({
      name: 'c',
      host: 'c.test',
      paths: [{ path: '/(.*)' }],
      annotations: { 'configuration-snippet': 'add_header X-A a;' },
    });
    const { allowed, status, warnings } = await askWebhook(client(), object);
    expect(allowed).to.equal(false);
    expect(status?.message)
      .to.match(/^3 reasons:/)
      .and.to.contain('has risk Critical')
      .and.to.contain('snippets are not allowed here')
      .and.to.contain('write pathType: ImplementationSpecific');
    expect(warnings).to.have.lengthOf(1);
    server.put(
      configMap('settings', {
        'allow-snippet-annotations': 'true',
        'annotations-risk-level': 'Critical',
        'strict-validate-path-type': 'false',
      }),
    );
    await eventually(async () => {
      const answer = await askWebhook(client(), object);
      expect([answer.allowed, answer.warnings?.length]).to.deep.equal([true, 1]);
    });
    server.put(configMap('settings', {}));
  });

  it('counts under the old names', async () => {
    await eventually(async () => {
      const { body } = await ask({ port: sluice.health, path: '/metrics' });
      const labels =
        'controller_namespace="ingress-nginx",controller_class="k8s.io/ingress-nginx",controller_pod="sluice-0"';
      expect(body)
        .to.match(
          new RegExp(`nginx_ingress_controller_check_success\\{${labels},namespace="default",ingress="b"\\} [1-9]`),
        )
        .and.to.match(
          new RegExp(`nginx_ingress_controller_check_errors\\{${labels},namespace="default",ingress="b"\\} [1-9]`),
        )
        .and.to.contain(`nginx_ingress_controller_admission_render_ingresses{${labels}} 1\n`);
      for (const name of [
        'config_size',
        'tested_ingresses',
        'tested_duration',
        'render_duration',
        'roundtrip_duration',
      ]) {
        expect(body).to.match(new RegExp(`^nginx_ingress_controller_admission_${name}\\{${labels}\\} [0-9.e-]+$`, 'm'));
      }
    });
  });

  it('takes up another certificate, and keeps it when the next one is broken', async () => {
    await write(second);
    await eventually(
      async () => expect((await askWebhook(client(second), web('b', 'b.test'))).allowed).to.equal(true),
      15_000,
    );
    await writeFile(join(folder, 'cert'), 'nonsense');
    await eventually(
      async () => expect((await sluice.logs()).err).to.match(/ERROR.*; the one before stays in use/),
      15_000,
    );
    expect((await askWebhook(client(second), web('b', 'b.test'))).allowed).to.equal(true);
    await write(first);
    await eventually(
      async () => expect((await askWebhook(client(), web('b', 'b.test'))).allowed).to.equal(true),
      15_000,
    );
  });

  it('answers an Ingress of 10,000 paths or hosts within its time, and others meanwhile', async function () {
    this.timeout(60_000);
    const paths = Array.from({ length: 10_000 }, (_, index) => ({
      path: `/p${index}/(a+)+$`,
      pathType: 'ImplementationSpecific' as const,
    }));
    const many = ingress({ name: 'many', host: 'many.test', paths, annotations: { 'use-regex': 'true' } });
    const rules = Array.from({ length: 10_000 }, (_, index) => ({ host: `h${index}.test`, http: { paths: [] } }));
    const wide = { ...many, spec: { rules } };
    for (const object of [many, wide]) {
      const from = performance.now();
      const answer = await askWebhook(client(), object);
      const milliseconds = performance.now() - from;
      expect(milliseconds, `${milliseconds} ms`).to.be.below(8000);
      if (!answer.allowed) expect(answer.status?.message).to.contain('took longer than 2 s');
    }
    expect((await askWebhook(client(), web('b', 'b.test'))).allowed).to.equal(true);
  });

  it('hostile clients in parallel cost neither memory nor the proxy', async function () {
    this.timeout(120_000);
    const resident = async (): Promise<number> => {
      const text = await readFile(`/proc/${sluice.process.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) / 1024;
    };
    const fine = JSON.stringify(reviewOf(web('b', 'b.test')));
    const annotations = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`unknown-${index}`, 'x']));
    const bodies = [
      fine.padEnd(MAX_BODY_BYTES),
      fine.padEnd(MAX_BODY_BYTES + 1),
      '['.repeat(MAX_BODY_BYTES),
      fine.replace('"rules":[', `"rules":[${'{},'.repeat(100_000)}`),
      JSON.stringify(reviewOf(web('b', 'b.test', annotations))),
    ];
    const storm = async (): Promise<void> => {
      const answers = await Promise.all(
        Array.from({ length: 25 }, (_, index) =>
          postReview(client(), bodies[index % bodies.length] ?? '').then(
            ({ status }) => status,
            () => 0,
          ),
        ),
      );
      expect(new Set(answers).difference(new Set([0, 200, 400, 413, 503])), String(answers)).to.deep.equal(new Set());
    };
    const held = Array.from({ length: 30 }, () => {
      const socket = connect({ host: '127.0.0.1', port, ca: client().authority, servername: 'localhost' });
      socket.on('error', () => {});
      socket.write(
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n{"a":"',
      );
      return socket;
    });
    await storm();
    await storm();
    const before = await resident();
    for (let round = 0; round < 3; round += 1) await storm();
    for (const socket of held) socket.destroy();
    expect((await ask({ port: sluice.http, host: 'a.test' })).status).to.equal(502);
    await eventually(
      async () => expect((await askWebhook(client(), web('b', 'b.test'))).allowed).to.equal(true),
      15_000,
    );
    expect((await resident()) - before, 'megabytes').to.be.below(150);
  });

  it('needs a certificate and a key, and says which flags name them', async () => {
    const { status, err } = await runSluice(['--manifests=/nowhere', '--validating-webhook=:8443']);
    expect(status).to.equal(64);
    expect(err).to.contain('--validating-webhook-certificate and --validating-webhook-key');
  });
});
