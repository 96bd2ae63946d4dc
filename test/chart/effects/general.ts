// Names, accounts, RBAC, TCP and UDP.
import { ARGS, C, CONFIG, CONTROLLER, DEPLOYMENT, exists, N, NAME, nest, POD, rows, SERVICE } from './effect.ts';

export const GENERAL = rows([
  [
    'nameOverride',
    'edge',
    'Deployment/ingress-nginx-edge-controller',
    'spec.selector.matchLabels."app.kubernetes.io/name"',
    'edge',
  ],
  ['fullnameOverride', 'front', 'Deployment/front-controller', '', exists],
  ['namespaceOverride', 'other', DEPLOYMENT, 'metadata.namespace', 'other'],
  ['commonLabels', { team: 'a' }, DEPLOYMENT, 'spec.template.metadata.labels.team', 'a'],
  ['global.image.registry', 'r.example', DEPLOYMENT, `${C}.image`, 'r.example/sluice/sluice:0.1.0'],
  ['imagePullSecrets', [{ name: 's' }], DEPLOYMENT, `${POD}.imagePullSecrets`, [{ name: 's' }]],
  ['revisionHistoryLimit', 3, DEPLOYMENT, 'spec.revisionHistoryLimit', 3],
  ['tcp', { 9000: 'a/b:80' }, `ConfigMap/${NAME}-tcp`, 'data.9000', 'a/b:80'],
  ['tcp', { 9000: 'a/b:80' }, DEPLOYMENT, ARGS, '--tcp-services-configmap=$(POD_NAMESPACE)/ingress-nginx-tcp'],
  [
    'tcp',
    { 9000: 'a/b:80' },
    DEPLOYMENT,
    `${N}.ports[9000-tcp]`,
    { name: '9000-tcp', containerPort: 9000, protocol: 'TCP' },
  ],
  ['udp', { 53: 'a/b:53' }, `ConfigMap/${NAME}-udp`, 'data.53', 'a/b:53'],
  ['udp', { 53: 'a/b:53' }, DEPLOYMENT, ARGS, '--udp-services-configmap=$(POD_NAMESPACE)/ingress-nginx-udp'],
  [
    'udp',
    { 53: 'a/b:53' },
    SERVICE,
    'spec.ports[53-udp]',
    { name: '53-udp', port: 53, protocol: 'UDP', targetPort: '53-udp' },
  ],
  ['dhParam', 'cGVt', `Secret/${CONTROLLER}`, 'data."dhparam.pem"', 'cGVt'],
  ['dhParam', 'cGVt', CONFIG, 'data.ssl-dh-param', 'ingress-nginx/ingress-nginx-controller'],
  ['rbac.create', false, `ClusterRole/${NAME}`, '', undefined],
  ['serviceAccount.create', false, `ServiceAccount/${NAME}`, '', undefined],
  ['serviceAccount.name', 'me', DEPLOYMENT, `${POD}.serviceAccountName`, 'me'],
  ['serviceAccount.automountServiceAccountToken', false, DEPLOYMENT, `${POD}.volumes[api-access]`, undefined],
  ['serviceAccount.annotations', { role: 'x' }, `ServiceAccount/${NAME}`, 'metadata.annotations.role', 'x'],
]).concat(
  rows([['portNamePrefix', 'tp', SERVICE, 'spec.ports[tp-9000-tcp].targetPort', 'tp-9000-tcp']], '', {
    tcp: { 9000: 'a/b:80' },
  }),
  rows([['rbac.scope', true, `ClusterRole/${NAME}`, '', undefined]], '', nest('controller.scope.enabled', true)),
);
