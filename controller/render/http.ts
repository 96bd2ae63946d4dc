// What the settings put into the http block, as Tokens.
import type { Settings } from '../model/settings.ts';
import type { Abilities, Installation } from './config.ts';
import { integer, onOff, quoted, type Token, word } from './literal.ts';
import { NOT_FASTCGI_CONDITIONS } from './protocol.ts';

export function clientView(settings: Settings, abilities: Abilities) {
  const [buffers, kilobytes] = settings.largeClientHeaderBuffers;
  return {
    keepAlive: integer(settings.keepAlive, 's'),
    keepAliveRequests: integer(settings.keepAliveRequests),
    keepAliveMinimum: abilities.keepaliveMinTimeout ? integer(Math.min(5, settings.keepAlive), 's') : null,
    headerTimeout: integer(settings.clientHeaderTimeout, 's'),
    bodyTimeout: integer(settings.clientBodyTimeout, 's'),
    headerBuffer: integer(settings.clientHeaderBufferSize),
    headerBuffers: integer(buffers),
    headerBuffersSize: integer(kilobytes, 'k'),
    bodyBuffer: integer(settings.clientBodyBufferSize),
    streams: integer(settings.http2MaxConcurrentStreams),
    underscores: onOff(settings.enableUnderscoresInHeaders),
    ignoreInvalid: onOff(settings.ignoreInvalidHeaders),
    denied: settings.blockCidrs.map(word),
  };
}

export function tlsView(settings: Settings) {
  return {
    protocols: settings.sslProtocols.map(word),
    ciphers: settings.sslCiphers === '' ? null : quoted(settings.sslCiphers),
    curves: quoted(settings.sslEcdhCurve),
    earlyData: onOff(settings.sslEarlyData),
    sessionCache: settings.sslSessionCache ? word(`shared:SSL:${integer(settings.sslSessionCacheSize)}`) : word('off'),
    sessionTimeout: integer(settings.sslSessionTimeout, 's'),
    sessionTickets: onOff(settings.sslSessionTickets),
    bufferSize: integer(settings.sslBufferSize),
  };
}

export function proxyView(settings: Settings) {
  const { proxyBufferSize: each, proxyBuffersNumber: number, proxyMaxTempFileSize: most } = settings;
  const all = (number - 1) * each;
  const busy = settings.proxyBusyBuffersSize;
  const conditions = [...settings.proxyNextUpstream, ...(settings.retryNonIdempotent ? ['non_idempotent'] : [])];
  const forFastcgi = [...new Set(conditions)].filter((name) => !NOT_FASTCGI_CONDITIONS.has(name));
  return {
    buffering: word(settings.proxyBuffering),
    requestBuffering: word(settings.proxyRequestBuffering),
    httpVersion: word(settings.proxyHttpVersion),
    bufferSize: integer(each),
    buffers: integer(number),
    // nginx refuses a whole configuration whose buffers do not fit together (ngx_http_upstream_module).
    busyBuffers: integer(busy >= each && busy <= all ? busy : Math.min(2 * each, all)),
    maxTempFile: integer(most === 0 ? 0 : Math.max(most, each)),
    nextUpstream: [...new Set(conditions)].map(word),
    fastcgiNextUpstream: forFastcgi.length === 0 ? [word('off')] : forFastcgi.map(word),
    nextUpstreamTimeout: integer(settings.proxyNextUpstreamTimeout, 's'),
    grpcBuffer: settings.grpcBufferSizeKb === 0 ? null : integer(settings.grpcBufferSizeKb, 'k'),
    passServer: settings.allowBackendServerHeader,
  };
}

export function gzipView(settings: Settings) {
  if (!settings.useGzip) return null;
  return {
    level: integer(settings.gzipLevel),
    minLength: integer(settings.gzipMinLength),
    types: settings.gzipTypes.map(word),
    disable: settings.gzipDisable === '' ? null : quoted(settings.gzipDisable),
  };
}

export function tablesView(settings: Settings) {
  return {
    mapBucket: integer(settings.mapHashBucketSize),
    variablesBucket: integer(settings.variablesHashBucketSize),
    variablesSize: integer(settings.variablesHashMaxSize),
    headersBucket: integer(settings.proxyHeadersHashBucketSize),
    headersSize: integer(settings.proxyHeadersHashMaxSize),
  };
}

/** What is believed of the other side about the client (GLOB-05, TLS-10). */
export function forwardedView(settings: Settings) {
  const { useForwardedHeaders: trusted, useProxyProtocol: proxyProtocol } = settings;
  const forwardedFor = variableOf(settings.forwardedForHeader);
  const peer = proxyProtocol ? '$proxy_protocol_addr' : '$realip_remote_addr';
  const header = proxyProtocol ? 'proxy_protocol' : settings.forwardedForHeader;
  return {
    trusted,
    proxyProtocol,
    realIpHeader: trusted || proxyProtocol || settings.enableRealIp ? word(header) : null,
    realIpFrom: settings.proxyRealIpCidr.map(word),
    full: trusted && settings.computeFullForwardedFor,
    header: word(forwardedFor),
    chain: quoted(`${forwardedFor}, ${peer}`),
    peer: word(peer),
    scheme: word(proxyProtocol ? '$proxied_scheme' : '$scheme'),
    port: word(proxyProtocol ? '$proxied_port' : '$server_port'),
  };
}

/** "X-Forwarded-For" → "$http_x_forwarded_for". */
export function variableOf(header: string): string {
  return `$http_${header.toLowerCase().replaceAll('-', '_')}`;
}

export interface LogView {
  readonly format: Token;
  readonly escape: Token;
  /** Arguments of access_log before the format, null to write none. */
  readonly access: Token | null;
  readonly parameters: readonly Token[];
  readonly error: Token;
  readonly errorLevel: Token;
  readonly debug: readonly Token[];
}

export function logView(settings: Settings, installation: Installation): LogView {
  const { logFormatEscapeNone: none, logFormatEscapeJson: json } = settings;
  const syslog = settings.enableSyslog && settings.syslogHost !== '' ? syslogTarget(settings) : null;
  const error = settings.errorLogPath === '' ? word('stderr') : quoted(settings.errorLogPath);
  const access = accessLogOf(settings, installation);
  return {
    format: quoted(settings.logFormatUpstream),
    escape: word(`escape=${none ? 'none' : json ? 'json' : 'default'}`),
    access: access === null ? null : (syslog ?? quoted(access)),
    parameters: syslog === null ? settings.accessLogParams.split(' ').filter(Boolean).map(quoted) : [],
    error: syslog ?? error,
    errorLevel: word(settings.errorLogLevel),
    debug: settings.debugConnections.map(word),
  };
}

function syslogTarget({ syslogHost: host, syslogPort: port }: Settings): Token {
  return quoted(`syslog:server=${host.includes(':') ? `[${host}]` : host}:${port}`);
}

/** The file of the access log, null for none. Without a path it is standard output. */
export function accessLogOf(settings: Settings, installation: Installation): string | null {
  if (settings.disableAccessLog || settings.disableHttpAccessLog) return null;
  const path = settings.httpAccessLogPath || settings.accessLogPath;
  return path === '' ? installation.accessLog : path;
}
