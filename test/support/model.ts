// The model as short lines that a person can read, for golden fixtures and comparisons.
import { newBackendDraft, newCanaryDraft, newHostDraft, newRouteDraft } from '../../controller/feature/draft.ts';
import type { Settings } from '../../controller/model/settings.ts';
import type {
  Backend,
  Certificate,
  Host,
  Model,
  Profile,
  Route,
  ServerProfile,
  Target,
} from '../../controller/model/types.ts';

function showTarget(target: Target): string {
  switch (target.kind) {
    case 'backend':
      return target.id;
    case 'default':
      return target.id === null ? 'built-in 404' : `${target.id}, else 404`;
    case 'deny':
      return `${target.status} ${target.reason}`;
  }
}

/** What of a route's policy differs from the settings. */
function showPolicy({ policy }: Route, settings: Settings): string {
  const parts = [
    ...(policy.redirectToTls ? ['to https'] : []),
    ...(policy.preserveTrailingSlash ? ['keeps the slash'] : []),
    ...(policy.maxBodyBytes === settings.proxyBodySize ? [] : [`body ${policy.maxBodyBytes}`]),
    ...(policy.accessLog ? [] : ['not logged']),
  ];
  const { connect, send, read } = policy.timeouts;
  const initial = [settings.proxyConnectTimeout, settings.proxySendTimeout, settings.proxyReadTimeout];
  if ([connect, send, read].join() !== initial.join()) parts.push(`timeouts ${connect}/${send}/${read}`);
  parts.push(...showChanges(policy, newRouteDraft(settings).policy, SHOWN_SHORTER));
  return parts.length === 0 ? '' : ` [${parts.join(', ')}]`;
}

const SHOWN_SHORTER = new Set(['redirectToTls', 'preserveTrailingSlash', 'maxBodyBytes', 'accessLog', 'timeouts']);

/** "appRoot /x" for each field that is not as it is without annotations. */
function showChanges(policy: object, initial: object, except: ReadonlySet<string> = new Set()): string[] {
  const before = new Map<string, unknown>(Object.entries(initial));
  return Object.entries(policy)
    .filter(([name, value]) => !except.has(name) && JSON.stringify(value) !== JSON.stringify(before.get(name)))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
}

/** "prefix /api -> default/web/80 [to https] (default/demo)", in routing order. */
export function showHost(host: Host, settings: Settings): string[] {
  const { deny: _deny, server: _server, snippet: _snippet, backendTls: _tls, ...initial } = newHostDraft();
  const routes = host.routes.map((route) => {
    const source = route.source === null ? '' : ` (${route.source.namespace}/${route.source.name})`;
    return `${route.match} ${route.pattern ?? route.path} -> ${showTarget(route.target)}${showPolicy(route, settings)}${source}`;
  });
  return [
    ...(host.denied === null ? [] : [`403 everywhere: ${host.denied}`]),
    ...(host.server === null ? [] : [`server: ${host.server}`]),
    ...showChanges(host.policy, initial).map((change) => `host: ${change}`),
    ...routes,
  ];
}

/** "policy: …", "canary: …", "10.0.0.1:8080", "10.0.0.2:8080 draining", or "resolves name:port". */
export function showBackend(backend: Backend, settings: Settings): string[] {
  const policy = showChanges(backend.policy, newBackendDraft(settings)).map((change) => `policy: ${change}`);
  for (const canary of backend.canaries) {
    policy.push([`canary: ${canary.id}`, ...showChanges(canary.policy, newCanaryDraft())].join(' '));
  }
  if (backend.resolve !== null) return [...policy, `resolves ${backend.resolve.name}:${backend.resolve.port}`];
  const endpoints = backend.endpoints.map(({ address, port, state, zone, isElsewhere }) => {
    const where = address.includes(':') ? `[${address}]` : address;
    return `${where}:${port}${state === 'ready' ? '' : ` ${state}`}${zone === null ? '' : ` in ${zone}`}${isElsewhere ? ' elsewhere' : ''}`;
  });
  return [...policy, ...endpoints];
}

/** "http: client_max_body_size 1048576", and what a snippet adds. */
export function showProfile({ protocol, directives, identity, auth, snippet, asks }: Profile): string {
  const tls = identity === null ? '' : ` (identity ${identity.digest}, connections ${identity.pool})`;
  const question =
    auth === null
      ? []
      : [`asks over ${[auth.scheme, ...auth.headers].join(' with ')}${auth.signin ? ', 401 leads on' : ''}`];
  const first =
    asks === 'after' ? `, after ${snippet === null ? 'location-snippet' : JSON.stringify(snippet.text)}` : '';
  return `${protocol}${tls}: ${[...question, ...directives.map(({ name, args }) => [name, ...args].join(' '))].join('; ')}${first}`;
}

/** "s_1: ssl_ciphers "HIGH"". */
export function showServer({ id, directives, snippet, locations }: ServerProfile): string {
  const own = directives.map(({ name, args }) => [name, ...args].join(' ')).join('; ');
  const paths = locations?.map(({ match, path }) => `${match} ${path}`).join(', ');
  const native = paths === undefined ? '' : ` native with ${paths}`;
  return `${id}: ${own}${snippet === null ? '' : ` ${JSON.stringify(snippet.text)}`}${native}`;
}

export function showCertificate({ secret, fingerprint }: Certificate): string {
  return secret ?? fingerprint;
}

function sortedObject<T, R>(map: ReadonlyMap<string, T>, show: (value: T) => R): Record<string, R> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, show(value)]));
}

/** Everything in a model, as text: equal texts are equal models. */
export function dumpModel(model: Model): string {
  return JSON.stringify(
    {
      settings: model.settings,
      hosts: sortedObject(model.hosts, (host) => host),
      aliases: model.aliases,
      backends: sortedObject(model.backends, (backend) => backend),
      certificates: sortedObject(model.certificates, (certificate) => certificate),
      profiles: sortedObject(model.profiles, (profile) => profile),
      pairs: sortedObject(model.pairs, (pair) => pair),
      servers: sortedObject(model.servers, (server) => server),
      problems: model.problems,
    },
    null,
    1,
  );
}

/** The parts of a model that a fixture may expect. */
export function readableModel(model: Model) {
  return {
    hosts: {
      ...sortedObject(model.hosts, (host) => showHost(host, model.settings)),
      ...Object.fromEntries(model.aliases.map(({ kind, name, host }) => [`${kind} alias ${name}`, host])),
    },
    backends: sortedObject(model.backends, (backend) => showBackend(backend, model.settings)),
    profiles: [...model.profiles.values()].map(showProfile).sort(),
    servers: [...model.servers.values()].map(showServer).sort(),
    certificates: sortedObject(model.certificates, showCertificate),
  };
}
