// The model as the values that Lua looks up: one named JSON text per object. lua/config/feed.lua decodes them; the names of
// the fields are the contract between the two.

import type { Settings } from '../model/settings.ts';
import type { Backend, Certificate, Endpoint, Host, Model, Route, UserList } from '../model/types.ts';
import { isNative, nativeId } from '../render/profile.ts';

/** "host/<name>", "aliases", "backend/<ns>/<svc>/<port>", "certificate/<host>", "pem/<fingerprint>", "users/<digest>" or "settings". */
export type ValueName = string;

export type State = ReadonlyMap<ValueName, string>;

/** What the flags and files of this installation add to the settings. */
export interface DataSettings {
  readonly healthCheckPath: string;
  readonly httpsPort: number;
  readonly dns: DnsSettings;
}

/** From resolv.conf(5). */
export interface DnsSettings {
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly attempts: number;
  readonly timeoutMs: number;
}

/** JSON by object: the parts of a model that did not change are the same objects, so they are not written again. */
const texts = new WeakMap<object, string>();

function memoised<T extends object>(object: T, make: (object: T) => unknown): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(make(object));
  texts.set(object, text);
  return text;
}

export function stateOf(model: Model, data: DataSettings): State {
  const state = new Map<ValueName, string>([['settings', JSON.stringify(settingsValue(model.settings, data))]]);
  for (const [id, backend] of model.backends) state.set(`backend/${id}`, memoised(backend, backendValue));
  for (const [host, certificate] of model.certificates) {
    state.set(`pem/${certificate.fingerprint}`, memoised(certificate, pemValue));
    state.set(`certificate/${host}`, JSON.stringify({ fingerprint: certificate.fingerprint }));
  }
  for (const [fingerprint, pair] of model.pairs) state.set(`pem/${fingerprint}`, memoised(pair, pemValue));
  for (const [name, host] of model.hosts) {
    state.set(`host/${name}`, memoised(host, hostValue));
    for (const list of usersOf(host))
      state.set(
        `users/${list.id}`,
        memoised(list, ({ users }) => ({ users })),
      );
  }
  if (model.aliases.length > 0) state.set('aliases', JSON.stringify(model.aliases));
  return state;
}

/** Values that hold keys or password hashes, which nobody is shown. */
export function isSecret(name: ValueName): boolean {
  return name.startsWith('pem/') || name.startsWith('users/');
}

/** User lists by host object, for the same reason as the texts. */
const userLists = new WeakMap<Host, readonly UserList[]>();

/** The user lists that a host value names. */
export function usersOf(host: Host): readonly UserList[] {
  const known = userLists.get(host);
  if (known !== undefined) return known;
  const found = [...new Set(host.routes.flatMap(({ users }) => users ?? []))];
  userLists.set(host, found);
  return found;
}

function settingsValue(settings: Settings, { healthCheckPath, httpsPort, dns }: DataSettings) {
  return {
    redirect_code: settings.httpRedirectCode,
    https_port: httpsPort,
    hsts: settings.hsts ? hstsValue(settings) : undefined,
    use_forwarded_headers: settings.useForwardedHeaders,
    server_header: settings.serverTokens ? 'any' : settings.allowBackendServerHeader ? 'backend' : undefined,
    blocked: {
      user_agents: settings.blockUserAgents.map(patternValue),
      referers: settings.blockReferers.map(patternValue),
    },
    fill_variables: fillsVariables(settings) || undefined,
    unlogged: settings.skipAccessLogUrls.map(patternValue),
    status_from: [...settings.nginxStatusIpv4Whitelist, ...settings.nginxStatusIpv6Whitelist],
    reject_handshake: settings.sslRejectHandshake,
    passive_ejection: settings.passiveEjection,
    health_check_path: healthCheckPath,
    add_headers: some(settings.responseHeaders),
    hide_headers: some(settings.hideHeaders),
    proxy_set_headers: some(settings.backendHeaders),
    limit_conn_status: settings.limitConnStatusCode,
    limit_req_status: settings.limitReqStatusCode,
    limit_variable: settings.limitConnZoneVariable,
    loopback_endpoints: settings.selection.loopbackEndpoints,
    dns: {
      servers: dns.servers,
      search: dns.search,
      ndots: dns.ndots,
      ipv6: !settings.disableIpv6Dns,
      attempts: dns.attempts,
      timeout_ms: dns.timeoutMs,
    },
  };
}

