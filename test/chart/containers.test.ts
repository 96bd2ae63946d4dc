// The two containers with the arguments that the chart gives them: they find each other, serve, and end in order.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { find, needsHelm, template, valueIn } from '../support/helm.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import { ingress } from '../support/objects.ts';
import { freePorts } from '../support/ports.ts';
import { SLUICE } from '../support/sluice.ts';

const NAMESPACE = 'ingress-nginx';

describe('the containers of the chart', function () {
  needsHelm(this);
  let server: ApiServerDouble;
  let home: string;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    server = await startApiServer();
    home = await mkdtemp(join(tmpdir(), 'sluice-test-chart-'));
    for (const folder of ['conf', 'run']) await mkdir(join(home, folder));
    await writeFile(join(home, 'kubeconfig'), server.kubeconfig());
  });

  afterEach(async () => {
    for (const child of started
      .splice(0)
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM'); // killed at once, they would leave nginx behind
      await ended;
    }
    await server.stop();
    await rm(home, { recursive: true, force: true });
  });

  it('find each other in the shared volumes, serve what the cluster says, and end with status 0', async () => {
    const [http, https, health] = (await freePorts(3)) as [number, number, number];
    const objects = await template({
      controller: {
        admissionWebhooks: { enabled: false },
        healthCheckHost: '127.0.0.1',
        extraArgs: { 'http-port': http, 'https-port': https, 'healthz-port': health, 'post-shutdown-grace-period': 0 },
      },
    });
    for (const object of objects.filter(({ kind }) => kind === 'IngressClass' || kind === 'ConfigMap'))
      server.put(object);
    for (const name of [NAMESPACE, 'shop']) server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const annotations = { 'permanent-redirect': 'https://example.org/new' };
    server.put(ingress({ name: 'web', namespace: 'shop', host: 'web.example', className: 'nginx', annotations }));

    const pod = valueIn(find(objects, 'Deployment/ingress-nginx-controller'), 'spec.template.spec');
    const run = (container: string, ...more: readonly string[]): ChildProcess => {
      const args = valueIn(pod, `containers[${container}].args`) as string[];
      const here = args.map((arg) =>
        arg
          .replaceAll('$(POD_NAMESPACE)', NAMESPACE)
          .replace('=/etc/sluice/conf', `=${join(home, 'conf')}`)
          .replace('=/run/sluice', `=${join(home, 'run')}`),
      );
      const env = { ...process.env, POD_NAME: 'pod-1', POD_NAMESPACE: NAMESPACE };
      const child = spawn(SLUICE, [...here, ...more], { stdio: 'ignore', env });
      started.push(child);
      return child;
    };
    const nginx = run('nginx');
    const controller = run('controller', `--kubeconfig=${join(home, 'kubeconfig')}`);

    const path = valueIn(pod, 'containers[controller].readinessProbe.httpGet.path');
    await eventually(
      async () => expect((await fetch(`http://127.0.0.1:${health}${path}`)).status).to.equal(200),
      30_000,
    );
    const { status, headers } = await ask({ port: http, host: 'web.example' });
    expect([status, headers.location]).to.deep.equal([301, 'https://example.org/new']);
    expect(await readdir(join(home, 'conf'))).to.include('nginx.conf');
    expect(await readdir(join(home, 'run')))
      .to.include('nginx.pid')
      .and.to.not.include('nginx.conf');

    const ended = [controller, nginx].map((child) => once(child, 'exit'));
    for (const child of [controller, nginx]) child.kill('SIGTERM');
    expect((await Promise.all(ended)).map(([status]) => status)).to.deep.equal([0, 0]);
  });
});
