// A reflector of the controller on an API server double, with a sink that notes all it is told.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeConfigOf } from '../../controller/kube/access.ts';
import type { ApiError } from '../../controller/kube/api-error.ts';
import { ApiClient } from '../../controller/kube/client.ts';
import { RESOURCES, type Resource } from '../../controller/kube/resources.ts';
import { TokenBucket } from '../../controller/kube/token-bucket.ts';
import { type Change, PACE, type Pace, Reflector } from '../../controller/watch/reflector.ts';
import type { RawObject } from '../../controller/watch/wire.ts';
import type { ApiServerDouble } from './kube/server.ts';

/** As in production, but in a hurry. */
export const HURRY: Pace = { ...PACE, limit: 3, idleMs: 2000, settledMs: 200, backOff: { firstMs: 20, mostMs: 200 } };

export interface Following {
  /** What the sink holds, by name. */
  readonly objects: ReadonlyMap<string, RawObject>;
  /** "replace 3", "put a", "remove a", "trouble http-403", "well", in their order. */
  readonly told: readonly string[];
  stop(): Promise<void>;
}

export async function clientFor(kubeconfig: string): Promise<ApiClient> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-kubeconfig-'));
  try {
    const file = join(folder, 'config');
    await writeFile(file, kubeconfig);
    const config = await kubeConfigOf({ kubeconfig: file, apiServer: null, certificateAuthority: null });
    return new ApiClient(config, new TokenBucket(1000, 1000, performance.now()));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function follow(
  server: ApiServerDouble,
  pace: Partial<Pace> = {},
  resource: Resource = RESOURCES.Service,
  namespace: string | null = null,
): Promise<Following> {
  const client = await clientFor(server.kubeconfig());
  const objects = new Map<string, RawObject>();
  const told: string[] = [];
  const apply = ({ kind, object }: Change<RawObject>): void => {
    told.push(`${kind} ${nameOf(object)}`);
    if (kind === 'put') objects.set(nameOf(object), object);
    else objects.delete(nameOf(object));
  };
  const sink = {
    read: (object: RawObject) => object,
    replace: (listed: readonly RawObject[]) => {
      told.push(`replace ${listed.length}`);
      objects.clear();
      for (const object of listed) objects.set(nameOf(object), object);
    },
    change: (changes: readonly Change<RawObject>[]) => changes.forEach(apply),
    trouble: (error: ApiError | null) => void told.push(error === null ? 'well' : `trouble ${error.code}`),
  };
  const end = new AbortController();
  const running = new Reflector(client, resource, namespace, sink, { ...HURRY, ...pace }).run(end.signal);
  const ended = running.catch((error: unknown) => {
    if (!end.signal.aborted) told.push(`died: ${String(error)}`);
  });
  return {
    objects,
    told,
    stop: async () => {
      end.abort();
      client.close();
      await ended;
    },
  };
}

function nameOf(object: RawObject): string {
  return String((object.metadata as RawObject).name);
}
