// `helm upgrade` of a release of ingress-nginx works in place only where immutable fields and names stay what they were
// (docs/spec/helm-values.yaml, meta.naming). The literals are those of its chart.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { specValues } from '../../scripts/helm-values.ts';
import { CHART, find, needsHelm, template, type Values, valueIn } from '../support/helm.ts';
import { merge, nest } from './effects/effect.ts';

const NAMES = [
  'ClusterRole/N',
  'ClusterRole/N-admission',
  'ClusterRoleBinding/N',
  'ClusterRoleBinding/N-admission',
  'ConfigMap/N-controller',
  'Deployment/N-controller',
  'IngressClass/nginx',
  'Job/N-admission-create',
  'Job/N-admission-patch',
  'Role/N',
  'Role/N-admission',
  'RoleBinding/N',
  'RoleBinding/N-admission',
  'Service/N-controller',
  'Service/N-controller-admission',
  'ServiceAccount/N',
  'ServiceAccount/N-admission',
  'ValidatingWebhookConfiguration/N-admission',
];

describe('an upgrade from ingress-nginx', function () {
  needsHelm(this);

  for (const [release, full] of [
    ['ingress-nginx', 'ingress-nginx'],
    ['web', 'web-ingress-nginx'],
    ['my-ingress-nginx', 'my-ingress-nginx'],
  ] as const) {
    it(`finds the objects of the release ${release} under their names`, async () => {
      const objects = await template({}, { name: release });
      const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      expect(names.sort()).to.deep.equal(NAMES.map((name) => name.replace('N', full)));
    });

    it(`keeps the selectors of the release ${release}, which are immutable`, async () => {
      const objects = await template({ defaultBackend: { enabled: true } }, { name: release });
      const selector = (component: string) => ({
        'app.kubernetes.io/name': 'ingress-nginx',
        'app.kubernetes.io/instance': release,
        'app.kubernetes.io/component': component,
      });
      const of = (name: string, path: string): unknown => valueIn(find(objects, name), path);
      expect(of(`Deployment/${full}-controller`, 'spec.selector.matchLabels')).to.deep.equal(selector('controller'));
      expect(of(`Service/${full}-controller`, 'spec.selector')).to.deep.equal(selector('controller'));
      expect(of(`Deployment/${full}-defaultbackend`, 'spec.selector.matchLabels')).to.deep.equal(
        selector('default-backend'),
      );
    });
  }

  it('keeps the controller of the IngressClass, the roles that are bound and the address of the Service', async () => {
    const objects = await template();
    expect(valueIn(find(objects, 'IngressClass/nginx'), 'spec.controller')).to.equal('k8s.io/ingress-nginx');
    for (const [binding, kind] of [
      ['ClusterRoleBinding/ingress-nginx', 'ClusterRole'],
      ['RoleBinding/ingress-nginx', 'Role'],
    ] as const) {
      expect(valueIn(find(objects, binding), 'roleRef')).to.deep.equal({
        apiGroup: 'rbac.authorization.k8s.io',
        kind,
        name: 'ingress-nginx',
      });
    }
    // A field that neither chart writes stays as the cluster set it.
    expect(valueIn(find(objects, 'Service/ingress-nginx-controller'), 'spec')).to.not.have.any.keys(
      'clusterIP',
      'clusterIPs',
    );
    const [webhook] = valueIn(
      find(objects, 'ValidatingWebhookConfiguration/ingress-nginx-admission'),
      'webhooks',
    ) as object[];
    expect(valueIn(webhook, 'clientConfig')).to.not.have.any.keys('caBundle');
  });

  it('elects by the Lease of before, so that old and new Pods are never leaders together', async () => {
    const args = valueIn(
      find(await template(), 'Deployment/ingress-nginx-controller'),
      'spec.template.spec.containers[0].args',
    );
    expect(args).to.include('--election-id=ingress-nginx-leader');
  });

  it('runs the jobs as hooks that helm deletes, because a Job cannot be changed', async () => {
    const objects = await template();
    const hook = (name: string): unknown => valueIn(find(objects, name), 'metadata.annotations');
    expect(hook('Job/ingress-nginx-admission-create')).to.deep.equal({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
    });
    expect(hook('Job/ingress-nginx-admission-patch')).to.deep.equal({
      'helm.sh/hook': 'post-install,post-upgrade',
      'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
    });
  });

  it('leaves the image of ingress-nginx out, wherever a values file names it', async () => {
    const own = 'ghcr.io/sluice/sluice:0.1.0';
    const image = async (controller: object): Promise<unknown> =>
      valueIn(
        find(await template({ controller }), 'Deployment/ingress-nginx-controller'),
        'spec.template.spec.containers[0].image',
      );
    expect(await image({ image: { tag: 'v1.12.1', digest: 'sha256:ab' } })).to.equal(own);
    expect(await image({ image: { registry: 'registry.k8s.io' } })).to.equal(own);
    expect(await image({ image: { image: 'ingress-nginx/controller-chroot' } })).to.equal(own);
    expect(await image({ image: { repository: 'r.example/mirror/ingress-nginx/controller', tag: '1' } })).to.equal(own);
    expect(await image({ image: { registry: 'r.example', image: 'ingress-nginx/controller' } })).to.equal(
      'r.example/sluice/sluice:0.1.0',
    );
    expect(await image({ image: { repository: 'r.example/mirror/sluice', tag: '1' } })).to.equal(
      'r.example/mirror/sluice:1',
    );
  });

  it('runs no image of ingress-nginx, and none of its registry, with a values file that was written for it', async () => {
    const file = await readFile(join(import.meta.dirname, 'values/old-chart.yaml'), 'utf8');
    const specs = (await template(parse(file) as Values)).map((object) =>
      valueIn(object, 'spec.template.spec.containers'),
    );
    const images = specs.flatMap((containers) =>
      Array.isArray(containers) ? containers.map(({ image }) => image) : [],
    );
    expect(images).to.have.length(4);
    expect(new Set(images)).to.deep.equal(new Set(['ghcr.io/sluice/sluice:0.1.0']));
  });

  it('says what to do where the defaults that --reuse-values brings are too old', async () => {
    const gone = { controller: { admissionWebhooks: { patch: { serviceAccount: null } } } };
    const refusal = await template(gone).catch((error: Error) => error.message);
    expect(refusal).to.contain('--reset-then-reuse-values');
  });

  it('works with --reuse-values too, where helm takes the defaults of the chart before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-test-chart-'));
    try {
      await cp(CHART, folder, { recursive: true });
      const old = specValues().filter(({ not_in_values_yaml: absent }) => absent !== true);
      const values = old.map(({ path, default: initial }) => nest(path, initial)).reduce(merge, {});
      await writeFile(join(folder, 'values.yaml'), JSON.stringify(values));
      const objects = await template({ controller: { networkPolicy: { enabled: true } } }, { chart: folder });
      const pod = valueIn(find(objects, 'Deployment/ingress-nginx-controller'), 'spec.template.spec');
      const images = (valueIn(pod, 'containers') as { image: string }[]).map(({ image }) => image);
      expect(images).to.deep.equal(['ghcr.io/sluice/sluice:0.1.0', 'ghcr.io/sluice/sluice:0.1.0']);
      expect(valueIn(pod, 'securityContext.sysctls[0].name')).to.equal('net.ipv4.ip_unprivileged_port_start');
      expect(valueIn(pod, 'containers[controller].readinessProbe.httpGet.path')).to.equal('/readyz');
      expect(valueIn(find(objects, 'NetworkPolicy/ingress-nginx-controller'), 'spec.egress')).to.deep.equal([{}]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
