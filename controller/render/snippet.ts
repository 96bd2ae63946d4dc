// What raw texts do to the directives around them: a directive that may stand only once is theirs, and one proxy_set_header
// cancels all that would be inherited.
import type { Snippet } from '../feature/snippet.ts';
import type { AdministratorText } from '../model/config/snippets.ts';
import type { Directive } from '../model/types.ts';

export type RawText = Snippet | AdministratorText;

/** Directives that may stand several times on a level. */
const REPEATABLE =
  /^(error_page|(proxy|grpc)_(set_header|hide_header|pass_header|redirect|cookie_path|cookie_domain|cookie_flags)|add_header|auth_request_set|allow|deny|limit_req|limit_conn|mirror|set|access_log|log_format|set_real_ip_from|lua_.*|map|upstream|server)$/;

/** Names on the level of the text itself, of directives that may stand only once. */
export function onceNamed({ statements }: RawText): Set<string> {
  return new Set(statements.map(({ name }) => name).filter((name) => !REPEATABLE.test(name)));
}

/** Directives without those that a text next to them says itself: nginx would refuse the second one. */
export function withoutThoseOf(text: RawText, directives: readonly Directive[]): Directive[] {
  const named = onceNamed(text);
  return directives.filter(({ name }) => !named.has(name));
}

/** Names of the headers, in lower case, that texts set with a directive; null when none has the directive at all. */
export function headersSetIn(texts: readonly RawText[], directive: string): Set<string> | null {
  const found = texts.flatMap(({ statements }) => statements).filter(({ name }) => name === directive);
  return found.length === 0 ? null : new Set(found.map(({ args }) => (args[0] ?? '').toLowerCase()));
}

/** The text without locations of its own, which nginx refuses inside of exact ones. Spans of what is left are as before. */
export function withoutLocations({ text, statements }: Snippet): Snippet {
  const cut = statements.filter(({ name }) => name === 'location').map(({ span }) => span);
  return {
    text: cut.reduceRight((kept, [start, end]) => kept.slice(0, start) + kept.slice(end), text),
    statements: statements.filter(({ name }) => name !== 'location'),
  };
}

/** Whether it holds what nginx refuses in named locations (ngx_http_core_module, ngx_http_proxy_module). */
export function needsLocation({ statements }: RawText): boolean {
  return statements.some(({ name, args, block }) => {
    if (name === 'location' || name === 'alias') return true;
    if (name === 'proxy_pass' && /^[a-z]+:\/\/[^/$]+\/[^$]*$/i.test(args[0] ?? '')) return true;
    return block !== null && needsLocation({ text: '', statements: block });
  });
}

/**
 * The http block without our lines for what a text says that comes after them. Ours are one to a line, two blanks in front.
 */
export function withoutOverridden(block: string, text: AdministratorText): string {
  const named = onceNamed(text);
  const lines = block.split('\n').filter((line) => !named.has(/^ {2}([a-z0-9_]+) .*;$/.exec(line)?.[1] ?? ''));
  return lines.join('\n');
}
