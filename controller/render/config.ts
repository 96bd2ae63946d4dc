// nginx.conf as a view of Tokens, and its text. What varies is small: the binary's abilities, this installation's files,
// the settings that nginx has only as directives, and the profiles in use.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Settings } from '../model/settings.ts';
import type { Profile, ProfileId, ServerProfile, ServerProfileId } from '../model/types.ts';
import { loadTemplate } from './engine.ts';
import { CONFIG_FILES, type Folders, RUN_FILES } from './folders.ts';
import { HTTP_ONLY_HEADERS, headersInForce, headerView } from './headers.ts';
import { accessLogOf, clientView, forwardedView, gzipView, logView, proxyView, tablesView, tlsView } from './http.ts';
import { type Needs, type ServerLayout, serversOf, withServers } from './layout.ts';
import { integer, onOff, quoted, rawConfiguration, serverName, type Token, word } from './literal.ts';
import { directiveView, errorView, nativeProfiles, nativeView, profileView } from './location.ts';
import { withoutOverridden } from './snippet.ts';
import { allUpstreams, type Upstream } from './upstream.ts';

/** What this nginx can do, found by `nginx -V` (apply/binary.ts). */
export interface Abilities {
  /** Files for load_module, absolute, in order. */
  readonly modules: readonly string[];
  /** "http2 on" as a directive, and HTTP/2 without TLS (nginx 1.25.1 and newer). */
  readonly http2Directive: boolean;
  /** keepalive_min_timeout (nginx 1.27.4 and newer). */
  readonly keepaliveMinTimeout: boolean;
  /** more_set_headers and the like, which snippets use. */
  readonly headersMore: boolean;
  readonly luaPath: string;
  readonly luaCpath: string;
}

/** Where this instance lives and listens. */
export interface Installation extends Folders {
  /** Folder with the Lua code. */
  readonly lua: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly listenIpv6: boolean;
  /** File for the access log, null to write none. */
  readonly accessLog: string | null;
  readonly openFiles: number;
  readonly cores: number;
  /** Size of the dictionary that holds the routing state, megabytes; memory is taken as it is used. */
  readonly stateMegabytes: number;
  /** What is measured of requests, null for nothing. */
  readonly metrics: MeasuredRequests | null;
  /** The size it had before it grew, from which its content is taken; null when it did not grow. */
  readonly previousStateMegabytes: number | null;
}

/** How the workers measure requests (telemetry/families.ts). */
export interface MeasuredRequests {
  /** JSON for lua/metrics/series.lua. */
  readonly options: string;
  /** Shared memory for it. */
  readonly megabytes: number;
}

export interface Rendered {
  readonly text: string;
  /** Names this configuration in the workers' reports. */
  readonly digest: string;
  /** What it has of what hosts need. */
  readonly needs: Needs;
  readonly servers: readonly ServerLayout[];
  /** How many workers it starts. */
  readonly workers: number;
  readonly listens: readonly { readonly address: string; readonly port: number }[];
}

/** Variables that Lua fills when a routed request ends (lua/metrics/counters.lua). */
const ROUTE_VARIABLES = [
  'proxy_upstream_name',
  'namespace',
  'ingress_name',
  'service_name',
  'service_port',
  'location_path',
  'subdomain',
  'escaped_request_uri',
];

/** Those that logs may print: filling the others costs every request, for nothing. */
function loggedVariables(settings: Settings, installation: Installation): string[] {
  const format = accessLogOf(settings, installation) === null ? '' : settings.logFormatUpstream;
  const texts = [format, settings.httpSnippet?.text ?? '', settings.serverSnippet?.text ?? ''].join('\n');
  return ROUTE_VARIABLES.filter((name) => new RegExp(`\\$\\{?${name}\\b`).test(texts));
}

function listensOf({ httpPort, httpsPort, listenIpv6 }: Installation, settings: Settings): Rendered['listens'] {
  return listenAddresses(settings, listenIpv6).flatMap((text) => {
    const address = text === '' ? '0.0.0.0' : text.replace(/^\[|\]$/g, '');
    return [
      { address, port: httpPort },
      { address, port: httpsPort },
    ];
  });
}

