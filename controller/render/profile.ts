// Profiles: distinct sets of directives, named by the digest of their content, so that thousands of paths share a handful of
// named locations, and hosts with the same TLS policy a server.
import { createHash } from 'node:crypto';
import type { Certificate, ConfigFile, Directive, Identity, Profile, Protocol, ServerProfile } from '../model/types.ts';
import { forProtocol } from './protocol.ts';

/** How a profile's TLS connections to backends are told apart, beside its proxy_ssl_* directives. */
export interface BackendTlsOf {
  /** 'none' where a directive takes the name of the backend from a variable. */
  readonly pool: Identity['pool'];
  /** The client certificate; it reaches nginx as data. */
  readonly pair: Certificate | null;
}

/** Makes the Profile of these directives, in their order; the same input gives the same id in every process. */
export function internProfile(
  protocol: Protocol,
  directives: readonly Directive[],
  files: readonly ConfigFile[] = [],
  tls: BackendTlsOf | null = null,
): Profile {
  const wanted = forProtocol(protocol, directives);
  const identity = tls !== null && (protocol === 'https' || protocol === 'auto') ? identityOf(wanted, tls) : null;
  const id = `p_${digest([protocol, ...(identity === null ? [] : [identity.digest]), ...wanted.map(show)])}`;
  const named = files.filter((file) => wanted.some(({ args }) => args.some(({ text }) => text.includes(file.name))));
  return { id, protocol, directives: wanted, files: named, identity };
}

function identityOf(directives: readonly Directive[], { pool, pair }: BackendTlsOf): Identity {
  const own = directives.filter(({ name }) => name.startsWith('proxy_ssl_')).map(show);
  return { digest: digest([pool, pair?.fingerprint ?? '', ...own]), pool };
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
