// Safe by default (R11, R12, R23): what the Pod may do, and that the proxy never holds the token.
import { expect } from 'chai';
import { find, needsHelm, template, type Values, valueIn } from '../support/helm.ts';
import { isRecord, type RawObject } from '../support/kube/raw.ts';

const POD = 'spec.template.spec';
const TOKEN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

async function podOf(values: Values = {}): Promise<unknown> {
  const objects = await template(values);
  const name = 'ingress-nginx-controller';
  return valueIn(find(objects, `Deployment/${name}`) ?? find(objects, `DaemonSet/${name}`), POD);
}

function containers(pod: unknown): Record<string, unknown>[] {
  return (valueIn(pod, 'containers') as unknown[]).filter(isRecord);
}

function mounts(container: unknown): Record<string, unknown>[] {
  return ((valueIn(container, 'volumeMounts') ?? []) as unknown[]).filter(isRecord);
}

describe('the Pod of the chart', function () {
  needsHelm(this);

  it('runs every container as UID 101 without root, with a read-only root and without rights to gain (R23)', async () => {
    for (const values of [{}, { controller: { singleContainer: true } }]) {
      for (const container of containers(await podOf(values))) {
        const binds = container.name === 'nginx' || 'singleContainer' in (values.controller ?? {});
        expect(container.securityContext).to.deep.equal({
          runAsNonRoot: true,
          runAsUser: 101,
          runAsGroup: 82,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          seccompProfile: { type: 'RuntimeDefault' },
          capabilities: { drop: ['ALL'], ...(binds ? { add: ['NET_BIND_SERVICE'] } : {}) },
        });
        expect(valueIn(container, 'resources.requests')).to.have.all.keys('cpu', 'memory');
      }
    }
  });

  it('binds 80 and 443 through the sysctl of the Pod, which a Pod in the network of the host may not set', async () => {
    const sysctl = { name: 'net.ipv4.ip_unprivileged_port_start', value: '0' };
    expect(valueIn(await podOf(), 'securityContext.sysctls')).to.deep.equal([sysctl]);
    expect(valueIn(await podOf({ controller: { hostNetwork: true } }), 'securityContext.sysctls')).to.equal(undefined);
    const none = { 'net.ipv4.ip_unprivileged_port_start': '' };
    expect(valueIn(await podOf({ controller: { sysctls: none } }), 'securityContext.sysctls')).to.equal(undefined);
    const more = await podOf({
      controller: { podSecurityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '9' }] } },
    });
    expect(valueIn(more, 'securityContext.sysctls')).to.deep.equal([
      { name: 'net.core.somaxconn', value: '9' },
      sysctl,
    ]);
  });

  it('binds them in the network of the host with the copy of nginx that may, and only there lets privileges grow', async () => {
    const low = await podOf({ controller: { hostNetwork: true } });
    const of = (pod: unknown, container: string): unknown[] => [
      valueIn(pod, `containers[${container}].env[SLUICE_NGINX].value`),
      valueIn(pod, `containers[${container}].securityContext.allowPrivilegeEscalation`),
    ];
    expect(of(low, 'nginx')).to.deep.equal(['/usr/local/openresty/nginx/sbin-net-bind/nginx', true]);
    expect(of(low, 'controller')).to.deep.equal([undefined, false]);
    const high = await podOf({
      controller: { hostNetwork: true, extraArgs: { 'http-port': 8080, 'https-port': 8443 } },
    });
    expect(of(high, 'nginx')).to.deep.equal([undefined, false]);
  });

  it('mounts the token of the ServiceAccount in the controller alone (R11)', async () => {
    const objects = await template();
    const pod = valueIn(find(objects, 'Deployment/ingress-nginx-controller'), POD);
    expect(valueIn(pod, 'automountServiceAccountToken')).to.equal(false);
    const account = find(objects, 'ServiceAccount/ingress-nginx');
    expect(account?.automountServiceAccountToken).to.equal(false);
    const sources = valueIn(pod, 'volumes[api-access].projected.sources') as unknown[];
    expect(sources.flatMap((source) => Object.keys(source as object))).to.have.members([
      'serviceAccountToken',
      'configMap',
      'downwardAPI',
    ]);
    const holders = containers(pod).filter((container) => mounts(container).some(({ name }) => name === 'api-access'));
    expect(holders.map(({ name }) => name)).to.deep.equal(['controller']);
    expect(mounts(holders[0]).find(({ name }) => name === 'api-access')).to.deep.equal({
      name: 'api-access',
      mountPath: TOKEN_FOLDER,
      readOnly: true,
    });
  });

  it("mounts the webhook's key in the controller alone", async () => {
    const holders = containers(await podOf()).filter((container) =>
      mounts(container).some(({ name }) => name === 'webhook-cert'),
    );
    expect(holders.map(({ name }) => name)).to.deep.equal(['controller']);
  });

  it('lets the controller alone write the configuration, and nginx alone its sockets (R12)', async () => {
    const of = (container: unknown): string[] =>
      mounts(container)
        .filter(({ name }) => name === 'conf' || name === 'run')
        .map(({ mountPath, readOnly }) => `${mountPath} ${readOnly === true ? 'read' : 'write'}`);
    const [controller, nginx] = containers(await podOf());
    expect(of(controller)).to.deep.equal(['/etc/sluice/conf write', '/run/sluice read']);
    expect(of(nginx)).to.deep.equal(['/etc/sluice/conf read', '/run/sluice write']);
    expect(mounts(nginx).find(({ mountPath }) => mountPath === '/tmp')).to.not.equal(undefined);
  });

  it('asks /readyz whether it is ready, also where a copied value asks /healthz as ingress-nginx did', async () => {
    const path = async (controller: Values): Promise<unknown> => {
      const pod = await podOf({ controller });
      return valueIn(pod, 'containers[controller].readinessProbe.httpGet.path');
    };
    expect(await path({})).to.equal('/readyz');
    expect(await path({ readinessProbe: { httpGet: { path: '/healthz' } } })).to.equal('/readyz');
    expect(await path({ healthCheckPath: '/alive', readinessProbe: { httpGet: { path: '/alive' } } })).to.equal(
      '/readyz',
    );
    expect(valueIn(await podOf(), 'containers[controller].livenessProbe.httpGet.path')).to.equal('/healthz');
  });

  it('gives the jobs no more than they need', async () => {
    const objects = await template();
    for (const job of objects.filter(({ kind }) => kind === 'Job')) {
      const [container] = containers(valueIn(job, POD));
      expect(container?.securityContext).to.deep.equal({
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        allowPrivilegeEscalation: false,
        seccompProfile: { type: 'RuntimeDefault' },
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      });
    }
  });
});

function rulesOf(objects: readonly RawObject[], name: string): unknown {
  return find(objects, name)?.rules;
}

describe('the rights of the jobs', function () {
  needsHelm(this);

  it('are one Secret to read, Secrets to create, and one webhook to change (R24)', async () => {
    const objects = await template();
    expect(rulesOf(objects, 'Role/ingress-nginx-admission')).to.deep.equal([
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['ingress-nginx-admission'], verbs: ['get'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    ]);
    expect(rulesOf(objects, 'ClusterRole/ingress-nginx-admission')).to.deep.equal([
      {
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['validatingwebhookconfigurations'],
        resourceNames: ['ingress-nginx-admission'],
        verbs: ['get', 'update'],
      },
    ]);
  });
});
