// One write of the status of one Ingress. A merge patch of the sub-resource is one request and can touch nothing but the list; an
// update replaces labels and annotations too, so it needs the whole object first: two requests. The Roles of ingress-nginx grant
// the update only, which is then what is done.
import { ApiError } from '../kube/api-error.ts';
import type { ApiClient } from '../kube/client.ts';
import { type Address, type IngressStatus, rawAddress, textAt, valueAt } from '../kube/status.ts';

const IDLE_MS = 10_000;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const CONFLICT = 409;

export type How = 'patch' | 'update';

export interface Written {
  /** "conflict": the object is another by now; the watch brings it. */
  readonly outcome: 'written' | 'conflict' | 'gone';
  /** How to write the next one. */
  readonly how: How;
}

/** Writes over exactly the version of `status`. Rejects with ApiError, or the signal's reason. */
export async function writeStatus(
  client: ApiClient,
  status: IngressStatus,
  addresses: readonly Address[],
  how: How,
  signal: AbortSignal,
): Promise<Written> {
  try {
    if (how === 'patch') await patch(client, status, addresses, signal);
    else if (!(await update(client, status, addresses, signal))) return { outcome: 'conflict', how };
    return { outcome: 'written', how };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === CONFLICT) return { outcome: 'conflict', how };
    if (error.status === NOT_FOUND) return { outcome: 'gone', how };
    if (error.status !== FORBIDDEN || how === 'update') throw error;
    return writeStatus(client, status, addresses, 'update', signal);
  }
}

async function patch(client: ApiClient, status: IngressStatus, addresses: readonly Address[], signal: AbortSignal) {
  const body = {
    metadata: { uid: status.uid, resourceVersion: status.version },
    status: { loadBalancer: { ingress: addresses.length === 0 ? null : addresses.map(rawAddress) } },
  };
  await client.write('PATCH', `${pathOf(status)}/status`, body, { signal, idleMs: IDLE_MS });
}

/** Whether the object still is the one that was looked at. */
async function update(
  client: ApiClient,
  status: IngressStatus,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<boolean> {
  const ask = { signal, idleMs: IDLE_MS };
  const whole = (await client.json(pathOf(status), ask)) as Readonly<Record<string, unknown>>;
  if (textAt(whole, 'metadata', 'resourceVersion') !== status.version) return false;
  const loadBalancer = {
    ...(valueAt(whole, 'status', 'loadBalancer') as object | undefined),
    ingress: addresses.map(rawAddress),
  };
  const body = { ...whole, status: { ...(whole.status as object | undefined), loadBalancer } };
  await client.write('PUT', `${pathOf(status)}/status`, body, ask);
  return true;
}

function pathOf({ key }: IngressStatus): string {
  const [namespace = '', name = ''] = key.split('/');
  return `/apis/networking.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/ingresses/${encodeURIComponent(name)}`;
}
