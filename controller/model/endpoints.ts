// The backend unit: a Service port becomes addresses (SVC-01 to SVC-06). Traffic goes straight to endpoints, whatever the
// Service type: ClusterIP, headless, NodePort, LoadBalancer and externalIPs differ only in how others reach them.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { EndpointPort, EndpointSlice, Endpoints, Service, ServicePort } from '../kube/objects.ts';
import { keyOf, type ObjectRef } from '../kube/ref.ts';
import { backendPolicy } from './annotated.ts';
import { type Attachment, canariesOfBackend, inheritSessions } from './canary.ts';
import type { BackendPolicy } from './policy.ts';
import type { Settings } from './settings.ts';
import type { Backend, BackendId, Endpoint, Problem, ProblemCode } from './types.ts';
import type { View } from './view.ts';
import { inZone, prefersOwnZone } from './zones.ts';

export interface BackendUnit {
  readonly backend: Backend;
  readonly problems: readonly Problem[];
}

/** `attachments` are those that it is part of, as the main backend or as the canary. */
export function backendUnit(
  view: View,
  settings: Settings,
  id: BackendId,
  attachments: readonly Attachment[],
): BackendUnit {
  const [namespace = '', name = '', port = ''] = id.split('/');
  const object: ObjectRef = { kind: 'Service', namespace, name };
  const { policy: own, problems: said } = backendPolicy(view, settings, id);
  const policy = inheritSessions(view, settings, id, own, attachments);
  const { canaries, problems: left } = canariesOfBackend(settings, id, attachments);
  said.push(...left);
  const nothing: Backend = {
    id,
    displayName: `${namespace}-${name}-${port}`,
    endpoints: [],
    resolve: null,
    policy,
    canaries,
  };
  const nowhere = (code: ProblemCode, message: string): BackendUnit => ({
    backend: nothing,
    problems: [...said, { object, severity: 'warning', code, message }],
  });

  const service = view.get('Service', `${namespace}/${name}`);
  if (service === null) {
    return nowhere('service-missing', 'the Service does not exist; paths that lead to it answer 503');
  }
  const servicePort = findPort(service, port);
  if (service.type === 'ExternalName') {
    return externalName(service, settings, servicePort, port, (resolve, problems) => ({
      backend: { ...nothing, resolve },
      problems: [
        ...said,
        ...problems.map(
          (message) => ({ object, severity: 'warning', code: 'external-name-refused', message }) as const,
        ),
      ],
    }));
  }
  if (servicePort === null) {
    const known = service.ports.map((entry) => [entry.port, entry.name].filter(Boolean).join(' ')).join(', ');
    return nowhere(
      'service-port-missing',
      `no port ${port}; it has ${known || 'none'}; paths that lead to it answer 503`,
    );
  }

  const problems: Problem[] = [...said];
  const refuse = (address: string, reason: string): void => {
    problems.push({ object, severity: 'error', code: 'address-refused', message: `endpoint ${address}: ${reason}` });
  };
  const found = addresses(view, service, servicePort, policy).filter(({ address }) => {
    const reason = refusedAddress(address, settings);
    if (reason !== null) refuse(address, reason);
    return reason === null;
  });
  const { zone } = settings.selection;
  const near = zone !== null && prefersOwnZone(service) ? inZone(found, zone) : found;
  const endpoints = choose(near, policy.sessionCookie === null ? 'for-want-of-ready' : 'for-sessions');
  if (endpoints.length === 0) {
    problems.push({
      object,
      severity: 'warning',
      code: 'service-without-endpoints',
      message: `port ${port} has no ready endpoint; paths that lead to it answer 503`,
    });
  }
  return { backend: { ...nothing, endpoints }, problems };
}

/** By port, targetPort or name, compared as text; the first hit wins (SVC-03). A Service without ports passes numbers. */
function findPort(service: Service, port: string): ServicePort | null {
  if (service.ports.length === 0 && /^[0-9]+$/.test(port)) {
    return { name: '', port: Number(port), targetPort: null, protocol: 'TCP' };
  }
  return (
    service.ports.find(
      (entry) => String(entry.port) === port || entry.targetPort === port || (entry.name !== '' && entry.name === port),
    ) ?? null
  );
}

function externalName(
  service: Service,
  settings: Settings,
  servicePort: ServicePort | null,
  port: string,
  answer: (resolve: Backend['resolve'], problems: readonly string[]) => BackendUnit,
): BackendUnit {
  // A dot behind it keeps the search list away (resolv.conf(5)); it is no part of the name.
  const written = (service.externalName ?? '').toLowerCase();
  const name = written.replace(/\.$/, '');
  if (settings.selection.externalNames === 'refused') {
    return answer(null, ['ExternalName Services are switched off (--disable-svc-external-name); paths answer 503']);
  }
  // The target port of the matching Service port, else the number that the Ingress gave (SVC-05).
  const wanted = servicePort === null ? port : (servicePort.targetPort ?? String(servicePort.port));
  const number = /^[0-9]+$/.test(wanted) ? Number(wanted) : servicePort?.port;
  if (number === undefined) return answer(null, [`port ${port} is no number and no port of the Service`]);
  const isAddress = isIP(name) !== 0;
  const isName =
    name.length <= 253 &&
    /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/.test(name);
  if (!isAddress && !isName) return answer(null, [`externalName ${JSON.stringify(name)} is not a DNS name`]);
  if (settings.selection.loopbackEndpoints === 'refused' && (name === 'localhost' || name.endsWith('.localhost'))) {
    return answer(null, [`externalName ${name} is this machine itself`]);
  }
  const reason = isAddress ? refusedAddress(name, settings) : null;
  return reason === null
    ? answer({ name: isAddress ? name : written, port: number }, [])
    : answer(null, [`externalName ${name}: ${reason}`]);
}

