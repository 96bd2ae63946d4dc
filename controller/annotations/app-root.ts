// Where "/" of a host leads.
import { annotation } from '../feature/contract.ts';
import { accepted, type Parser, refused } from '../feature/parse.ts';
import { constantStart, type Template, templateOf } from '../feature/template.ts';

const path = templateOf(/[A-Za-z0-9._~/:-]/, 'a path that starts with "/", of letters, digits and - . _ ~ / :');

const absolutePath: Parser<Template> = (text) => {
  const parsed = path(text);
  if (!parsed.ok) return parsed;
  const start = constantStart(parsed.value);
  return start.startsWith('/') && !start.startsWith('//')
    ? accepted(parsed.value)
    : refused('a path that starts with "/"');
};

export default annotation({
  name: 'app-root',
  keys: {
    'app-root': {
      type: 'string',
      parse: absolutePath,
      risk: 'Medium',
      scope: 'server',
      doc: 'Redirects requests for exactly "/" to this path (302), for the whole host.',
    },
  },
  route({ 'app-root': target }, draft, { origin }) {
    if (origin !== 'catch-all') draft.appRoot = target;
  },
});
