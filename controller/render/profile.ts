// Profiles: distinct sets of directives, named by the digest of their content, so that thousands of paths share a handful of
// named locations, and hosts with the same TLS policy a server. Features write nginx's proxy_* names; here they become those
// of the protocol's module.
import { createHash } from 'node:crypto';
import type { ConfigFile, Directive, Profile, Protocol, ServerProfile } from '../model/types.ts';

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
): Profile {
  const wanted: Directive[] = [];
  for (const { name, args } of directives) {
    const own = nameFor(protocol, name);
    if (own !== null) wanted.push({ name: own, args });
  }
  return { id: idOf('p', [protocol], wanted), protocol, directives: wanted, files };
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