interface Candidate extends Omit<Endpoint, 'state'> {
  readonly state: Endpoint['state'] | 'unready';
  readonly hints: readonly string[];
}

/** The Service's own address where that is wanted and it has one; else its endpoints. */
function addresses(view: View, service: Service, servicePort: ServicePort, policy: BackendPolicy): Candidate[] {
  const { clusterIp } = service;
  return policy.serviceUpstream && clusterIp !== null
    ? [{ address: clusterIp, port: servicePort.port, state: 'ready', zone: null, isElsewhere: false, hints: [] }]
    : candidates(view, service, servicePort);
}

/** Endpoints of all slices of the Service; of its Endpoints object when it has no slices. */
function candidates(view: View, service: Service, servicePort: ServicePort): Candidate[] {
  const slices = view.list('slice-by-service', keyOf(service.meta));
  if (slices.length > 0) return slices.flatMap((slice) => fromSlice(slice, servicePort));
  const endpoints = view.get('Endpoints', keyOf(service.meta));
  return endpoints === null ? [] : fromEndpoints(endpoints, servicePort);
}

/** Slice ports are matched by name; without a match a numeric targetPort is used (SVC-04). */
function portsOf(ports: readonly EndpointPort[], servicePort: ServicePort): number[] {
  const matching = ports.filter(
    (port) => port.name === servicePort.name && port.protocol === 'TCP' && port.port !== null,
  );
  if (matching.length > 0) return matching.flatMap(({ port }) => port ?? []);
  const target = servicePort.targetPort ?? String(servicePort.port);
  return /^[0-9]+$/.test(target) ? [Number(target)] : [];
}

function fromSlice(slice: EndpointSlice, servicePort: ServicePort): Candidate[] {
  if (slice.addressType === 'FQDN') return [];
  const ports = portsOf(slice.ports, servicePort);
  return slice.endpoints.flatMap((endpoint) => {
    const draining = endpoint.ready === false && endpoint.serving === true && endpoint.terminating === true;
    const state = endpoint.ready !== false ? 'ready' : draining ? 'draining' : 'unready';
    return endpoint.addresses.flatMap((address) =>
      ports.map(
        (port): Candidate => ({ address, port, state, zone: endpoint.zone, isElsewhere: false, hints: endpoint.hints }),
      ),
    );
  });
}

function fromEndpoints(endpoints: Endpoints, servicePort: ServicePort): Candidate[] {
  return endpoints.subsets.flatMap((subset) => {
    const ports = portsOf(subset.ports, servicePort);
    return subset.addresses.flatMap((address) =>
      ports.map((port): Candidate => ({ address, port, state: 'ready', zone: null, isElsewhere: false, hints: [] })),
    );
  });
}

/**
 * The ready ones, and the draining ones when nothing is ready or when they may hold sessions. Deduplicated (ready wins) and
 * sorted by address and port.
 */
function choose(found: readonly Candidate[], draining: 'for-want-of-ready' | 'for-sessions'): Endpoint[] {
  const chosen = new Map<string, Endpoint>();
  for (const state of ['ready', 'draining'] as const) {
    if (state === 'draining' && chosen.size > 0 && draining === 'for-want-of-ready') break;
    for (const candidate of found) {
      const key = `${candidate.address} ${candidate.port}`;
      const { address, port, zone, isElsewhere } = candidate;
      if (candidate.state === state && !chosen.has(key)) {
        chosen.set(key, { address, port, state, zone, isElsewhere });
      }
    }
  }
  return [...chosen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}

const REFUSED_RANGES: ReadonlyMap<string, string> = new Map([
  ['unspecified', 'the unspecified address'],
  ['linkLocal', 'a link-local address, where cloud metadata lives'],
  ['multicast', 'a multicast address'],
  ['broadcast', 'a broadcast address'],
]);

/** Why an address must not be proxied to (R17); null when it may. lua/lib/address.lua applies the same to DNS answers. */
export function refusedAddress(address: string, settings: Settings): string | null {
  if (isIP(address) === 0) return 'is not an IP address';
  const range = ipaddr.process(address).range(); // process() unwraps IPv4-mapped IPv6
  if (range === 'loopback') {
    return settings.selection.loopbackEndpoints === 'allowed'
      ? null
      : 'a loopback address, which is this machine itself';
  }
  return REFUSED_RANGES.get(range) ?? null;
}