/** Whether texts around all routes may read what is known of the route. */
function fillsVariables({ httpSnippet, serverSnippet }: Settings): boolean {
  const texts = `${httpSnippet?.text ?? ''} ${serverSnippet?.text ?? ''}`;
  return /\$\{?(namespace|ingress_name|service_name|service_port|location_path|proxy_upstream_name|subdomain|escaped_request_uri)\b/.test(
    texts,
  );
}

/** Empty lists are left out: they cost requests nothing then. */
function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Keys of nginx maps: exact texts, "~regex", or "~*regex" without regard to case. */
function patternValue(text: string) {
  if (text.startsWith('~*')) return { regex: text.slice(2), options: 'ijo' };
  return text.startsWith('~') ? { regex: text.slice(1), options: 'jo' } : { text };
}

function hstsValue({ hstsMaxAge, hstsIncludeSubdomains, hstsPreload }: Settings): string {
  return `max-age=${hstsMaxAge}${hstsIncludeSubdomains ? '; includeSubDomains' : ''}${hstsPreload ? '; preload' : ''}`;
}

/** `elsewhere` are for when no other can serve; `draining` for the sessions that they hold, and nothing else. */
function backendValue({ displayName, endpoints, resolve, policy, canaries }: Backend) {
  const isReady = endpoints.some(({ state }) => state === 'ready');
  const taking = endpoints.filter(({ state, isElsewhere }) => (!isReady || state === 'ready') && !isElsewhere);
  const elsewhere = endpoints.filter(({ isElsewhere }) => isElsewhere);
  const draining = isReady ? endpoints.filter(({ state }) => state === 'draining') : [];
  return {
    name: displayName,
    endpoints: taking.map(addressOf),
    elsewhere: some(elsewhere.map(addressOf)),
    draining: some(draining.map(addressOf)),
    resolve: resolve ?? undefined,
    policy: snakeCase(policy),
    canaries:
      canaries.length === 0 ? undefined : canaries.map(({ id, policy: split }) => ({ id, policy: snakeCase(split) })),
  };
}

function addressOf({ address, port }: Endpoint) {
  return { address, port };
}

function pemValue({ chain, key }: Certificate) {
  return { chain, key };
}

function hostValue(host: Host) {
  return {
    name: host.name,
    native: isNative(host.server) || undefined,
    denied: host.denied === null ? undefined : true,
    server: host.server ?? undefined,
    policy: snakeCase(host.policy),
    routes: host.routes.map((route) => routeValue(route, host)),
  };
}

/** Fields in Lua's spelling, nulls left out, at every depth. Lists of pairs carry what users name; objects only our own names. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) =>
      field === null ? [] : [[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), snakeCase(field)]],
    ),
  );
}

function routeValue({ match, path, pattern, profile, target, policy, source }: Route, { server }: Host) {
  const [service, port] = target.kind === 'backend' ? [target.service, target.port] : ['', ''];
  const namespace = source?.namespace ?? '';
  return {
    match,
    path,
    native: isNative(server) ? nativeId({ match, path }) : undefined,
    pattern: pattern ?? undefined,
    profile,
    target:
      target.kind === 'deny'
        ? { kind: target.kind, status: target.status }
        : { kind: target.kind, id: target.id ?? undefined },
    policy: snakeCase(policy),
    namespace,
    ingress: source?.name ?? '',
    service,
    port,
    upstream: target.kind === 'backend' ? `${namespace}-${service}-${port}` : 'upstream-default-backend',
  };
}
