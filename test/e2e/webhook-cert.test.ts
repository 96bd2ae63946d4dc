// The certificate of the admission webhook, as the two jobs of the chart make it: the program on an API server.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { expect } from 'chai';
import { makePair } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import type { RawObject } from '../support/kube/raw.ts';
import { type ApiServerDouble, startApiServer } from '../support/kube/server.ts';
import { listen } from '../support/listener.ts';
import { freePorts } from '../support/ports.ts';
import { runSluice } from '../support/sluice.ts';

const SERVICE = 'ingress-nginx-controller-admission';
const HOSTS = [SERVICE, `${SERVICE}.edge`, `${SERVICE}.edge.svc`];
const SECRET = { kind: 'Secret', namespace: 'edge', name: 'ingress-nginx-admission' } as const;
const WEBHOOK = { kind: 'ValidatingWebhookConfiguration', name: 'ingress-nginx-admission' } as const;

const CONFIGURATION = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: WEBHOOK.kind,
  metadata: { name: WEBHOOK.name, labels: { of: 'helm' } },
  webhooks: [
    {
      name: 'validate.nginx.ingress.kubernetes.io',
      failurePolicy: 'Fail',
      clientConfig: { service: { name: SERVICE, namespace: 'edge', path: '/networking/v1/ingresses' } },
    },
  ],
};

interface Webhook {
  readonly failurePolicy: string;
  readonly clientConfig: { readonly caBundle?: string; readonly service: object };
}

