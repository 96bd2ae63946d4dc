// nginx.conf as a view of Tokens, and its text. What varies is small: the binary's abilities, this installation's files,
// the settings that nginx has only as directives, and the profiles in use.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Settings } from '../model/settings.ts';
import type { Profile, Protocol } from '../model/types.ts';
import { authView } from './auth.ts';
import { loadTemplate } from './engine.ts';
import { integer, onOff, quoted, type Token, word } from './literal.ts';

/** What this nginx can do, found by `nginx -V` (apply/binary.ts). */
export interface Abilities {
  /** Files for load_module, absolute, in order. */
  readonly modules: readonly string[];
  /** "http2 on" as a directive, and HTTP/2 without TLS (nginx 1.25.1 and newer). */
  readonly http2Directive: boolean;
  /** keepalive_min_timeout (nginx 1.27.4 and newer). */
  readonly keepaliveMinTimeout: boolean;
  readonly luaPath: string;
  readonly luaCpath: string;
}

/** Where this instance lives and listens. */
export interface Installation {
  /** Folder with the Lua code. */
  readonly lua: string;
  readonly runDir: string;
  /** Folder for request bodies and responses that do not fit into memory. */
  readonly tempDir: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly listenIpv6: boolean;
  /** File for the access log, null to write none. */
  readonly accessLog: string | null;
  readonly openFiles: number;
  readonly cores: number;
  /** Size of the dictionary that holds the routing state, megabytes; memory is taken as it is used. */
  readonly stateMegabytes: number;
  /** The size it had before it grew, from which its content is taken; null when it did not grow. */
  readonly previousStateMegabytes: number | null;
}

export interface Rendered {
  readonly text: string;
  /** Names this configuration in the workers' reports. */
  readonly digest: string;
  readonly profiles: ReadonlySet<string>;
  /** How many workers it starts. */
  readonly workers: number;
}

/** Names of the files below the run directory. */
export const RUN_FILES = {
  config: 'nginx.conf',
  pid: 'nginx.pid',
  secret: 'secret',
  control: 'sockets/control.sock',
  certificate: 'placeholder.crt',
  certificateKey: 'placeholder.key',
} as const;

const DEFAULT_CIPHERS =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256';

const LOG_FORMAT =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id';

/** Variables that Lua fills when a routed request ends (lua/metrics/counters.lua). */
const ROUTE_VARIABLES = [
  'proxy_upstream_name',
  'namespace',
  'ingress_name',
  'service_name',
  'service_port',
  'location_path',
];

/** Those that the log prints: filling the others costs every request, for nothing. */
function loggedVariables(accessLog: string | null): string[] {
  const format = accessLog === null ? '' : LOG_FORMAT;
  return ROUTE_VARIABLES.filter((name) => new RegExp(`\\$\\{?${name}\\b`).test(format));
}

/** One upstream per protocol: nginx pools idle connections by address alone, so protocols must not share them. */
const UPSTREAMS: Readonly<Record<Protocol, { readonly name: string; readonly url: string }>> = {
  http: { name: 'upstream_balancer', url: 'http://upstream_balancer' },
  https: { name: 'upstream_balancer_https', url: 'https://upstream_balancer_https' },
  grpc: { name: 'upstream_balancer_grpc', url: 'grpc://upstream_balancer_grpc' },
  grpcs: { name: 'upstream_balancer_grpcs', url: 'grpcs://upstream_balancer_grpcs' },
};

/** HDR-01 to HDR-05. An empty value removes the header. */
function requestHeaders(settings: Settings): [name: string, value: string][] {
  const headers: [string, string][] = [
    ['Host', '$best_http_host'],
    ['X-Request-ID', '$req_id'],
    ['X-Real-IP', '$remote_addr'],
    ['X-Forwarded-For', '$full_x_forwarded_for'],
    ['X-Forwarded-Host', '$best_http_host'],
    ['X-Forwarded-Port', '$pass_port'],
    ['X-Forwarded-Proto', '$pass_access_scheme'],
    ['X-Forwarded-Scheme', '$pass_access_scheme'],
    ['X-Scheme', '$pass_access_scheme'],
    ['X-Original-Forwarded-For', '$http_x_forwarded_for'],
    ['X-Original-Forwarded-Host', '$http_x_forwarded_host'],
    ['Proxy', ''],
  ];
  return settings.proxyAddOriginalUriHeader ? [...headers, ['X-Original-URI', '$request_uri']] : headers;
}

const HTTP_ONLY_HEADERS: [string, string][] = [
  ['Upgrade', '$http_upgrade'],
  ['Connection', '$connection_upgrade'],
];

function headerView(headers: readonly [string, string][]): { name: Token; value: Token }[] {
  return headers.map(([name, value]) => ({ name: word(name), value: quoted(value) }));
}

function listenView({ httpPort, httpsPort, listenIpv6 }: Installation, settings: Settings, abilities: Abilities) {
  const shared = [word('default_server'), word('reuseport'), word('backlog=511')];
  const tls = [...shared, word('ssl')];
  if (settings.useHttp2 && !abilities.http2Directive) tls.push(word('http2'));
  const addresses = listenIpv6 && !settings.disableIpv6 ? ['', '[::]:'] : [''];
  return addresses.flatMap((prefix) => [
    { address: rawListen(prefix, httpPort), options: prefix === '' ? shared : [...shared, word('ipv6only=on')] },
    { address: rawListen(prefix, httpsPort), options: prefix === '' ? tls : [...tls, word('ipv6only=on')] },
  ]);
}

