// Profiles: distinct sets of directives, named by the digest of their content, so that thousands of paths share a handful of
// named locations, and hosts with the same TLS policy a server.
import { createHash } from 'node:crypto';
import type { Snippet } from '../feature/snippet.ts';
import type {
  AuthLocation,
  Certificate,
  ConfigFile,
  Directive,
  Identity,
  NativeLocation,
  Profile,
  Protocol,
  ServerProfile,
} from '../model/types.ts';
import { forProtocol } from './protocol.ts';
import { needsLocation, withoutThoseOf } from './snippet.ts';

/** How a profile's TLS connections to backends are told apart, beside its proxy_ssl_* directives. */
export interface BackendTlsOf {
  /** 'none' where a directive takes the name of the backend from a variable. */
  readonly pool: Identity['pool'];
  /** The client certificate; it reaches nginx as data. */
  readonly pair: Certificate | null;
}

/** What a profile has beside directives; all of it is absent unless given. */
interface Parts {
  readonly files: readonly ConfigFile[];
  readonly tls: BackendTlsOf | null;
  /** To a service that is asked about each request. */
  readonly question: Omit<AuthLocation, 'directives'> | null;
  readonly snippet: Snippet | null;
  readonly asks: Profile['asks'];
}

/**
 * Makes the Profile of these directives, in their order; the same input gives the same id in every process. An id that begins
 * with "l" is of one that only a location of its own can be.
 */
export function internProfile(
  protocol: Protocol,
  directives: readonly Directive[],
  { files = [], tls = null, question = null, snippet = null, asks = 'before' }: Partial<Parts> = {},
): Profile {
  const own = forProtocol(protocol, directives);
  const wanted = snippet === null ? own : withoutThoseOf(snippet, own);
  const identity = tls !== null && (protocol === 'https' || protocol === 'auto') ? identityOf(wanted, tls) : null;
  const auth =
    question === null ? null : { ...question, directives: directives.filter(({ name }) => AUTH_BUFFERS.has(name)) };
  const texts = [
    protocol,
    ...(asks === 'after' ? [asks] : []),
    ...(snippet === null ? [] : [JSON.stringify(snippet.text)]),
    ...(identity === null ? [] : [identity.digest]),
    ...(auth === null ? [] : [authText(auth)]),
    ...wanted.map(show),
  ];
  const letter = snippet !== null && needsLocation(snippet) ? 'l' : 'p';
  const named = files.filter((file) => wanted.some(({ args }) => args.some(({ text }) => text.includes(file.name))));
  return {
    id: `${letter}_${digest(texts)}`,
    protocol,
    directives: wanted,
    files: named,
    identity,
    auth,
    snippet,
    asks,
  };
}

/** Whether a profile can be a named location. */
export function canBeNamed(profile: Profile['id']): boolean {
  return !profile.startsWith('l');
}

function identityOf(directives: readonly Directive[], { pool, pair }: BackendTlsOf): Identity {
  const own = directives.filter(({ name }) => name.startsWith('proxy_ssl_')).map(show);
  return { digest: digest([pool, pair?.fingerprint ?? '', ...own]), pool };
}

/** Where answers are large, so may be those of the service that is asked who somebody is. */
const AUTH_BUFFERS: ReadonlySet<string> = new Set(['proxy_buffer_size', 'proxy_buffers', 'proxy_busy_buffers_size']);

function authText({ scheme, headers, signin, directives, snippet, askedBy }: AuthLocation): string {
  const own = snippet === null ? [] : [JSON.stringify(snippet.text)];
  const who = askedBy === 'settings' ? [askedBy] : [];
  return ['auth', scheme, signin, ...headers, ...directives.map(show), ...own, ...who].join(' ');
}

/** The server of hosts with these directives; null, the shared server, for those with none. */
export function internServer(directives: readonly Directive[], files: readonly ConfigFile[]): ServerProfile | null {
  if (directives.length === 0) return null;
  return { id: `s_${digest(directives.map(show))}`, directives, files, snippet: null, locations: null };
}

/** The server of a host whose paths are locations of nginx's own. Its id begins with "n". */
export function internNativeServer(
  directives: readonly Directive[],
  files: readonly ConfigFile[],
  snippet: Snippet | null,
  locations: readonly NativeLocation[],
): ServerProfile {
  const wanted = snippet === null ? directives : withoutThoseOf(snippet, directives);
  const texts = [
    JSON.stringify(snippet?.text ?? ''),
    ...locations.map(({ match, path, pattern, profile }) => JSON.stringify([match, path, pattern, profile.id])),
    ...wanted.map(show),
  ];
  const all = [...files, ...locations.flatMap(({ profile }) => profile.files)];
  return { id: `n_${digest(texts)}`, directives: wanted, files: all, snippet, locations };
}

export function isNative(server: ServerProfile['id'] | null): boolean {
  return server?.startsWith('n') === true;
}

/** The name by which the location of a native server finds its route. */
export function nativeId({ match, path }: Pick<NativeLocation, 'match' | 'path'>): string {
  return `r_${digest([match, path])}`;
}

function show({ name, args }: Directive): string {
  return [name, ...args].join(' ');
}

function digest(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12);
}
