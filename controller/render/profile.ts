// Profiles: distinct sets of directives, named by the digest of their content, so that thousands of paths share a handful of
// named locations, and hosts with the same TLS policy a server. Features write nginx's proxy_* names; here they become those
// of the protocol's module.
import { createHash } from 'node:crypto';
import type { AuthLocation, ConfigFile, Directive, Profile, Protocol, ServerProfile } from '../model/types.ts';

/** Directives of the proxy module that the gRPC module does not have: gRPC always streams both ways. */
const PROXY_ONLY: ReadonlySet<string> = new Set([
  'proxy_buffering',
  'proxy_request_buffering',
  'proxy_http_version',
  'proxy_max_temp_file_size',
  'proxy_redirect',
  'proxy_buffers',
  'proxy_busy_buffers_size',
  'proxy_cookie_domain',
  'proxy_cookie_path',
]);

/** Makes the Profile of these directives, in their order; the same input gives the same id in every process. */
export function internProfile(
  protocol: Protocol,
  directives: readonly Directive[],
  files: readonly ConfigFile[] = [],
  question: Omit<AuthLocation, 'directives'> | null = null,
): Profile {
  const wanted: Directive[] = [];
  for (const { name, args } of directives) {
    const own = nameFor(protocol, name);
    if (own !== null) wanted.push({ name: own, args });
  }
  const auth =
    question === null ? null : { ...question, directives: directives.filter(({ name }) => AUTH_BUFFERS.has(name)) };
  const before = auth === null ? [protocol] : [protocol, authText(auth)];
  return { id: idOf('p', before, wanted), protocol, directives: wanted, files, auth };
}

/** Where answers are large, so may be those of the service that is asked who somebody is. */
const AUTH_BUFFERS: ReadonlySet<string> = new Set(['proxy_buffer_size', 'proxy_buffers', 'proxy_busy_buffers_size']);

function authText({ scheme, headers, signin, directives }: AuthLocation): string {
  const texts = directives.map(({ name, args }) => [name, ...args].join(' '));
  return ['auth', scheme, signin, ...headers, ...texts].join(' ');
}

/** The server of hosts with these directives; null, the shared server, for those with none. */
export function internServer(directives: readonly Directive[], files: readonly ConfigFile[]): ServerProfile | null {
  return directives.length === 0 ? null : { id: idOf('s', [], directives), directives, files };
}

function idOf(letter: string, before: readonly string[], directives: readonly Directive[]): string {
  const text = [...before, ...directives.map(({ name, args }) => [name, ...args].join(' '))].join('\n');
  return `${letter}_${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

function nameFor(protocol: Protocol, name: string): string | null {
  if (protocol === 'http' || protocol === 'https' || !name.startsWith('proxy_')) return name;
  return PROXY_ONLY.has(name) ? null : name.replace('proxy_', 'grpc_');
}
