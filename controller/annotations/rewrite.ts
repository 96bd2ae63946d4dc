// Paths that are regular expressions, and what a path becomes before it is sent to the backend (PATH-07, DEF-02).
import { annotation } from '../feature/contract.ts';
import { WITHOUT_EFFECT } from '../feature/draft.ts';
import { accepted, bool, type Parser, refused } from '../feature/parse.ts';
import { constantOf, constantStart, type Template, templateOf } from '../feature/template.ts';

interface Target {
  readonly text: string;
  readonly template: Template;
}

const ACCEPTS = 'a path of letters, digits and - . _ ~ / :';
const template = templateOf(/[A-Za-z0-9._~/:-]/, ACCEPTS, 'captures');

const target: Parser<Target> = (text) => {
  if (!/^[A-Za-z0-9._~/:$-]*$/.test(text)) return refused(ACCEPTS);
  const parsed = template(text);
  return parsed.ok ? accepted({ text, template: parsed.value }) : parsed;
};

const prefixTemplate = templateOf(/[A-Za-z0-9._~/: -]/, ACCEPTS, 'captures');

const prefix: Parser<Template> = (text) =>
  /^[A-Za-z0-9._~/:$ -]*$/.test(text) ? prefixTemplate(text) : refused(`${ACCEPTS}, or blanks`);

export default annotation({
  name: 'rewrite',
  keys: {
    'use-regex': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      doc: 'Matches paths as case-insensitive regular expressions from the start of the URI, longest first.',
    },
    'rewrite-target': {
      type: 'string',
      parse: target,
      risk: 'Medium',
      doc: 'Path that the backend sees; $1 to $9 are captures of the path of the rule. The query stays. A URL is a redirect (302).',
    },
    'x-forwarded-prefix': {
      type: 'string',
      parse: prefix,
      risk: 'Medium',
      invalid: 'reject-ingress',
      doc: 'X-Forwarded-Prefix header of requests whose path rewrite-target changes.',
    },
    'enable-rewrite-log': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      doc: 'Writes each rewrite to the error log at level notice.',
    },
  },
  route(values, draft, { origin, path, report }) {
    const wanted = values['rewrite-target'];
    if (origin === 'catch-all') {
      if (wanted !== null) report('rewrite-target', WITHOUT_EFFECT);
      return;
    }
    const isEffective = wanted !== null && wanted.text.trim() !== '' && wanted.text.trim() !== path;
    draft.isRegex = values['use-regex'] === true || isEffective;
    if (!isEffective) return;
    const doubt = doubtOf(wanted.template);
    if (doubt !== null) report('rewrite-target', `${doubt}; such requests get 400`);
    draft.policy.rewrite = {
      target: wanted.template,
      forwardedPrefix: values['x-forwarded-prefix'],
      log: values['enable-rewrite-log'] ?? false,
    };
  },
});

/** Why rewritten paths are not going to be sent, as far as the target alone tells. */
function doubtOf(parts: Template): string | null {
  const start = constantStart(parts);
  if (/^https?:\/\//.test(start)) return null; // a redirect
  if (start !== '' && !start.startsWith('/')) return 'the path does not start with "/"';
  const isRelative = /(^|\/)\.\.?(\/|$)/.test(constantOf(parts) ?? '');
  return isRelative ? 'the path has "." or ".." between slashes' : null;
}