/** Options of the socket may stand only once for an address: in the shared server. */
function listenView(
  { httpPort, httpsPort, listenIpv6 }: Installation,
  settings: Settings,
  abilities: Abilities,
  server: ServerProfile | null,
) {
  const socket = [word('default_server'), ...(settings.reusePort ? [word('reuseport')] : []), word('backlog=511')];
  const proxy = settings.useProxyProtocol ? [word('proxy_protocol')] : [];
  const tls = settings.useHttp2 && !abilities.http2Directive ? [word('ssl'), word('http2')] : [word('ssl')];
  return listenAddresses(settings, listenIpv6).flatMap((address) => {
    const only = address.startsWith('[') ? [word('ipv6only=on')] : [];
    const own = server === null ? [...socket, ...proxy, ...only] : proxy;
    return [
      { address: listenOn(address, httpPort), options: own },
      { address: listenOn(address, httpsPort), options: [...own, ...tls] },
    ];
  });
}

/** '' for all IPv4 addresses, '[::]' for all IPv6 ones. */
function listenAddresses({ bindAddress, disableIpv6 }: Settings, hasIpv6: boolean): string[] {
  const addresses = bindAddress.length === 0 ? ['', '::'] : bindAddress;
  return addresses.flatMap((address) => {
    if (!address.includes(':')) return [address];
    return hasIpv6 && !disableIpv6 ? [`[${address}]`] : [];
  });
}