function rawListen(prefix: string, port: number): Token {
  return prefix === '' ? integer(port) : quoted(`${prefix}${integer(port)}`);
}

function workersOf(settings: Settings, installation: Installation): number {
  return settings.workerProcesses === 0 ? installation.cores : settings.workerProcesses;
}

function dictionaryView({ stateMegabytes, previousStateMegabytes: previous }: Installation) {
  const nameOf = (megabytes: number): string => `sluice_state_${megabytes}`;
  const sizes = previous === null ? [stateMegabytes] : [previous, stateMegabytes];
  return {
    dictionaries: sizes.map((megabytes) => ({ name: word(nameOf(megabytes)), size: integer(megabytes, 'm') })),
    dictionary: quoted(nameOf(stateMegabytes)),
    previousDictionary: quoted(previous === null ? '' : nameOf(previous)),
  };
}

function profileView(profile: Profile, settings: Settings) {
  return {
    auth: profile.auth === null ? null : authView(profile.auth, profile.id, settings),
    name: word(`@${profile.id}`),
    directives: profile.directives.map(({ name, args }) => ({ name: word(name), args })),
    isGrpc: profile.protocol === 'grpc' || profile.protocol === 'grpcs',
    upstream: word(UPSTREAMS[profile.protocol].url),
  };
}

/** The view that the templates print: every leaf is a Token, a boolean for {{#if}}, or null. */
export function configView(
  settings: Settings,
  profiles: readonly Profile[],
  abilities: Abilities,
  installation: Installation,
  digest: string,
) {
  const inRunDir = (name: string): Token => quoted(join(installation.runDir, name));
  const temp = (name: string): Token => quoted(join(installation.tempDir, name));
  const headers = requestHeaders(settings);
  const accessLog = settings.disableAccessLog ? null : installation.accessLog;
  return {
    modules: abilities.modules.map(quoted),
    digest: quoted(digest),
    errorLogLevel: word(settings.errorLogLevel),
    workerProcesses: integer(workersOf(settings, installation)),
    openFiles: integer(installation.openFiles),
    workerShutdownTimeout: integer(settings.workerShutdownTimeout, 's'),
    workerConnections: integer(settings.maxWorkerConnections),
    files: {
      pid: inRunDir(RUN_FILES.pid),
      control: quoted(`unix:${join(installation.runDir, RUN_FILES.control)}`),
      certificate: inRunDir(RUN_FILES.certificate),
      certificateKey: inRunDir(RUN_FILES.certificateKey),
      temp: {
        body: temp('body'),
        proxy: temp('proxy'),
        fastcgi: temp('fastcgi'),
        uwsgi: temp('uwsgi'),
        scgi: temp('scgi'),
      },
    },
    lua: {
      path: quoted(`${join(installation.lua, '?.lua')};${abilities.luaPath}`),
      cpath: quoted(abilities.luaCpath),
      ...dictionaryView(installation),
      loggedVariables: quoted(loggedVariables(accessLog).join(' ')),
    },
    client: {
      keepAlive: integer(settings.keepAlive, 's'),
      keepAliveRequests: integer(settings.keepAliveRequests),
      keepAliveMinimum: abilities.keepaliveMinTimeout ? integer(Math.min(5, settings.keepAlive), 's') : null,
      underscores: onOff(settings.enableUnderscoresInHeaders),
      ignoreInvalid: onOff(settings.ignoreInvalidHeaders),
    },
    tls: { ciphers: quoted(DEFAULT_CIPHERS) },
    proxy: {
      buffering: word(settings.proxyBuffering),
      requestBuffering: word(settings.proxyRequestBuffering),
    },
    logFormat: quoted(LOG_FORMAT),
    accessLog: accessLog === null ? null : quoted(accessLog),
    forwarded: {
      trusted: settings.useForwardedHeaders,
      full: settings.useForwardedHeaders && settings.computeFullForwardedFor,
    },
    requestId: settings.generateRequestId ? word('$request_id') : quoted(''),
    headers: { proxy: headerView([...headers, ...HTTP_ONLY_HEADERS]), grpc: headerView(headers) },
    upstreams: Object.values(UPSTREAMS).map(({ name }) => ({ name: word(name) })),
    keepalive: {
      connections: integer(settings.upstreamKeepaliveConnections),
      timeout: integer(settings.upstreamKeepaliveTimeout, 's'),
      requests: integer(settings.upstreamKeepaliveRequests),
    },
    listen: listenView(installation, settings, abilities),
    http2Directive: abilities.http2Directive && settings.useHttp2,
    profiles: [...profiles].sort((a, b) => (a.id < b.id ? -1 : 1)).map((profile) => profileView(profile, settings)),
  };
}

export type ConfigView = ReturnType<typeof configView>;

/** A renderer over the templates in a folder; the templates are read once. */
export function configRenderer(templates: string) {
  const template = loadTemplate<ConfigView>(templates, 'nginx.conf');
  return (
    settings: Settings,
    profiles: readonly Profile[],
    abilities: Abilities,
    installation: Installation,
  ): Rendered => {
    const withDigest = (digest: string): string =>
      template(configView(settings, profiles, abilities, installation, digest));
    const digest = createHash('sha256').update(withDigest('')).digest('hex').slice(0, 16);
    return {
      text: withDigest(digest),
      digest,
      profiles: new Set(profiles.map(({ id }) => id)),
      workers: workersOf(settings, installation),
    };
  };
}

export type ConfigRenderer = ReturnType<typeof configRenderer>;
