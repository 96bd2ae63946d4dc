// What an API server refuses to store, as far as Sluice writes or tests create such objects.
import { isIP } from 'node:net';
import { isRecord, type RawObject, valueAt } from './raw.ts';
import type { Resource } from './resources.ts';
import { badRequest, type Cause, invalid } from './status.ts';

/** DNS subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** metav1.MicroTime is read with exactly six digits of fraction, so that `Date.toISOString()` is refused. */
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

const MICRO_TIMES: Readonly<Record<string, readonly string[]>> = {
  Lease: ['spec.acquireTime', 'spec.renewTime'],
  Event: ['eventTime', 'series.lastObservedTime'],
};

/** 400 for what cannot be decoded, 422 for what can but is not valid. */
export function validate(resource: Resource, object: RawObject): void {
  for (const field of MICRO_TIMES[resource.kind] ?? []) {
    const value = valueAt(object, field);
    if (value === undefined || value === null || (typeof value === 'string' && MICRO_TIME.test(value))) continue;
    throw badRequest(
      `${resource.kind} in version "v1" cannot be handled as a ${resource.kind}: ${field}: parsing time "${value}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse`,
    );
  }
  const name = object.metadata.name ?? '';
  const causes = [...nameCauses(name), ...(CHECKS[resource.kind]?.(object) ?? [])];
  if (causes.length > 0) throw invalid(resource, name, causes);
}

function required(field: string, why = ''): Cause {
  return { reason: 'FieldValueRequired', field, message: `Required value${why === '' ? '' : `: ${why}`}` };
}

function wrong(field: string, value: unknown, why: string): Cause {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

function nameCauses(name: string): Cause[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  if (name.length <= 253 && SUBDOMAIN.test(name)) return [];
  return [
    wrong('metadata.name', name, 'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters'),
  ];
}

const CHECKS: Readonly<Record<string, (object: RawObject) => Cause[]>> = {
  Ingress: ingressCauses,
  Lease(object) {
    const seconds = valueAt(object, 'spec.leaseDurationSeconds');
    const bad = seconds !== undefined && seconds !== null && !(typeof seconds === 'number' && seconds > 0);
    return bad ? [wrong('spec.leaseDurationSeconds', seconds, 'must be greater than 0')] : [];
  },
  // An Event lives in the namespace of what it is about, "default" for cluster-scoped objects.
  Event(object) {
    const about = valueAt(object, 'involvedObject.namespace') ?? '';
    const ok = about === object.metadata.namespace || (about === '' && object.metadata.namespace === 'default');
    return ok ? [] : [wrong('involvedObject.namespace', about, 'does not match event.namespace')];
  },
};

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function ingressCauses(object: RawObject): Cause[] {
  const rules = records(valueAt(object, 'spec.rules'));
  const causes: Cause[] = [];
  if (rules.length === 0 && !isRecord(valueAt(object, 'spec.defaultBackend'))) {
    causes.push(wrong('spec', object['spec'] ?? {}, 'either `defaultBackend` or `rules` must be specified'));
  }
  for (const [at, rule] of rules.entries()) {
    for (const [index, { path, pathType }] of records(valueAt(rule, 'http.paths')).entries()) {
      const field = `spec.rules[${at}].http.paths[${index}]`;
      if (pathType === undefined) causes.push(required(`${field}.pathType`, 'pathType must be specified'));
      else if (pathType !== 'ImplementationSpecific' && !String(path ?? '').startsWith('/')) {
        causes.push(wrong(`${field}.path`, path ?? '', 'must be an absolute path'));
      }
    }
  }
  for (const [index, { ip, hostname }] of records(valueAt(object, 'status.loadBalancer.ingress')).entries()) {
    const field = `status.loadBalancer.ingress[${index}]`;
    if (ip && isIP(String(ip)) === 0) causes.push(wrong(`${field}.ip`, ip, 'must be a valid IP address'));
    if (hostname && isIP(String(hostname)) !== 0) {
      causes.push(wrong(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address'));
    }
  }
  return causes;
}
