// Turns what a manifest or the API server says into the narrow objects of objects.ts. Total: every input gives an object
// or a reason. Shapes follow https://kubernetes.io/docs/reference/kubernetes-api/; fields Sluice does not read are dropped.
import { isIP } from 'node:net';
import { z } from 'zod';
import type { IngressTarget, KubeObject, Meta, PathType } from './objects.ts';
import { isClusterScoped, KINDS, type Kind, type ObjectRef } from './ref.ts';

export type Normalised =
  | { readonly kind: 'object'; readonly object: KubeObject; readonly notes: readonly string[] }
  | { readonly kind: 'ignored'; readonly ref: ObjectRef; readonly reason: string }
  | { readonly kind: 'refused'; readonly ref: ObjectRef; readonly reason: string };

const text = z.string();
const maybeText = text.nullish().transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? null);

function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

function mapOf<T extends z.ZodType>(value: T) {
  return z
    .record(text, value)
    .nullish()
    .transform((entries) => new Map(Object.entries(entries ?? {}) as [string, z.output<T>][]));
}

const dnsName = text.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be a lower-case DNS name');
const HOST = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const host = text
  .nullish()
  .transform((value) => (value ?? '').toLowerCase())
  .refine(
    (value) => value === '' || (value.length <= 253 && HOST.test(value)),
    'must be a DNS name, or "*." and a DNS name',
  );
const portNumber = z.int().min(1).max(65535);
const intOrName = z.union([portNumber, text.regex(/^[A-Za-z0-9-]{1,63}$/, 'must be a port number or a port name')]);
const path = text
  .nullish()
  .transform((value) => (value ? value : '/'))
  .refine((value) => value.startsWith('/'), 'must be an absolute path (start with "/")');

const metaSchema = z
  .object({
    namespace: dnsName.nullish(),
    name: dnsName,
    uid: maybeText,
    creationTimestamp: text.nullish(),
    labels: mapOf(text),
    annotations: mapOf(text),
  })
  .transform(
    (meta): Meta => ({
      namespace: meta.namespace ?? '',
      name: meta.name,
      uid: meta.uid,
      created: Date.parse(meta.creationTimestamp ?? '') || 0,
      labels: meta.labels,
      annotations: meta.annotations,
    }),
  );

const targetSchema = z
  .object({
    service: z
      .object({
        name: dnsName,
        port: z.object({ number: portNumber.nullish(), name: text.nullish() }),
      })
      .nullish(),
    resource: z.looseObject({}).nullish(),
  })
  .transform((value, context): IngressTarget => {
    if (value.service) {
      const port = value.service.port.number ?? value.service.port.name;
      if (port !== null && port !== undefined && port !== '') {
        return { kind: 'service', name: value.service.name, port: String(port) };
      }
      context.addIssue({ code: 'custom', message: 'service.port needs a number or a name' });
      return z.NEVER;
    }
    if (value.resource) return { kind: 'resource' };
    context.addIssue({ code: 'custom', message: 'a backend needs a service or a resource' });
    return z.NEVER;
  });

/** The backend of the retired beta APIs: serviceName and servicePort beside each other. */
const betaTargetSchema = z
  .object({ serviceName: dnsName.nullish(), servicePort: intOrName.nullish(), resource: z.looseObject({}).nullish() })
  .transform((value, context): IngressTarget => {
    if (value.serviceName && value.servicePort !== null && value.servicePort !== undefined) {
      return { kind: 'service', name: value.serviceName, port: String(value.servicePort) };
    }
    if (value.resource) return { kind: 'resource' };
    context.addIssue({ code: 'custom', message: 'a backend needs serviceName and servicePort' });
    return z.NEVER;
  });

const pathTypeSchema = z.enum(['Exact', 'Prefix', 'ImplementationSpecific']);

function ingressSpec<T extends z.ZodType<IngressTarget>, P extends z.ZodType<PathType>>(target: T, pathType: P) {
  return z.object({
    ingressClassName: text.nullish().transform((value) => value ?? null),
    rules: listOf(
      z.object({
        host,
        http: z
          .object({ paths: listOf(z.object({ path, pathType, backend: target })) })
          .nullish()
          .transform((http) => http?.paths ?? []),
      }),
    ),
    tls: listOf(z.object({ hosts: listOf(text.transform((value) => value.toLowerCase())), secretName: maybeText })),
  });
}

