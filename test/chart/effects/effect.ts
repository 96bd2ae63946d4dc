// What each value of the chart does, as rows: set it, and this appears where it should.
import type { Values } from '../../support/helm.ts';
import { isRecord } from '../../support/kube/raw.ts';

export interface Effect {
  /** The value, as docs/spec/helm-values.yaml names it. */
  readonly path: string;
  readonly set: unknown;
  /** "Kind/name" of the object. */
  readonly object: string;
  /** In it; '' for the object itself. A path that ends in "[]" is a list that then has the element. */
  readonly at: string;
  /** Undefined when it goes away; a function to look closer. */
  readonly then: unknown;
  /** Other values that the effect needs. */
  readonly with?: Values;
}

export const NAME = 'ingress-nginx';
export const CONTROLLER = `${NAME}-controller`;
export const DEPLOYMENT = `Deployment/${CONTROLLER}`;
export const SERVICE = `Service/${CONTROLLER}`;
export const INTERNAL = `${SERVICE}-internal`;
export const WEBHOOK = `ValidatingWebhookConfiguration/${NAME}-admission`;
export const CREATE = `Job/${NAME}-admission-create`;
export const PATCH = `Job/${NAME}-admission-patch`;
export const MONITOR = `ServiceMonitor/${CONTROLLER}`;
export const RULE = `PrometheusRule/${CONTROLLER}`;
export const HPA = `HorizontalPodAutoscaler/${CONTROLLER}`;
export const KEDA = `ScaledObject/${CONTROLLER}`;
export const PDB = `PodDisruptionBudget/${CONTROLLER}`;
export const BACKEND = `Deployment/${NAME}-defaultbackend`;
export const CONFIG = `ConfigMap/${CONTROLLER}`;
export const POD = 'spec.template.spec';
export const C = `${POD}.containers[controller]`;
export const N = `${POD}.containers[nginx]`;
export const ARGS = `${C}.args[]`;

/** {a: {b: value}} of "a.b". */
export function nest(path: string, value: unknown): Values {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Values;
}

export const exists = (value: unknown): boolean => value !== undefined;

export type Row = readonly [path: string, set: unknown, object: string, at: string, then: unknown];

export function rows(list: readonly Row[], prefix = '', needed?: Values): Effect[] {
  return list.map(([path, set, object, at, then]) => ({
    path: `${prefix}${path}`,
    set,
    object,
    at,
    then,
    ...(needed === undefined ? {} : { with: needed }),
  }));
}

export const PROBE = { httpGet: { path: '/x', port: 1 }, periodSeconds: 3 };

/** Both, as helm merges values: the other one wins, maps are merged. */
export function merge(one: Values, other: Values): Values {
  const result: Record<string, unknown> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = result[key];
    result[key] = isRecord(before) && isRecord(value) ? merge(before, value) : value;
  }
  return result;
}
