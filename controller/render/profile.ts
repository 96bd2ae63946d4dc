// Profiles: distinct sets of directives, named by the digest of their content, so that thousands of paths share a handful of
// named locations, and hosts with the same TLS policy a server.
import { createHash } from 'node:crypto';
import type {
  AuthLocation,
  Certificate,
  ConfigFile,
  Directive,
  Identity,
  Profile,
  Protocol,
  ServerProfile,
} from '../model/types.ts';
import { forProtocol } from './protocol.ts';

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
}

/** Makes the Profile of these directives, in their order; the same input gives the same id in every process. */
export function internProfile(
  protocol: Protocol,
  directives: readonly Directive[],
  { files = [], tls = null, question = null }: Partial<Parts> = {},
): Profile {
  const wanted = forProtocol(protocol, directives);
  const identity = tls !== null && (protocol === 'https' || protocol === 'auto') ? identityOf(wanted, tls) : null;
  const auth =
    question === null ? null : { ...question, directives: directives.filter(({ name }) => AUTH_BUFFERS.has(name)) };
  const texts = [
    protocol,
    ...(identity === null ? [] : [identity.digest]),
    ...(auth === null ? [] : [authText(auth)]),
    ...wanted.map(show),
  ];
  const named = files.filter((file) => wanted.some(({ args }) => args.some(({ text }) => text.includes(file.name))));
  return { id: `p_${digest(texts)}`, protocol, directives: wanted, files: named, identity, auth };
}

function identityOf(directives: readonly Directive[], { pool, pair }: BackendTlsOf): Identity {
  const own = directives.filter(({ name }) => name.startsWith('proxy_ssl_')).map(show);
  return { digest: digest([pool, pair?.fingerprint ?? '', ...own]), pool };
}

/** Where answers are large, so may be those of the service that is asked who somebody is. */
const AUTH_BUFFERS: ReadonlySet<string> = new Set(['proxy_buffer_size', 'proxy_buffers', 'proxy_busy_buffers_size']);

function authText({ scheme, headers, signin, directives }: AuthLocation): string {
  return ['auth', scheme, signin, ...headers, ...directives.map(show)].join(' ');
}

/** The server of hosts with these directives; null, the shared server, for those with none. */
export function internServer(directives: readonly Directive[], files: readonly ConfigFile[]): ServerProfile | null {
  return directives.length === 0 ? null : { id: `s_${digest(directives.map(show))}`, directives, files };
}

function show({ name, args }: Directive): string {
  return [name, ...args].join(' ');
}

function digest(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12);
}