function listenOn(address: string, port: number): Token {
  return address === '' ? integer(port) : quoted(`${address}:${port}`);
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

function upstreamView({ name, pool }: Upstream) {
  return { name: word(name), keepsConnections: pool === 'kept' };
}

/**
 * The shared server is the default of its addresses. Its last name matches everything, so that nginx knows the name of a
 * connection that ends there, and answers 421 when a request on it is for a host with client certificates.
 */
function serverView(
  { server, names, profiles }: ServerLayout,
  settings: Settings,
  abilities: Abilities,
  installation: Installation,
) {
  const own = names.map(serverName);
  return {
    id: word(server?.id ?? 'shared'),
    isShared: server === null,
    /** What Lua is told. */
    idForLua: quoted(server?.id ?? ''),
    listen: listenView(installation, settings, abilities, server),
    // A server without names appears in tests of halves only.
    names: server === null ? [word('_'), ...own, word('~.')] : own.length > 0 ? own : [word('-')],
    directives: directiveView(server?.directives ?? []),
    snippet: server === null || server.snippet === null ? null : rawConfiguration(server.snippet),
    isNative: server !== null && server.locations !== null,
    ...nativeView(server, settings),
    settingsSnippet: settings.serverSnippet === null ? null : rawConfiguration(settings.serverSnippet),
    errors: errorView([...profiles, ...nativeProfiles(server)], server, settings),
    profiles: profiles.map((profile) => profileView(profile, server, settings)),
  };
}

/** nginx needs buckets that hold the longest name; the settings can ask for more. */
function namesHashView(servers: readonly ServerLayout[], settings: Settings) {
  const names = servers.flatMap((server) => server.names);
  const longest = names.reduce((length, name) => Math.max(length, name.length), 0);
  const bucket = Math.max(settings.serverNameHashBucketSize, powerOfTwo(longest + 32, 64));
  const size = Math.max(settings.serverNameHashMaxSize, powerOfTwo(names.length * 2, 512));
  return { bucket: integer(bucket), size: integer(size) };
}

function powerOfTwo(atLeast: number, least: number): number {
  return Math.max(least, 2 ** Math.ceil(Math.log2(atLeast)));
}

interface Layout {
  readonly needs: Needs;
  readonly servers: readonly ServerLayout[];
}

/** The view that the templates print: every leaf is a Token, a boolean for {{#if}}, or null. */
export function configView(
  settings: Settings,
  { needs, servers }: Layout,
  abilities: Abilities,
  installation: Installation,
  digest: string,
) {
  const inConfDir = (name: string): Token => quoted(join(installation.confDir, name));
  const temp = (name: string): Token => quoted(join(installation.tempDir, name));
  const { kept: headers, replaced } = headersInForce(settings);
  return {
    modules: abilities.modules.map(quoted),
    snippets: {
      main: settings.mainSnippet === null ? null : rawConfiguration(settings.mainSnippet),
      http: settings.httpSnippet === null ? null : rawConfiguration(settings.httpSnippet),
      globalAuth: settings.globalAuthSnippet === null ? null : rawConfiguration(settings.globalAuthSnippet),
      location: settings.locationSnippet === null ? null : rawConfiguration(settings.locationSnippet),
    },
    digest: quoted(digest),
    workerProcesses: integer(workersOf(settings, installation)),
    openFiles: integer(settings.maxWorkerOpenFiles === 0 ? installation.openFiles : settings.maxWorkerOpenFiles),
    cpuAffinity: settings.workerCpuAffinity.map(word),
    multiAccept: onOff(settings.enableMultiAccept),
    workerShutdownTimeout: integer(settings.workerShutdownTimeout, 's'),
    workerConnections: integer(settings.maxWorkerConnections),
    files: {
      pid: quoted(join(installation.runDir, RUN_FILES.pid)),
      control: quoted(`unix:${join(installation.runDir, RUN_FILES.control)}`),
      certificate: inConfDir(CONFIG_FILES.certificate),
      certificateKey: inConfDir(CONFIG_FILES.certificateKey),
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
      replacedHeaders: replaced.map(quoted),
      needs: [...needs].sort().map(quoted),
      metrics:
        installation.metrics === null
          ? null
          : {
              size: integer(installation.metrics.megabytes, 'm'),
              options: quoted(installation.metrics.options),
            },
      loggedVariables: quoted(loggedVariables(settings, installation).join(' ')),
    },
    client: clientView(settings, abilities),
    tls: tlsView(settings),
    proxy: proxyView(settings),
    gzip: gzipView(settings),
    tables: tablesView(settings),
    defaultType: word(settings.defaultType),
    serverTokens: onOff(settings.serverTokens),
    log: logView(settings, installation),
    forwarded: forwardedView(settings),
    connectionWithoutUpgrade: settings.upstreamKeepaliveConnections === 0 ? word('close') : quoted(''),
    requestId: settings.generateRequestId ? word('$request_id') : quoted(''),
    headers: { proxy: headerView([...headers, ...HTTP_ONLY_HEADERS]), grpc: headerView(headers) },
    upstreams: allUpstreams(servers.flatMap(({ profiles }) => profiles)).map(upstreamView),
    keepalive: {
      connections: settings.upstreamKeepaliveConnections === 0 ? null : integer(settings.upstreamKeepaliveConnections),
      timeout: integer(settings.upstreamKeepaliveTimeout, 's'),
      requests: integer(settings.upstreamKeepaliveRequests),
      time: integer(settings.upstreamKeepaliveTime, 's'),
    },
    http2Directive: abilities.http2Directive && settings.useHttp2,
    namesHash: namesHashView(servers, settings),
    servers: servers.map((server) => serverView(server, settings, abilities, installation)),
  };
}

export type ConfigView = ReturnType<typeof configView>;

const HTTP_SNIPPET = '  # http-snippet\n';

/** Directives of the http block that http-snippet says itself are left to it. */
function overridden(text: string, { httpSnippet }: Settings): string {
  if (httpSnippet === null) return text;
  const [ours = '', ...rest] = text.split(HTTP_SNIPPET);
  return [withoutOverridden(ours, httpSnippet), ...rest].join(HTTP_SNIPPET);
}

/** The profiles that needs may name. */
export interface Known {
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly servers: ReadonlyMap<ServerProfileId, ServerProfile>;
}

/** A renderer over the templates in a folder; the templates are read once. */
export function configRenderer(templates: string) {
  const template = loadTemplate<ConfigView>(templates, 'nginx.conf');
  return (
    settings: Settings,
    needs: Needs,
    known: Known,
    abilities: Abilities,
    installation: Installation,
  ): Rendered => {
    const layout = { needs: withServers(needs), servers: serversOf(needs, known.profiles, known.servers) };
    const withDigest = (digest: string): string =>
      overridden(template(configView(settings, layout, abilities, installation, digest)), settings);
    const digest = createHash('sha256').update(withDigest('')).digest('hex').slice(0, 16);
    return {
      text: withDigest(digest),
      digest,
      ...layout,
      workers: workersOf(settings, installation),
      listens: listensOf(installation, settings),
    };
  };
}

export type ConfigRenderer = ReturnType<typeof configRenderer>;
