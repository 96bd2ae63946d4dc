// The narrow shapes of the Kubernetes objects that Sluice reads: only the fields it uses, null where one is absent.
// Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/ (networking.k8s.io/v1, discovery.k8s.io/v1, v1).
import type { Kind } from './ref.ts';

export interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Milliseconds since 1970, 0 when unknown (manifests rarely have one). */
  readonly created: number;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
}

/** A Service port as an Ingress names it: "80" or "http". */
export type PortName = string;

export interface ServiceTarget {
  readonly kind: 'service';
  readonly name: string;
  readonly port: PortName;
}

/** A backend that refers to a custom resource; it is skipped (HOST-14). */
export interface ResourceTarget {
  readonly kind: 'resource';
}

export type IngressTarget = ServiceTarget | ResourceTarget;

export type PathType = 'Exact' | 'Prefix' | 'ImplementationSpecific';

export interface IngressPath {
  readonly path: string;
  readonly pathType: PathType;
  readonly target: IngressTarget;
}

export interface IngressRule {
  /** '' when the rule names no host. */
  readonly host: string;
  readonly paths: readonly IngressPath[];
}

export interface IngressTls {
  readonly hosts: readonly string[];
  /** '' when the entry names no Secret. */
  readonly secretName: string;
}

export interface Ingress {
  readonly kind: 'Ingress';
  readonly meta: Meta;
  readonly className: string | null;
  readonly defaultBackend: IngressTarget | null;
  readonly rules: readonly IngressRule[];
  readonly tls: readonly IngressTls[];
}

export interface IngressClass {
  readonly kind: 'IngressClass';
  readonly meta: Meta;
  readonly controller: string;
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** A number, or the name of a container port; null means the same as `port`. */
  readonly targetPort: string | null;
  readonly protocol: string;
}

export interface Service {
  readonly kind: 'Service';
  readonly meta: Meta;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly externalName: string | null;
  /** null for headless and ExternalName Services. */
  readonly clusterIp: string | null;
  /** spec.trafficDistribution. */
  readonly trafficDistribution: string | null;
  readonly ports: readonly ServicePort[];
}

export interface EndpointPort {
  readonly name: string;
  /** null stands for all ports (discovery.k8s.io/v1). */
  readonly port: number | null;
  readonly protocol: string;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  /** null means unknown, which counts as ready. */
  readonly ready: boolean | null;
  readonly serving: boolean | null;
  readonly terminating: boolean | null;
  readonly zone: string | null;
  /** The zones that the endpoint is for (hints.forZones); empty where nothing is said. */
  readonly hints: readonly string[];
}

export interface EndpointSlice {
  readonly kind: 'EndpointSlice';
  readonly meta: Meta;
  /** The Service it belongs to, from the label kubernetes.io/service-name; null for slices of nobody. */
  readonly service: string | null;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly SliceEndpoint[];
  readonly ports: readonly EndpointPort[];
}

export interface EndpointSubset {
  readonly addresses: readonly string[];
  readonly ports: readonly EndpointPort[];
}

export interface Endpoints {
  readonly kind: 'Endpoints';
  readonly meta: Meta;
  readonly subsets: readonly EndpointSubset[];
}

export interface Secret {
  readonly kind: 'Secret';
  readonly meta: Meta;
  readonly type: string;
  /** Decoded values. */
  readonly data: ReadonlyMap<string, Buffer>;
}

export interface ConfigMap {
  readonly kind: 'ConfigMap';
  readonly meta: Meta;
  readonly data: ReadonlyMap<string, string>;
}

export interface Namespace {
  readonly kind: 'Namespace';
  readonly meta: Meta;
}

export interface ObjectOf {
  readonly Ingress: Ingress;
  readonly IngressClass: IngressClass;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Endpoints: Endpoints;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
  readonly Namespace: Namespace;
}

export type KubeObject = ObjectOf[Kind];
