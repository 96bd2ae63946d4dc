// The rights of the ServiceAccount are those that the program uses (R24): the rules as they are, and a run with the flags of the
// chart on an API server that remembers what was asked.
import { expect } from 'chai';
import { FLAGS } from '../../controller/flags.ts';
import { RESOURCES } from '../../controller/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { find, needsHelm, template, type Values, valueIn } from '../support/helm.ts';
import type { RawObject } from '../support/kube/raw.ts';
import { resourceName } from '../support/kube/request.ts';
import { startApiServer } from '../support/kube/server.ts';
import { allows, grantsOf } from '../support/kube-rbac.ts';
import { ingress } from '../support/objects.ts';
import { startSluice } from '../support/sluice.ts';

const NAMESPACE = 'ingress-nginx';
const CONTROLLER = 'ingress-nginx-controller';

/** Rules as "verbs of resources [names]". */
function shown(role: RawObject | undefined): string[] {
  const rules = (role?.rules ?? []) as {
    apiGroups: string[];
    resources: string[];
    resourceNames?: string[];
    verbs: string[];
  }[];
  return rules.map(({ apiGroups, resources, resourceNames, verbs }) => {
    const names = resourceNames === undefined ? '' : ` named ${resourceNames.join(', ')}`;
    return `${verbs.join(', ')} of ${resources.join(', ')}${apiGroups[0] === '' ? '' : ` in ${apiGroups.join(', ')}`}${names}`;
  });
}

const SERVED = [
  'list, watch of ingresses in networking.k8s.io',
  'patch of ingresses/status in networking.k8s.io',
  'get, list, watch of services',
  'list, watch of endpointslices in discovery.k8s.io',
  'list, watch of secrets, configmaps',
  'create, patch of events',
];
const OWN = [
  'get, list of pods',
  `get of deployments in apps named ${CONTROLLER}`,
  'get of replicasets in apps',
  'get, watch, update of leases in coordination.k8s.io named ingress-nginx-leader',
  'create of leases in coordination.k8s.io',
];
const CLASSES = 'list, watch of ingressclasses in networking.k8s.io';

