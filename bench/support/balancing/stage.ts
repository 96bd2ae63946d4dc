// What the parts of the benchmark stand on: Sluice and a plain nginx, with one worker each, before the same endpoints.
import { inspectNginx } from '../../../controller/apply/binary.ts';
import { configMap } from '../../../test/support/objects.ts';
import { freePorts } from '../../../test/support/ports.ts';
import { type Sluice, startSluice } from '../../../test/support/sluice.ts';
import { startBackends } from '../backend.ts';
import { plainConfig, plainProxy, plainUpstream } from '../plain-config.ts';
import { startPlainNginx } from '../plain-nginx.ts';
import { expectSame, onlyChild, onlyWorker } from '../same-work.ts';
import { ALGORITHMS, type Algorithm, balancedSite, endpoints } from './algorithms.ts';

/** Connections that clients keep to nginx. */
export const CONNECTIONS = 32;
export const SIZES = [10, 100, 1000] as const;

export interface Contender {
  readonly port: number;
  /** The process whose CPU time counts. */
  readonly worker: number;
}

export interface Ours extends Contender {
  readonly sluice: Sluice;
}

/** A backend of each algorithm and size is host "<algorithm>-<size>.test", in both. */
export function hostOf({ name }: Algorithm, size: number): string {
  return `${name}-${size}.test`;
}

/** A server on every loopback address that answers with the address; its port. */
export async function startEndpoints(started: AsyncDisposableStack): Promise<number> {
  const backends = await startBackends((await inspectNginx(process.env)).path, ['$server_addr'], ['0.0.0.0']);
  started.defer(() => backends.stop());
  return backends.ports[0] ?? 0;
}

/** `keepAlive`: idle connections to endpoints that nginx keeps, null for as many as by default. */
export async function startOurs(
  started: AsyncDisposableStack,
  endpointPort: number,
  keepAlive: number | null,
  signal: AbortSignal,
): Promise<Ours> {
  const settings = configMap('controller', {
    'worker-processes': '1',
    'disable-access-log': 'true',
    ...(keepAlive === null ? {} : { 'upstream-keepalive-connections': String(keepAlive) }),
  });
  const sites = ALGORITHMS.flatMap((algorithm) =>
    SIZES.flatMap((size) => balancedSite(`${algorithm.name}-${size}`, algorithm, endpoints(size, endpointPort))),
  );
  const sluice = await startSluice({
    manifests: { 'bench.json': [settings, ...sites] },
    flags: ['--configmap=default/controller'],
    processGroup: 'own',
  });
  started.defer(async () => void (await sluice.stop()));
  return { sluice, port: sluice.http, worker: await onlyWorker(sluice, signal) };
}

/** The same hosts by nginx's own means; throws when backends get other headers from it than from Sluice. */
export async function startPlain(
  started: AsyncDisposableStack,
  endpointPort: number,
  { sluice }: Ours,
): Promise<Contender> {
  const [port = 0] = await freePorts(1);
  const sites = ALGORITHMS.flatMap((algorithm) => SIZES.map((size) => plainSite(algorithm, size, port, endpointPort)));
  const http = plainConfig(await sluice.config(), port, {
    http: sites.join('\n'),
    location: '    location / { return 404; }',
  });
  const reference = await startPlainNginx({ binary: (await inspectNginx(process.env)).path, http, port });
  started.defer(() => reference.stop());
  for (const algorithm of ALGORITHMS) {
    // Without a session Sluice sets the cookie of one; in what is measured every request has one.
    const question = { host: hostOf(algorithm, 10), seenPath: '/bench-seen', sent: {}, ignored: ['set-cookie'] };
    await expectSame(question, sluice.http, port);
  }
  return { port, worker: await onlyChild(reference) };
}

function plainSite(algorithm: Algorithm, size: number, port: number, endpointPort: number): string {
  const upstream = `${algorithm.name}_${size}`;
  return `${plainUpstream(upstream, endpoints(size, endpointPort), `    ${algorithm.counterpart}`)}
  server {
    listen ${port};
    server_name ${hostOf(algorithm, size)};
    location / {
${plainProxy(upstream)}
    }
  }`;
}