describe('sluice webhook-cert', () => {
  let server: ApiServerDouble;
  let folder: string;

  beforeEach(async () => {
    server = await startApiServer({ scheme: 'https', token: 'of-the-job' });
    folder = await mkdtemp(join(tmpdir(), 'sluice-test-cert-'));
    await writeFile(join(folder, 'kubeconfig'), server.kubeconfig());
    server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'edge' } });
    server.put(CONFIGURATION);
  });

  afterEach(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (command: string, ...flags: readonly string[]) =>
    runSluice([
      'webhook-cert',
      command,
      `--kubeconfig=${join(folder, 'kubeconfig')}`,
      '--namespace=edge',
      `--secret=${SECRET.name}`,
      ...flags,
    ]);
  const create = () => run('create', `--hosts=${HOSTS.join(',')}`);
  const patch = (...flags: readonly string[]) => run('patch', `--webhook=${WEBHOOK.name}`, ...flags);

  const secretText = (name: string): string => {
    const data = server.get(SECRET)?.data as Record<string, string> | undefined;
    return Buffer.from(data?.[name] ?? '', 'base64').toString();
  };
  const putSecret = (data: Readonly<Record<string, string>>): RawObject =>
    server.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'edge', name: SECRET.name },
      stringData: data,
    });
  const webhooks = (): Webhook[] => (server.get(WEBHOOK)?.webhooks ?? []) as Webhook[];

  it('create makes a pair that a client accepts under each name of the Service, and no other', async () => {
    expect(await create()).to.deep.include({ status: 0, err: '' });
    const [port] = (await freePorts(1)) as [number];
    const listener = await listen(
      createServer({ cert: secretText('cert'), key: secretText('key') }),
      '127.0.0.1',
      port,
    );
    const refusal = async (servername: string): Promise<string | null> => {
      const socket = connect({ host: '127.0.0.1', port, servername, ca: secretText('ca') });
      const [error] = (await Promise.race([once(socket, 'secureConnect'), once(socket, 'error')]).catch((error) => [
        error,
      ])) as [NodeJS.ErrnoException | undefined];
      socket.destroy();
      return error?.code ?? null;
    };
    try {
      for (const host of HOSTS) expect(await refusal(host), host).to.equal(null);
      expect(await refusal('elsewhere.edge.svc')).to.equal('ERR_TLS_CERT_ALTNAME_INVALID');
    } finally {
      await listener.stop();
    }
  });

  it('create makes certificates that outlive the cluster, and an authority that may sign nothing else', async () => {
    await create();
    const [authority, leaf] = [new X509Certificate(secretText('ca')), new X509Certificate(secretText('cert'))];
    expect(leaf.validToDate.getUTCFullYear()).to.be.above(new Date().getUTCFullYear() + 90);
    expect(authority.ca && !leaf.ca && leaf.verify(authority.publicKey)).to.equal(true);
    expect(secretText('ca')).to.not.contain('PRIVATE');
    expect(server.get(SECRET)?.type).to.equal('Opaque');
  });

  it('create leaves a Secret of ingress-nginx as it is', async () => {
    const pair = await makePair(HOSTS);
    const before = putSecret({ ca: pair.certificate, cert: pair.certificate, key: pair.key });
    const { status, out } = await create();
    expect(status).to.equal(0);
    expect(out).to.contain('stays as it is');
    expect(server.get(SECRET)).to.deep.equal(before);
    expect(server.requests({ resource: 'secrets' }).map(({ verb }) => verb)).to.deep.equal(['get']);
  });

  it('create says what to do about a Secret that Pods could not use: without the keys, ended, or broken', async () => {
    const pair = await makePair(HOSTS);
    const ended = await makePair(HOSTS, { notAfter: new Date(Date.now() - 86_400_000) });
    for (const [data, words] of [
      [{ 'tls.crt': pair.certificate, 'tls.key': pair.key }, 'has no ca and no cert and no key'],
      [{ ca: ended.certificate, cert: ended.certificate, key: ended.key }, 'ended on'],
      [{ ca: 'x', cert: 'x', key: 'x' }, 'cannot be read'],
    ] as const) {
      putSecret(data);
      const { status, err } = await create();
      expect(status).to.equal(1);
      expect(err).to.contain(words).and.to.contain('delete it and run helm upgrade again');
    }
  });

  it('patch writes the authority and the failure policy, and leaves the rest of the webhook', async () => {
    await create();
    expect(await patch('--failure-policy=Ignore')).to.deep.include({ status: 0, err: '' });
    expect(webhooks()).to.deep.equal([
      {
        ...CONFIGURATION.webhooks[0],
        failurePolicy: 'Ignore',
        clientConfig: {
          ...CONFIGURATION.webhooks[0]?.clientConfig,
          caBundle: Buffer.from(secretText('ca')).toString('base64'),
        },
      },
    ]);
    expect(server.get(WEBHOOK)?.metadata.labels).to.deep.equal({ of: 'helm' });
  });

  it('patch starts over when somebody else writes meanwhile', async () => {
    await create();
    const where = { resource: 'validatingwebhookconfigurations', verb: 'update' } as const;
    const release = server.fault({ kind: 'held' }, { ...where, times: 1 });
    const patched = patch();
    await eventually(() => expect(server.requests(where)).to.have.length(1));
    server.put({ ...CONFIGURATION, metadata: { name: WEBHOOK.name, labels: { of: 'somebody' } } });
    release();
    expect(await patched).to.deep.include({ status: 0, err: '' });
    expect(server.get(WEBHOOK)?.metadata.labels).to.deep.equal({ of: 'somebody' });
    expect(webhooks()[0]?.clientConfig.caBundle).to.be.a('string');
  });

  it('asks for no more than the Role of the jobs allows (R24)', async () => {
    await create();
    await patch();
    const asked = server.requests().map(({ verb, resource }) => `${verb} ${resource.plural}`);
    expect([...new Set(asked)].sort()).to.deep.equal([
      'create secrets',
      'get secrets',
      'get validatingwebhookconfigurations',
      'update validatingwebhookconfigurations',
    ]);
  });

  it('patch says what is missing', async () => {
    expect((await patch()).err).to.contain('Secret edge/ingress-nginx-admission is not there');
    await create();
    server.remove(WEBHOOK);
    const { status, err } = await patch();
    expect(status).to.equal(1);
    expect(err).to.contain('ValidatingWebhookConfiguration ingress-nginx-admission is not there');
  });

  it('says what the API server said when it refuses', async () => {
    server.fault({ kind: 'forbidden' }, { resource: 'secrets', verb: 'create' });
    const { status, err } = await create();
    expect(status).to.equal(1);
    expect(err).to.match(/^sluice: creating Secret edge\/ingress-nginx-admission failed: 403 secrets? .*forbidden/);
  });

  it('a wrong command line says how to mend it, with exit status 64', async () => {
    for (const [args, words] of [
      [[], 'needs --namespace='],
      [['--namespace=a', '--secret=b'], 'create or patch'],
      [['create', '--namespace=a', '--secret=b'], 'needs --hosts='],
      [['create', '--namespace=a', '--secret=b', '--hosts=UPPER'], 'is no DNS name'],
      [['patch', '--namespace=a', '--secret=b', '--webhook=c', '--failure-policy=x'], 'Fail, Ignore'],
      [['create', '--namespace=a', '--secret=b', '--hosts=a'], 'give --kubeconfig=FILE'],
      [['patch', '--secrets=b'], '--secrets'],
    ] as const) {
      const { status, err } = await runSluice(['webhook-cert', ...args]);
      expect(status, err).to.equal(64);
      expect(err).to.contain(words);
    }
    // As the image starts it.
    const help = await runSluice(['--run-dir=/run/sluice', 'webhook-cert', '--help']);
    expect(help).to.deep.include({ status: 0, err: '' });
    expect(help.out).to.contain('usage: sluice webhook-cert create');
  });
});
