// The addresses that the status of Ingresses names, from what the flags say: pure functions of the objects they name
// (docs/spec/behaviour.md, "Ingress status").
import { isIP } from 'node:net';
import { type Address, readAddresses, sortAddresses, textAt, valueAt } from '../kube/status.ts';

export type AddressChoice =
  | { readonly kind: 'list'; readonly addresses: readonly Address[] }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  /** The nodes that run us; `prefer` is the type of their addresses that is published. */
  | { readonly kind: 'nodes'; readonly prefer: 'InternalIP' | 'ExternalIP' };

/** A text of --publish-status-address: an IP address or a host name. */
export function addressOf(text: string): Address {
  return isIP(text) === 0 ? { ip: '', hostname: text } : { ip: text, hostname: '' };
}

/** Addresses of a Service, as ingress-nginx takes them; none while its load balancer has none. */
export function addressesOfService(service: unknown): Address[] {
  const external = texts(valueAt(service, 'spec', 'externalIPs')).map(addressOf);
  const clusterIp = textAt(service, 'spec', 'clusterIP');
  const internal = clusterIp === '' || clusterIp === 'None' ? [] : [addressOf(clusterIp)];
  switch (textAt(service, 'spec', 'type')) {
    case 'ExternalName': {
      const name = textAt(service, 'spec', 'externalName');
      return name === '' ? [] : [addressOf(name)];
    }
    case 'LoadBalancer':
      return sortAddresses([...readAddresses(valueAt(service, 'status', 'loadBalancer', 'ingress')), ...external]);
    case 'NodePort':
      return sortAddresses(external.length > 0 ? external : internal);
    default:
      return internal;
  }
}

/** The nodes that run these Pods and are fit to be asked: of Pods that are Running and Ready. */
export function nodesOfPods(pods: readonly unknown[]): string[] {
  const names = pods.filter(isServing).map((pod) => textAt(pod, 'spec', 'nodeName'));
  return [...new Set(names)].filter((name) => name !== '').sort();
}

/** The addresses of a node of the type, else its internal ones. */
export function addressesOfNode(node: unknown, prefer: 'InternalIP' | 'ExternalIP'): Address[] {
  const all = list(valueAt(node, 'status', 'addresses'));
  const ofType = (type: string): Address[] =>
    all.filter((entry) => textAt(entry, 'type') === type).map((entry) => addressOf(textAt(entry, 'address')));
  const preferred = ofType(prefer);
  return preferred.length > 0 ? preferred : ofType('InternalIP');
}

function isServing(pod: unknown): boolean {
  const ready = list(valueAt(pod, 'status', 'conditions')).find((condition) => textAt(condition, 'type') === 'Ready');
  return textAt(pod, 'status', 'phase') === 'Running' && textAt(ready, 'status') === 'True';
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((entry): entry is string => typeof entry === 'string' && entry !== '');
}