describe('the rights of the controller', function () {
  needsHelm(this);

  const rules = async (values: Values, name: string, namespace?: string): Promise<string[]> => {
    const objects = await template(values);
    return shown(
      namespace === undefined
        ? find(objects, name)
        : objects.find(({ kind, metadata }) => `${kind}/${metadata.name}` === name && metadata.namespace === namespace),
    );
  };

  it('are these, in the whole cluster and in the own namespace', async () => {
    expect(await rules({}, 'ClusterRole/ingress-nginx')).to.deep.equal([CLASSES, ...SERVED]);
    expect(await rules({}, 'Role/ingress-nginx')).to.deep.equal(OWN);
  });

  it('are in one namespace only with controller.scope', async () => {
    const own = { controller: { scope: { enabled: true } } };
    expect(await rules(own, 'ClusterRole/ingress-nginx')).to.deep.equal([CLASSES]);
    expect(await rules(own, 'Role/ingress-nginx')).to.deep.equal([...OWN, ...SERVED]);
    const other = { controller: { scope: { enabled: true, namespace: 'shop' } }, rbac: { scope: true } };
    expect(await rules(other, 'ClusterRole/ingress-nginx')).to.deep.equal([]);
    expect(await rules(other, 'Role/ingress-nginx', 'shop')).to.deep.equal(SERVED);
    expect(await rules(other, 'Role/ingress-nginx', NAMESPACE)).to.deep.equal([
      ...OWN,
      'create, patch of events',
      'get, watch of services',
    ]);
  });

  it('grow with what is switched on, and shrink with what is switched off', async () => {
    const cluster = (controller: Values): Promise<string[]> => rules({ controller }, 'ClusterRole/ingress-nginx');
    expect(await cluster({ scope: { namespaceSelector: 'a=b' } })).to.include('list, watch of namespaces');
    expect(await cluster({ publishService: { enabled: false } })).to.include('get of nodes');
    expect(await cluster({ enableTopologyAwareRouting: true })).to.include('get of nodes');
    const addresses = { publishService: { enabled: false }, extraArgs: { 'publish-status-address': '192.0.2.1' } };
    expect(await cluster(addresses)).to.not.include('get of nodes');
    expect(await cluster({ extraArgs: { 'update-status': 'false' } })).to.not.include(SERVED[1]);
    const alone = await rules({ controller: { disableLeaderElection: true, kind: 'DaemonSet' } }, 'Role/ingress-nginx');
    expect(alone).to.deep.equal(['get, list of pods', `get of daemonsets in apps named ${CONTROLLER}`]);
  });

  it('cover every kind that is watched', async () => {
    const grants = grantsOf(await template({ controller: { scope: { namespaceSelector: 'a=b' } } }), 'ingress-nginx');
    const missing = Object.values(RESOURCES).filter(({ plural, apiVersion }) =>
      ['list', 'watch'].some(
        (verb) =>
          !grants.some(
            ({ namespace, apiGroups, resources, verbs }) =>
              namespace === null &&
              apiGroups.includes(apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '') &&
              resources.includes(plural) &&
              verbs.includes(verb),
          ),
      ),
    );
    expect(missing).to.deep.equal([]);
  });

  for (const [title, values] of [
    ['the default values', {}],
    ['another namespace to serve', { controller: { scope: { enabled: true, namespace: 'shop' } } }],
    [
      'nodes as addresses and zones',
      { controller: { publishService: { enabled: false }, enableTopologyAwareRouting: true } },
    ],
  ] as const) {
    it(`allow all that a run with ${title} asks for`, async function () {
      this.timeout(60_000);
      const objects = await template(values);
      const grants = grantsOf(objects, 'ingress-nginx');
      const flags = valueIn(
        find(objects, `Deployment/${CONTROLLER}`),
        'spec.template.spec.containers[controller].args',
      ) as string[];
      const server = await startApiServer();
      try {
        for (const name of [NAMESPACE, 'shop']) server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
        server.put({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'pod-1', namespace: NAMESPACE, labels: { app: 'x' } },
          spec: { nodeName: 'node-1' },
          status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
        });
        server.put({
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: 'node-1' },
          status: { addresses: [{ type: 'ExternalIP', address: '192.0.2.7' }] },
        });
        server.put({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: CONTROLLER, namespace: NAMESPACE },
          spec: { type: 'LoadBalancer' },
          status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
        });
        server.put(ingress({ name: 'web', namespace: 'shop', host: 'web.example' }));
        const sluice = await startSluice({
          kubeconfig: server.kubeconfig(),
          environment: { POD_NAME: 'pod-1', POD_NAMESPACE: NAMESPACE },
          flags: flags
            // Where the containers meet, and the certificate of the webhook, are not there.
            .filter((flag) => !/^--(nginx-mode|conf-dir|run-dir|validating-webhook)/.test(flag))
            .map((flag) => flag.replaceAll('$(POD_NAMESPACE)', NAMESPACE)),
        });
        await eventually(() => expect(server.requests({ resource: 'ingresses', verb: 'watch' })).to.not.be.empty);
        if (Object.hasOwn(FLAGS, 'election-id')) {
          await eventually(
            () => expect(server.requests({ resource: 'ingresses/status', verb: 'patch' })).to.not.be.empty,
          );
          await eventually(() => expect(server.requests({ resource: 'leases', verb: 'create' })).to.not.be.empty);
        }
        await sluice.stop();
        const refused = server.requests().filter((request) => !allows(grants, request));
        expect(
          refused.map((request) => `${request.verb} ${resourceName(request)} ${request.namespace}/${request.name}`),
        ).to.deep.equal([]);
      } finally {
        await server.stop();
      }
    });
  }
});
