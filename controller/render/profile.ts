// Profiles: distinct sets of directives, named by the digest of their content, so that thousands of paths share a handful of
// named locations, and hosts with the same TLS policy a server. Features write nginx's proxy_* names; here they become those
// of the protocol's module.
import { createHash } from 'node:crypto';
import type { Snippet } from '../feature/snippet.ts';
import type { ConfigFile, Directive, NativeLocation, Profile, Protocol, ServerProfile } from '../model/types.ts';
import { needsLocation, withoutThoseOf } from './snippet.ts';

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

/** What a profile has beside its directives. */
export interface ProfileParts {
  readonly files?: readonly ConfigFile[];
  readonly snippet?: Snippet | null;
  readonly asks?: Profile['asks'];
}

/**
 * Makes the Profile of these directives, in their order; the same input gives the same id in every process. An id that begins
 * with "l" is of one that only a location of its own can be.
 */
export function internProfile(
  protocol: Protocol,
  directives: readonly Directive[],
  { files = [], snippet = null, asks = 'before' }: ProfileParts = {},
): Profile {
  const renamed: Directive[] = [];
  for (const { name, args } of directives) {
    const own = nameFor(protocol, name);
    if (own !== null) renamed.push({ name: own, args });
  }
  const wanted = snippet === null ? renamed : withoutThoseOf(snippet, renamed);
  const letter = snippet !== null && needsLocation(snippet) ? 'l' : 'p';
  const before = [
    protocol,
    ...(asks === 'after' ? [asks] : []),
    ...(snippet === null ? [] : [JSON.stringify(snippet.text)]),
  ];
  return { id: idOf(letter, before, wanted), protocol, directives: wanted, files, snippet, asks };
}

/** Whether a profile can be a named location. */
export function canBeNamed(profile: Profile['id']): boolean {
  return !profile.startsWith('l');
}

/** The server of hosts with these directives; null, the shared server, for those with none. */
export function internServer(directives: readonly Directive[], files: readonly ConfigFile[]): ServerProfile | null {
  if (directives.length === 0) return null;
  return { id: idOf('s', [], directives), directives, files, snippet: null, locations: null };
}

/** The server of a host whose paths are locations of nginx's own. Its id begins with "n". */
export function internNativeServer(
  directives: readonly Directive[],
  files: readonly ConfigFile[],
  snippet: Snippet | null,
  locations: readonly NativeLocation[],
): ServerProfile {
  const wanted = snippet === null ? directives : withoutThoseOf(snippet, directives);
  const before = [
    JSON.stringify(snippet?.text ?? ''),
    ...locations.map(({ match, path, profile }) => JSON.stringify([match, path, profile.id])),
  ];
  const all = [...files, ...locations.flatMap(({ profile }) => profile.files)];
  return { id: idOf('n', before, wanted), directives: wanted, files: all, snippet, locations };
}

export function isNative(server: ServerProfile['id'] | null): boolean {
  return server?.startsWith('n') === true;
}

/** The name by which the location of a native server finds its route. */
export function nativeId({ match, path }: Pick<NativeLocation, 'match' | 'path'>): string {
  return `r_${createHash('sha256').update(`${match} ${path}`).digest('hex').slice(0, 12)}`;
}

function idOf(letter: string, before: readonly string[], directives: readonly Directive[]): string {
  const text = [...before, ...directives.map(({ name, args }) => [name, ...args].join(' '))].join('\n');
  return `${letter}_${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

function nameFor(protocol: Protocol, name: string): string | null {
  if (protocol === 'http' || protocol === 'https' || !name.startsWith('proxy_')) return name;
  return PROXY_ONLY.has(name) ? null : name.replace('proxy_', 'grpc_');
}
