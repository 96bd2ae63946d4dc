// helm/values.schema.json: a JSON schema that refuses what the chart would not read. helm prints the place and the key; for the
// usual mistakes the schema has the mistake as a key whose only allowed value is the advice, because helm prints that too.
import type { Value } from './helm-values.ts';

interface Schema {
  [key: string]: unknown;
  properties?: Record<string, Schema>;
}

const TYPES: Readonly<Record<string, Schema>> = {
  bool: { type: ['boolean', 'null'] },
  // Quoted numbers render the same.
  int: { type: ['integer', 'string', 'null'], pattern: '^-?[0-9]*$' },
  'int|string': { type: ['integer', 'string', 'null'] },
  // Ports and tags are often written without quotes.
  string: { type: ['string', 'number', 'null'] },
  map: { type: ['object', 'null'] },
  list: { type: ['array', 'null'] },
};

const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'controller.kind': ['Deployment', 'DaemonSet'],
  'controller.dnsPolicy': ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'controller.service.type': ['LoadBalancer', 'NodePort', 'ClusterIP'],
  'controller.service.internal.type': ['', 'LoadBalancer', 'NodePort', 'ClusterIP'],
  'controller.service.externalTrafficPolicy': ['', 'Cluster', 'Local'],
  'controller.service.internal.externalTrafficPolicy': ['', 'Cluster', 'Local'],
  'controller.service.sessionAffinity': ['', 'None', 'ClientIP'],
  'controller.service.ipFamilyPolicy': ['', 'SingleStack', 'PreferDualStack', 'RequireDualStack'],
  'controller.admissionWebhooks.failurePolicy': ['Fail', 'Ignore'],
  'controller.keda.apiVersion': ['keda.sh/v1alpha1', 'keda.k8s.io/v1alpha1'],
  'controller.image.pullPolicy': ['Always', 'IfNotPresent', 'Never'],
};

/** The specification writes it as a map; it is rendered as given, a name. */
const ODD: Readonly<Record<string, Schema>> = { 'controller.hostname': { type: ['string', 'object', 'null'] } };

/** Maps whose further keys are ports of the user's own. */
const OPEN = new Set([
  'controller.containerPort',
  'controller.hostPort.ports',
  'controller.service.ports',
  'controller.service.targetPorts',
  'global',
  'global.image',
]);

/** Values that older charts of ingress-nginx had (removed_values of the specification): accepted, with a note where they are set. */
export const REMOVED_VALUES: readonly string[] = [
  'controller.opentelemetry',
  'podSecurityPolicy',
  'controller.existingPsp',
  'controller.admissionWebhooks.existingPsp',
  'defaultBackend.existingPsp',
  'controller.enableWorkerSerialReloads',
  'controller.admissionWebhooks.networkPolicyEnabled',
  'controller.admissionWebhooks.patch.fsGroup',
  'controller.admissionWebhooks.patch.runAsUser',
  'controller.autoscaling.apiVersion',
  'defaultBackend.autoscaling.apiVersion',
  'controller.enableSnippetDirectives',
  'controller.EnablePathTypeValidation',
  'controller.disablePathTypeValidation',
  'maxmindLicenseKey',
  'controller.daemonset',
  'controller.deploymentAnnotations',
  'controller.daemonsetAnnotations',
  'controller.defaultBackendService',
  'controller.service.omitClusterIP',
  'controller.service.internal.omitClusterIP',
  'controller.metrics.service.omitClusterIP',
  'controller.admissionWebhooks.service.omitClusterIP',
  'defaultBackend.service.omitClusterIP',
  'controller.stats',
  'controller.headers',
];

/** What people write → what is meant. */
const MISTAKES: Readonly<Record<string, string>> = {
  'controller.replicas': 'controller.replicaCount',
  'controller.args': 'controller.extraArgs',
  'controller.env': 'controller.extraEnvs',
  'controller.volumes': 'controller.extraVolumes',
  'controller.volumeMounts': 'controller.extraVolumeMounts',
  'controller.initContainers': 'controller.extraInitContainers',
  'controller.configMap': 'controller.config',
  'controller.serviceAccount': 'serviceAccount',
  'controller.defaultBackend': 'defaultBackend',
  'controller.securityContext': 'controller.containerSecurityContext or controller.podSecurityContext',
  'controller.podDisruptionBudget': 'controller.minAvailable or controller.maxUnavailable',
  'controller.nodePorts': 'controller.service.nodePorts',
  'controller.loadBalancerIP': 'controller.service.loadBalancerIP',
  'controller.externalTrafficPolicy': 'controller.service.externalTrafficPolicy',
  'controller.serviceMonitor': 'controller.metrics.serviceMonitor',
  'controller.image.name': 'controller.image.image or controller.image.repository',
  'controller.ingressClassResource.controller': 'controller.ingressClassResource.controllerValue',
  'controller.ingressClassResource.isDefault': 'controller.ingressClassResource.default',
  'controller.service.nodePort': 'controller.service.nodePorts',
  'controller.service.port': 'controller.service.ports',
  'controller.service.targetPort': 'controller.service.targetPorts',
  'controller.metrics.serviceMonitor.labels': 'controller.metrics.serviceMonitor.additionalLabels',
  'controller.metrics.serviceMonitor.interval': 'controller.metrics.serviceMonitor.scrapeInterval',
  'controller.metrics.prometheusRule.labels': 'controller.metrics.prometheusRule.additionalLabels',
  'controller.autoscaling.targetCPU': 'controller.autoscaling.targetCPUUtilizationPercentage',
};

function closed(): Schema {
  return { type: 'object', additionalProperties: false, properties: {} };
}

function place(root: Schema, path: string, leaf: Schema): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at = root;
  for (const [index, name] of names.entries()) {
    at.properties ??= {};
    at.properties[name] ??= closed();
    at = at.properties[name];
    if (OPEN.has(names.slice(0, index + 1).join('.'))) at.additionalProperties = true;
  }
  at.properties ??= {};
  // Something more precise may be there already.
  at.properties[last] ??= leaf;
}

function advice(text: string): Schema {
  return { const: `this is no value of the chart: use ${text}` };
}

function leafOf({ path, type, doc }: Value): Schema {
  const allowed = ENUMS[path];
  const shape = ODD[path] ?? (allowed === undefined ? (TYPES[type] ?? {}) : { enum: [...allowed, null] });
  return { ...shape, ...(doc === '' ? {} : { description: doc }) };
}

export function valuesSchema(values: readonly Value[]): string {
  const root: Schema = {
    $schema: 'https://json-schema.org/draft-07/schema#',
    title: 'Values of the Sluice chart; made by npm run docs',
    ...closed(),
    // Anchors of YAML live under such keys.
    patternProperties: { '^(x-|_)': {} },
  };
  for (const value of values) place(root, value.path, leafOf(value));
  for (const path of REMOVED_VALUES) place(root, path, { description: 'Removed from ingress-nginx; accepted.' });
  // A parent chart switches its dependency with it.
  place(root, 'enabled', { type: 'boolean' });
  for (const [wrong, right] of Object.entries(MISTAKES)) place(root, wrong, advice(right));
  for (const name of Object.keys(root.properties?.controller?.properties ?? {})) {
    if (!(`controller.${name}` in MISTAKES)) place(root, name, advice(`controller.${name}`));
  }
  return `${JSON.stringify(root, null, 2)}\n`;
}
