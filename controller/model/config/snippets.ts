// Keys whose text becomes nginx configuration as it is (SNIP-04). Their author may say anything; only braces and quotes must
// pair up, so that the text ends where it ends.
import { lex, type Statement } from '../../feature/lexer.ts';
import { accepted, type Parser, refused } from '../../feature/parse.ts';
import { key } from './key.ts';

/** Text of the controller ConfigMap, with what it says on its own level. */
export interface AdministratorText {
  readonly text: string;
  readonly statements: readonly Statement[];
}

const configuration: Parser<AdministratorText | null> = (text) => {
  if (text.trim() === '') return accepted(null);
  if (text.includes('\0') || !text.isWellFormed()) return refused('text');
  const lexed = lex(text);
  return lexed.ok
    ? accepted({ text, statements: lexed.statements })
    : refused(`nginx directives; line ${lexed.line}: ${lexed.why}`);
};

export const SNIPPET_KEYS = {
  'main-snippet': key(configuration, null, 'Configuration for the main block.'),
  'http-snippet': key(configuration, null, 'Configuration for the http block.'),
  'server-snippet': key(configuration, null, 'Configuration for every server.'),
  'global-auth-snippet': key(configuration, null, 'Configuration for the location that asks global-auth-url.'),
  'location-snippet': key(configuration, null, 'Configuration for every location.'),
} as const;
