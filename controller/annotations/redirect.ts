// Paths that lead elsewhere, and how redirects that nginx itself would build are written. Redirects come before the one to
// HTTPS, and before anything that keeps somebody out (PHASE-01, PHASE-02).
import { annotation } from '../feature/contract.ts';
import { WITHOUT_EFFECT } from '../feature/draft.ts';
import { accepted, bool, intBetween, type Parser, refused, textOf } from '../feature/parse.ts';

/** An empty value drops the whole family (PARSE-03). */
function filled<T>(parse: Parser<T>): Parser<T> {
  return (text) => (text.trim() === '' ? refused('something, not nothing', 'drop-group') : parse(text));
}

const url = textOf(/[A-Za-z0-9._~/:,?&=-]/, 'a URL or path of letters, digits and - . _ ~ / : , ? & =');

const httpUrl: Parser<string> = (text) => {
  const parsed = url(text);
  if (!parsed.ok || parsed.value.startsWith('http')) return parsed;
  return refused('a URL that starts with http', 'drop-group');
};

/** Any whole number; one that is out of bounds stands for `initial`. */
function codeUpTo(max: number, initial: number): Parser<number> {
  const whole = intBetween(-(10 ** 15), 10 ** 15);
  return (text) => {
    const parsed = whole(text);
    if (!parsed.ok) return refused('a whole number');
    return parsed.value < 300 || parsed.value > max ? accepted(initial) : parsed;
  };
}

const someUrl = filled(url);
const someHttpUrl = filled(httpUrl);
const permanentCode = filled(codeUpTo(308, 301));
const temporalCode = filled(codeUpTo(307, 302));
const someBool = filled(bool);

const COMMON = { invalid: 'reject-ingress', empty: 'parsed' } as const;

export default annotation({
  name: 'redirect',
  keys: {
    'permanent-redirect': {
      ...COMMON,
      type: 'url',
      parse: someUrl,
      risk: 'Medium',
      doc: 'Answers every request of the path with a redirect to this URL.',
    },
    'permanent-redirect-code': {
      ...COMMON,
      type: 'int',
      default: '301',
      parse: permanentCode,
      risk: 'Low',
      doc: 'Its status, 300 to 308; only 301, 302, 303, 307 and 308 carry a Location.',
    },
    'temporal-redirect': {
      ...COMMON,
      type: 'url',
      parse: someHttpUrl,
      risk: 'Medium',
      doc: 'As permanent-redirect, with status 302; wins over it.',
    },
    'temporal-redirect-code': {
      ...COMMON,
      type: 'int',
      default: '302',
      parse: temporalCode,
      risk: 'Low',
      doc: 'Its status, 300 to 307.',
    },
    'relative-redirects': {
      ...COMMON,
      type: 'bool',
      default: 'false',
      config: 'relative-redirects',
      parse: someBool,
      risk: 'Low',
      doc: 'Writes redirects to a path of the same host without scheme and host.',
    },
  },
  route(values, draft, { settings, origin, report }) {
    draft.policy.relativeRedirects = settings.relativeRedirects || values['relative-redirects'] === true;
    const temporal = values['temporal-redirect'];
    const permanent = values['permanent-redirect'];
    if (temporal === null && permanent === null) return;
    if (origin === 'catch-all') report(temporal === null ? 'permanent-redirect' : 'temporal-redirect', WITHOUT_EFFECT);
    else if (temporal !== null) {
      draft.policy.redirectTo = { url: temporal, code: values['temporal-redirect-code'] ?? 302 };
    } else if (permanent !== null) {
      draft.policy.redirectTo = { url: permanent, code: values['permanent-redirect-code'] ?? 301 };
    }
  },
});