const ingressSchema = z
  .object({
    metadata: metaSchema,
    spec: ingressSpec(
      targetSchema,
      pathTypeSchema.nullish().transform((type) => type ?? 'ImplementationSpecific'),
    ).and(z.object({ defaultBackend: targetSchema.nullish() })),
  })
  .transform(({ metadata, spec }) => ingressOf(metadata, spec, spec.defaultBackend ?? null));

const betaIngressSchema = z
  .object({
    metadata: metaSchema,
    spec: ingressSpec(
      betaTargetSchema,
      pathTypeSchema.nullish().transform((type) => type ?? 'ImplementationSpecific'),
    ).and(z.object({ backend: betaTargetSchema.nullish() })),
  })
  .transform(({ metadata, spec }) => ingressOf(metadata, spec, spec.backend ?? null));

type IngressSpec = z.output<ReturnType<typeof ingressSpec<typeof targetSchema, z.ZodType<PathType>>>>;

function ingressOf(meta: Meta, spec: IngressSpec, defaultBackend: IngressTarget | null): KubeObject {
  return {
    kind: 'Ingress',
    meta,
    className: spec.ingressClassName,
    defaultBackend,
    rules: spec.rules.map((rule) => ({
      host: rule.host,
      paths: rule.http.map((entry) => ({ path: entry.path, pathType: entry.pathType, target: entry.backend })),
    })),
    tls: spec.tls,
  };
}

const ingressClassSchema = z
  .object({ metadata: metaSchema, spec: z.object({ controller: maybeText }).nullish() })
  .transform(
    ({ metadata, spec }): KubeObject => ({
      kind: 'IngressClass',
      meta: metadata,
      controller: spec?.controller ?? '',
    }),
  );

const serviceSchema = z
  .object({
    metadata: metaSchema,
    spec: z
      .object({
        type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).nullish(),
        externalName: text.nullish(),
        clusterIP: text.nullish(),
        trafficDistribution: text.nullish(),
        ports: listOf(
          z.object({
            name: maybeText,
            port: portNumber,
            targetPort: intOrName.nullish(),
            protocol: text.nullish().transform((value) => value ?? 'TCP'),
          }),
        ),
      })
      .nullish(),
  })
  .transform(
    ({ metadata, spec }): KubeObject => ({
      kind: 'Service',
      meta: metadata,
      type: spec?.type ?? 'ClusterIP',
      externalName: spec?.externalName ?? null,
      clusterIp: isIP(spec?.clusterIP ?? '') === 0 ? null : (spec?.clusterIP ?? null), // "None" and "" are no address
      trafficDistribution: spec?.trafficDistribution ?? null,
      ports: (spec?.ports ?? []).map((port) => ({
        name: port.name,
        port: port.port,
        targetPort: port.targetPort === null || port.targetPort === undefined ? null : String(port.targetPort),
        protocol: port.protocol,
      })),
    }),
  );

const endpointPortSchema = z.object({
  name: maybeText,
  port: portNumber.nullish().transform((value) => value ?? null),
  protocol: text.nullish().transform((value) => value ?? 'TCP'),
});

const SERVICE_LABEL = 'kubernetes.io/service-name';

const sliceSchema = z
  .object({
    metadata: metaSchema,
    addressType: z.enum(['IPv4', 'IPv6', 'FQDN']),
    endpoints: listOf(
      z
        .object({
          addresses: listOf(text),
          conditions: z.object({ ready: flag, serving: flag, terminating: flag }).nullish(),
          zone: text.nullish().transform((value) => value ?? null),
          hints: z.object({ forZones: listOf(z.object({ name: text })) }).nullish(),
        })
        .transform(({ addresses, conditions, zone, hints }) => ({
          addresses,
          ready: conditions?.ready ?? null,
          serving: conditions?.serving ?? null,
          terminating: conditions?.terminating ?? null,
          zone,
          hints: (hints?.forZones ?? []).map(({ name }) => name),
        })),
    ),
    ports: listOf(endpointPortSchema),
  })
  .transform(
    ({ metadata, ...rest }): KubeObject => ({
      kind: 'EndpointSlice',
      meta: metadata,
      service: metadata.labels.get(SERVICE_LABEL) ?? null,
      ...rest,
    }),
  );

const endpointsSchema = z
  .object({
    metadata: metaSchema,
    subsets: listOf(
      z.object({
        addresses: listOf(z.object({ ip: text }).transform(({ ip }) => ip)),
        ports: listOf(endpointPortSchema),
      }),
    ),
  })
  .transform(({ metadata, subsets }): KubeObject => ({ kind: 'Endpoints', meta: metadata, subsets }));

