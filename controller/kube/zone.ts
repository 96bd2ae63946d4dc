// The zone that this instance runs in: the label of its node, as the API server has it when the program starts.
import { ApiError } from './api-error.ts';
import type { ApiClient } from './client.ts';

const ZONE_LABEL = 'topology.kubernetes.io/zone';
const IDLE_MS = 10_000;

export type Zone =
  | { readonly kind: 'known'; readonly name: string }
  /** Endpoints of all zones are equal then. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Reads the Pod that POD_NAMESPACE and POD_NAME name, and its node. Rejects with the signal's reason only. */
export async function zoneOfPod(
  client: ApiClient,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Zone> {
  const { POD_NAMESPACE: namespace = '', POD_NAME: name = '' } = environment;
  if (namespace === '' || name === '')
    return unknown('POD_NAMESPACE and POD_NAME say which Pod this is, and are not set');
  const get = (path: string): Promise<unknown> => client.json(path, { signal, idleMs: IDLE_MS });
  try {
    const pod = await get(`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`);
    const node = textAt(pod, 'spec', 'nodeName');
    if (node === null) return unknown(`Pod ${namespace}/${name} names no node`);
    const zone = textAt(await get(`/api/v1/nodes/${encodeURIComponent(node)}`), 'metadata', 'labels', ZONE_LABEL);
    return zone === null ? unknown(`node ${node} has no label ${ZONE_LABEL}`) : { kind: 'known', name: zone };
  } catch (error) {
    if (error instanceof ApiError) return unknown(error.message);
    throw error;
  }
}

function unknown(why: string): Zone {
  return { kind: 'unknown', why };
}

function textAt(value: unknown, ...path: readonly string[]): string | null {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null) return null;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return typeof found === 'string' && found !== '' ? found : null;
}
