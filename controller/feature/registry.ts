// All features, and the reading of an object's annotations through them.
import appRoot from '../annotations/app-root.ts';
import backendProtocol from '../annotations/backend-protocol.ts';
import clientBodyBufferSize from '../annotations/client-body-buffer-size.ts';
import connectionProxyHeader from '../annotations/connection-proxy-header.ts';
import nextUpstream from '../annotations/next-upstream.ts';
import proxyBodySize from '../annotations/proxy-body-size.ts';
import proxyBuffering from '../annotations/proxy-buffering.ts';
import proxyBuffers from '../annotations/proxy-buffers.ts';
import proxyHttpVersion from '../annotations/proxy-http-version.ts';
import proxyRewrites from '../annotations/proxy-rewrites.ts';
import proxyTimeouts from '../annotations/proxy-timeouts.ts';
import serviceUpstream from '../annotations/service-upstream.ts';
import snippets from '../annotations/snippets.ts';
import sslCiphers from '../annotations/ssl-ciphers.ts';
import tlsRedirect from '../annotations/tls-redirect.ts';
import type { Feature, KeySpec } from './contract.ts';
import { type ReadAnnotations, readAll } from './read.ts';

export const FEATURES: readonly Feature[] = [
  appRoot,
  backendProtocol,
  clientBodyBufferSize,
  connectionProxyHeader,
  nextUpstream,
  proxyBodySize,
  proxyBuffers,
  proxyBuffering,
  proxyHttpVersion,
  proxyRewrites,
  proxyTimeouts,
  serviceUpstream,
  snippets,
  sslCiphers,
  tlsRedirect,
];

/** Every supported annotation without its prefix, aliases included. */
export const SPECS: ReadonlyMap<string, KeySpec<unknown>> = new Map(
  FEATURES.flatMap(({ keys }) =>
    Object.entries(keys).flatMap(([key, spec]) => [key, ...spec.aliases].map((name) => [name, spec] as const)),
  ),
);

/** An object is read once for all its hosts and paths; annotations are never changed in place. */
const known = new WeakMap<ReadonlyMap<string, string>, Map<string, ReadAnnotations>>();

export function readAnnotations(annotations: ReadonlyMap<string, string>, prefix: string): ReadAnnotations {
  const byPrefix = known.get(annotations) ?? new Map<string, ReadAnnotations>();
  known.set(annotations, byPrefix);
  const before = byPrefix.get(prefix);
  if (before !== undefined) return before;
  const read = readAll(FEATURES, annotations, prefix);
  byPrefix.set(prefix, read);
  return read;
}
