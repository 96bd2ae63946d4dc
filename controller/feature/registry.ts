// All features, and the reading of an object's annotations through them.
import accessLog from '../annotations/access-log.ts';
import appRoot from '../annotations/app-root.ts';
import authTls from '../annotations/auth-tls.ts';
import backendProtocol from '../annotations/backend-protocol.ts';
import basicAuth from '../annotations/basic-auth.ts';
import canary from '../annotations/canary.ts';
import clientBodyBufferSize from '../annotations/client-body-buffer-size.ts';
import connectionProxyHeader from '../annotations/connection-proxy-header.ts';
import cors from '../annotations/cors.ts';
import customErrors from '../annotations/custom-errors.ts';
import customHeaders from '../annotations/custom-headers.ts';
import defaultBackend from '../annotations/default-backend.ts';
import endpointLimits from '../annotations/endpoint-limits.ts';
import externalAuth from '../annotations/external-auth.ts';
import fastcgi from '../annotations/fastcgi.ts';
import globalAuth from '../annotations/global-auth.ts';
import http2PushPreload from '../annotations/http2-push-preload.ts';
import limitRate from '../annotations/limit-rate.ts';
import limits from '../annotations/limits.ts';
import loadBalance from '../annotations/load-balance.ts';
import mirror from '../annotations/mirror.ts';
import nextUpstream from '../annotations/next-upstream.ts';
import proxyBodySize from '../annotations/proxy-body-size.ts';
import proxyBuffering from '../annotations/proxy-buffering.ts';
import proxyBuffers from '../annotations/proxy-buffers.ts';
import proxyHttpVersion from '../annotations/proxy-http-version.ts';
import proxyRewrites from '../annotations/proxy-rewrites.ts';
import proxySsl from '../annotations/proxy-ssl.ts';
import proxyTimeouts from '../annotations/proxy-timeouts.ts';
import redirect from '../annotations/redirect.ts';
import retryBudget from '../annotations/retry-budget.ts';
import rewrite from '../annotations/rewrite.ts';
import satisfy from '../annotations/satisfy.ts';
import serverNames from '../annotations/server-names.ts';
import serviceUpstream from '../annotations/service-upstream.ts';
import sessionAffinity from '../annotations/session-affinity.ts';
import sessionMode from '../annotations/session-mode.ts';
import snippets from '../annotations/snippets.ts';
import sourceRanges from '../annotations/source-ranges.ts';
import sslCiphers from '../annotations/ssl-ciphers.ts';
import tlsRedirect from '../annotations/tls-redirect.ts';
import upstreamHash from '../annotations/upstream-hash.ts';
import upstreamVhost from '../annotations/upstream-vhost.ts';
import { type Feature, isHostWide, type KeySpec } from './contract.ts';
import { modernised } from './legacy.ts';
import { type ReadAnnotations, readAll } from './read.ts';

export const FEATURES: readonly Feature[] = [
  accessLog,
  appRoot,
  authTls,
  backendProtocol,
  basicAuth,
  externalAuth,
  globalAuth,
  canary,
  clientBodyBufferSize,
  connectionProxyHeader,
  loadBalance,
  cors,
  customErrors,
  customHeaders,
  defaultBackend,
  fastcgi,
  http2PushPreload,
  limitRate,
  limits,
  mirror,
  endpointLimits,
  nextUpstream,
  retryBudget,
  proxyBodySize,
  proxyBuffering,
  proxyBuffers,
  proxyHttpVersion,
  proxyRewrites,
  proxySsl,
  proxyTimeouts,
  redirect,
  rewrite,
  serverNames,
  satisfy,
  serviceUpstream,
  snippets,
  sourceRanges,
  sessionAffinity,
  sessionMode,
  sslCiphers,
  tlsRedirect,
  upstreamHash,
  upstreamVhost,
];

/** Every supported annotation without its prefix, aliases included. */
export const SPECS: ReadonlyMap<string, KeySpec<unknown>> = new Map(
  FEATURES.flatMap(({ keys }) =>
    Object.entries(keys).flatMap(([key, spec]) => [key, ...spec.aliases].map((name) => [name, spec] as const)),
  ),
);

/** The annotations, without prefix, that may say something of the whole host, beside snippets. */
export const HOST_WIDE: ReadonlySet<string> = new Set(
  FEATURES.filter(isHostWide).flatMap(({ keys }) =>
    Object.entries(keys).flatMap(([key, { aliases }]) => [key, ...aliases]),
  ),
);

/** An object is read once for all its hosts and paths; annotations are never changed in place. */
const known = new WeakMap<ReadonlyMap<string, string>, Map<string, ReadAnnotations>>();

export function readAnnotations(annotations: ReadonlyMap<string, string>, prefix: string): ReadAnnotations {
  const byPrefix = known.get(annotations) ?? new Map<string, ReadAnnotations>();
  known.set(annotations, byPrefix);
  const before = byPrefix.get(prefix);
  if (before !== undefined) return before;
  const read = readAll(FEATURES, modernised(annotations, prefix), prefix);
  byPrefix.set(prefix, read);
  return read;
}