const secretSchema = z
  .object({ metadata: metaSchema, type: maybeText, data: mapOf(text), stringData: mapOf(text) })
  .transform(({ metadata, type, data, stringData }): KubeObject => {
    const decoded = new Map([...data].map(([key, value]) => [key, Buffer.from(value, 'base64')]));
    for (const [key, value] of stringData) decoded.set(key, Buffer.from(value, 'utf8'));
    return { kind: 'Secret', meta: metadata, type, data: decoded };
  });

const configMapSchema = z
  .object({ metadata: metaSchema, data: mapOf(text) })
  .transform(({ metadata, data }): KubeObject => ({ kind: 'ConfigMap', meta: metadata, data }));

const namespaceSchema = z
  .object({ metadata: metaSchema })
  .transform(({ metadata }): KubeObject => ({ kind: 'Namespace', meta: metadata }));

interface Version {
  readonly schema: z.ZodType<KubeObject>;
  readonly note: string | null;
}

function converted(from: string): string {
  return `apiVersion ${from} was retired in Kubernetes 1.22: read as networking.k8s.io/v1 (serviceName and servicePort became service.name and service.port, spec.backend became spec.defaultBackend, a missing pathType became ImplementationSpecific); change the manifest`;
}

/** Served versions by kind and apiVersion. */
const VERSIONS: Readonly<Record<Kind, ReadonlyMap<string, Version>>> = {
  Ingress: new Map<string, Version>([
    ['networking.k8s.io/v1', { schema: ingressSchema, note: null }],
    ['networking.k8s.io/v1beta1', { schema: betaIngressSchema, note: converted('networking.k8s.io/v1beta1') }],
    ['extensions/v1beta1', { schema: betaIngressSchema, note: converted('extensions/v1beta1') }],
  ]),
  IngressClass: new Map<string, Version>([
    ['networking.k8s.io/v1', { schema: ingressClassSchema, note: null }],
    ['networking.k8s.io/v1beta1', { schema: ingressClassSchema, note: null }],
  ]),
  Service: new Map<string, Version>([['v1', { schema: serviceSchema, note: null }]]),
  EndpointSlice: new Map<string, Version>([
    ['discovery.k8s.io/v1', { schema: sliceSchema, note: null }],
    ['discovery.k8s.io/v1beta1', { schema: sliceSchema, note: null }],
  ]),
  Endpoints: new Map<string, Version>([['v1', { schema: endpointsSchema, note: null }]]),
  Secret: new Map<string, Version>([['v1', { schema: secretSchema, note: null }]]),
  ConfigMap: new Map<string, Version>([['v1', { schema: configMapSchema, note: null }]]),
  Namespace: new Map<string, Version>([['v1', { schema: namespaceSchema, note: null }]]),
};

const headSchema = z.object({
  apiVersion: text,
  kind: text,
  metadata: z.object({ namespace: text.nullish(), name: text.nullish() }).nullish(),
});

export function isReadKind(kind: string): kind is Kind {
  return (KINDS as readonly string[]).includes(kind);
}

/**
 * Reads one object. Namespaced objects without a namespace go to `defaultNamespace` (as kubectl does with the context's).
 * Kinds Sluice does not read are `ignored`; a wrong shape is `refused` with the field and what it must be.
 */
export function normalise(raw: unknown, defaultNamespace: string): Normalised {
  const head = headSchema.safeParse(raw);
  if (!head.success) {
    const ref = { kind: 'Unknown', namespace: '', name: 'unnamed' };
    return { kind: 'refused', ref, reason: `is not a Kubernetes object: ${explain(head.error)}` };
  }
  const { apiVersion, kind, metadata } = head.data;
  const namespace = isClusterScoped(kind) ? '' : (metadata?.namespace ?? defaultNamespace);
  const ref: ObjectRef = { kind, namespace, name: metadata?.name ?? 'unnamed' };
  if (!isReadKind(kind)) return { kind: 'ignored', ref, reason: `kind ${kind} is not read by Sluice` };
  const version = VERSIONS[kind].get(apiVersion);
  if (version === undefined) {
    const known = [...VERSIONS[kind].keys()].join(', ');
    return { kind: 'refused', ref, reason: `apiVersion ${apiVersion} of ${kind} is unknown; known: ${known}` };
  }
  const parsed = version.schema.safeParse(raw);
  if (!parsed.success) return { kind: 'refused', ref, reason: explain(parsed.error) };
  const object: KubeObject = { ...parsed.data, meta: { ...parsed.data.meta, namespace } };
  return { kind: 'object', object, notes: version.note === null ? [] : [version.note] };
}

function explain(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`)
    .join('; ');
}
