// Other names of a host: aliases that serve the same, and the name with or without "www." that leads here (HOST-11).
import { annotation } from '../feature/contract.ts';
import { accepted, bool, listOf, type Parser, refused, textOf } from '../feature/parse.ts';
import { doubtOf } from '../feature/pattern.ts';
import type { AliasName } from '../model/types.ts';

const LABELS = '[a-z0-9_-]+(?:\\.[a-z0-9_-]+)*';
const EXACT = new RegExp(`^${LABELS}$`);
const BELOW = new RegExp(`^\\*\\.${LABELS}$`);
const ABOVE = new RegExp(`^${LABELS}\\.\\*$`);
const ACCEPTS = 'a name, *.name, name.*, or "~" and a regular expression';

const characters = textOf(/[A-Za-z0-9._~/:^$[\](){}*+?|&=\\-]/, ACCEPTS);

/** As nginx reads a server_name, of which the first kind that fits is meant. */
const alias: Parser<AliasName> = (text) => {
  if (!characters(text).ok) return refused(ACCEPTS);
  if (text.startsWith('~') && text.length > 1) return accepted({ kind: 'regex', name: text.slice(1) });
  const name = text.toLowerCase();
  if (EXACT.test(name)) return accepted({ kind: 'exact', name });
  if (BELOW.test(name)) return accepted({ kind: 'below', name });
  return ABOVE.test(name) ? accepted({ kind: 'above', name }) : refused(ACCEPTS);
};

const aliases = listOf(alias);

export default annotation({
  name: 'server-names',
  keys: {
    'server-alias': {
      type: 'csv',
      parse: aliases,
      risk: 'High',
      scope: 'server',
      invalid: 'reject-ingress',
      doc: 'Other names of the host, between commas; a host of an Ingress wins over an alias of that name.',
    },
    'from-to-www-redirect': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      scope: 'server',
      invalid: 'reject-ingress',
      doc: 'Redirects the name with "www." to the one without, or the other way round, whichever is the host.',
    },
  },
  host({ 'server-alias': names, 'from-to-www-redirect': www }, draft, { host, report }) {
    if (names !== null && names.length > 0) {
      if (draft.aliases === null) draft.aliases = names;
      else report('server-alias', `host ${host} has the aliases of an older Ingress; these have no effect`);
    }
    for (const { kind, name } of names ?? []) {
      const doubt = kind === 'regex' ? doubtOf(name) : null;
      if (doubt !== null)
        report(
          'server-alias',
          `~${name} does not look like a regular expression (${doubt}); where nginx cannot read it, it matches nothing`,
        );
    }
    if (www !== true) return;
    if (host === '_' || host.startsWith('*')) report('from-to-www-redirect', 'it needs a host without wildcard');
    else draft.hasWwwRedirect = true;
  },
});
