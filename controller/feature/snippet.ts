// Snippets: nginx configuration that an Ingress brings along. The one text of tenants that reaches nginx.conf as it is, so it
// is read first as nginx would: whole, balanced, and without what reaches beyond the location or server that it is for
// (R14, R21). nginx itself is the judge of the rest, in quarantine.
import { everyStatement, lex, type Statement } from './lexer.ts';
import { accepted, type Parsed, type Parser, refused } from './parse.ts';

/** An accepted one. */
export interface Snippet {
  readonly text: string;
  readonly statements: readonly Statement[];
}

/** Where it will stand. */
export type SnippetPlace = 'location' | 'server' | 'auth';

const MAX_BYTES = 65_536;

/** Code, other files of configuration, and what is about the process as a whole. */
const FORBIDDEN =
  /_by_lua|^(lua_.*|include|load_module|perl.*|env|ssl_engine|user|daemon|.*_temp_path|.*_cache_path|.*_store|.*_store_access|dav_.*|create_full_put_path)$/;

/** The addresses and names of a server are its host's. */
const OF_THE_HOST = new Set(['listen', 'server_name']);

/** Directives whose argument is a file, other than the folders that are served. */
const FILES =
  /^((proxy_|grpc_|uwsgi_)?ssl_(certificate|certificate_key|trusted_certificate|client_certificate|crl|password_file|dhparam|session_ticket_key|stapling_file)|auth_basic_user_file|auth_digest_user_file|auth_jwt_key_file|error_log|access_log|modsecurity_rules_file|geoip.*|geoip2)$/;
/** What logs may be sent to. */
const LOG_TARGETS = /^(off|stderr|syslog:.*|\/dev\/(stdout|stderr))$/;

/** Folders that hold credentials or the state of this machine; none of them, nothing below, and nothing above is served. */
const PROTECTED = ['/etc', '/proc', '/sys', '/dev', '/root', '/home', '/run', '/var/run', '/var/lib', '/tmp', '/boot'];

/** Names of Sluice's own variables and locations. */
const OURS = /sluice_|\/\/sluice/i;

export function snippet(place: SnippetPlace): Parser<Snippet> {
  return (text) => read(text, place);
}

function read(text: string, place: SnippetPlace): Parsed<Snippet> {
  if (Buffer.byteLength(text) > MAX_BYTES) return refused(`at most ${MAX_BYTES} bytes`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufeff]/.test(text) || !text.isWellFormed()) {
    return refused('text without control characters');
  }
  const lexed = lex(text);
  if (!lexed.ok) return refused(`nginx directives; line ${lexed.line}: ${lexed.why}`);
  for (const statement of everyStatement(lexed.statements)) {
    const why = forbidden(statement);
    if (why !== null) return refused(why);
  }
  const host = place === 'server' ? lexed.statements.find(({ name }) => OF_THE_HOST.has(name)) : undefined;
  if (host !== undefined) return refused(`directives other than ${[...OF_THE_HOST].join(' and ')}`);
  return accepted({ text, statements: lexed.statements });
}

/** Why a directive must not stand in a snippet, as what is accepted instead; null when it may. */
function forbidden({ name, args }: Statement): string | null {
  if (FORBIDDEN.test(name)) return `directives that reach no further than the host or path; not ${name}`;
  const ours = [name, ...args].find((token) => OURS.test(token));
  if (ours !== undefined) return 'names other than those that begin with sluice_, which are Sluice’s own';
  const [first = ''] = args;
  if (FILES.test(name) && !((name === 'access_log' || name === 'error_log') && LOG_TARGETS.test(first))) {
    return `directives that name no file; not ${name} ${first}`;
  }
  if ((name === 'root' || name === 'alias') && !isServable(first)) {
    return `${name} with a folder such as /usr/share/html: no variables, and nothing that holds credentials or the state of the machine`;
  }
  if (/_pass$/.test(name) && /unix:/i.test(args.join(' '))) return `addresses; not a unix socket in ${name}`;
  return null;
}

function isServable(folder: string): boolean {
  if (!/^\/[^$]*$/.test(folder) || /\/\.\.?(\/|$)/.test(folder)) return false;
  const path = folder.replace(/\/+/g, '/').replace(/\/$/, '');
  return !PROTECTED.some((root) => path === root || path.startsWith(`${root}/`) || root.startsWith(`${path}/`));
}

/** The last value of a directive on the level of the snippet itself; null without it. */
export function lastValue({ statements }: Snippet, directive: string): string | null {
  return statements.findLast(({ name }) => name === directive)?.args[0] ?? null;
}
