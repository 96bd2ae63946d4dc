// A cluster of many Ingresses and Services, for the API server double.
import { ingress, service } from '../../test/support/objects.ts';

/** The slice of Service number `index`. */
export function fleetSlice(index: number, addresses: readonly string[], port: number): object {
  const name = `svc-${index}`;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: '', port, protocol: 'TCP' }],
  };
}

export function fleetService(index: number, addresses: readonly string[], port: number): object[] {
  return [service(`svc-${index}`), fleetSlice(index, addresses, port)];
}

export function fleetIngress(index: number, paths: readonly string[]): object {
  return ingress({
    name: `ing-${index}`,
    host: `host-${index}.test`,
    paths: paths.map((path) => ({ path, service: `svc-${index}` })),
  });
}
