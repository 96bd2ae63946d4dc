// Canary Ingresses: which requests of a main backend go to another one (CAN-01 to CAN-09; model/canary.ts pairs them).
import { annotation } from '../feature/contract.ts';
import { bool, intBetween, oneOf, textOf } from '../feature/parse.ts';

const basic = textOf(/[A-Za-z0-9._~/: -]/, 'letters, digits and - . _ ~ / :');
const pattern = textOf(
  /[A-Za-z0-9._~/:^$[\](){}*+?|&=\\-]/,
  'a regular expression of letters, digits and - . _ ~ / : ^ $ [ ] ( ) { } * + ? | & = \\',
);
const weight = intBetween(-1e9, 1e9);
const DEFAULT_TOTAL = 100;

export default annotation({
  name: 'canary',
  master: 'canary',
  keys: {
    canary: {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      scope: 'backend',
      doc: 'Makes the Ingress a canary of the one with the same host, path and pathType.',
    },
    'canary-by-header': {
      type: 'string',
      parse: basic,
      risk: 'Medium',
      scope: 'backend',
      doc: 'Header that decides first: "always" goes to the canary, "never" to main.',
    },
    'canary-by-header-value': {
      type: 'string',
      parse: basic,
      risk: 'Medium',
      scope: 'backend',
      doc: 'The value of that header that goes to the canary, in place of "always" and "never".',
    },
    'canary-by-header-pattern': {
      type: 'regex',
      parse: pattern,
      risk: 'Medium',
      scope: 'backend',
      doc: 'The same as a regular expression (PCRE); without effect beside canary-by-header-value.',
    },
    'canary-by-cookie': {
      type: 'string',
      parse: basic,
      risk: 'Medium',
      scope: 'backend',
      doc: 'Cookie that decides after the header: "always" goes to the canary, "never" to main.',
    },
    'canary-weight': {
      type: 'int',
      default: '0',
      parse: weight,
      risk: 'Low',
      scope: 'backend',
      doc: 'Share of the other requests that goes to the canary, out of canary-weight-total.',
    },
    'canary-weight-total': {
      type: 'int',
      default: '100',
      parse: weight,
      risk: 'Low',
      scope: 'backend',
      doc: 'What canary-weight is a share of; values up to 100 mean 100.',
    },
    'affinity-canary-behavior': {
      type: 'enum[sticky,legacy]',
      default: 'sticky',
      parse: oneOf('sticky', 'legacy'),
      risk: 'Low',
      scope: 'backend',
      doc: 'On a canary: sticky keeps sessions where they began, legacy decides anew unless that was main.',
    },
  },
  canary(values, draft) {
    draft.header = values['canary-by-header'] || null; // nothing but blanks names nothing
    draft.headerValue = values['canary-by-header-value'] || null;
    draft.headerPattern = values['canary-by-header-pattern'];
    draft.cookie = values['canary-by-cookie'] || null;
    draft.weight = values['canary-weight'] ?? 0;
    draft.total = Math.max(DEFAULT_TOTAL, values['canary-weight-total'] ?? DEFAULT_TOTAL);
    draft.inherits = values['affinity-canary-behavior'] !== 'legacy';
  },
});
