// Requests with the same text go to the same endpoint, or to the same few of them.
import { annotation } from '../feature/contract.ts';
import { bool, intBetween, type Parser, refused } from '../feature/parse.ts';
import { templateOf } from '../feature/template.ts';

const DEFAULT_SIZE = 3;

/** An explicit empty value of one of these drops them all (PARSE-03). */
function orDrop<T>(parse: Parser<T>): Parser<T> {
  return (text) => (text === '' ? refused('not empty', 'drop-group') : parse(text));
}

const isSubset = orDrop(bool);
const subsetSize = orDrop(intBetween(-1e9, 1e9));

const loadFactor: Parser<number> = (text) => {
  const parsed = intBetween(0, 10_000)(text);
  return parsed.ok && parsed.value > 0 && parsed.value <= 100 ? refused('0, or 101 to 10000') : parsed;
};

export default annotation({
  name: 'upstream-hash-by',
  keys: {
    'upstream-hash-by': {
      type: 'string',
      parse: templateOf(/[A-Za-z0-9_{} -]/, 'letters, digits, - and _'),
      risk: 'High',
      scope: 'backend',
      invalid: 'reject-ingress',
      doc: 'Text with nginx variables; requests with the same text go to the same endpoint.',
    },
    'upstream-hash-by-subset': {
      type: 'bool',
      default: 'false',
      parse: isSubset,
      empty: 'parsed',
      risk: 'Low',
      scope: 'backend',
      invalid: 'reject-ingress',
      doc: 'Spreads the requests of one text over several endpoints instead of one.',
    },
    'upstream-hash-by-subset-size': {
      type: 'int',
      default: '3',
      parse: subsetSize,
      empty: 'parsed',
      risk: 'Low',
      scope: 'backend',
      invalid: 'reject-ingress',
      doc: 'How many endpoints that are; 0 means 3.',
    },
    'upstream-hash-by-load-factor': {
      type: 'int',
      default: '0',
      parse: loadFactor,
      risk: 'Low',
      scope: 'backend',
      doc: 'Own: the most that an endpoint gets of the requests under way, in percent of the mean (above 100); the next endpoint takes what is over it. 0 sets no bound; without effect on subsets.',
    },
  },
  backend(values, draft, { isFirst }) {
    if (!isFirst) return;
    draft.hashLoadFactor = values['upstream-hash-by-load-factor'] || null;
    const size = values['upstream-hash-by-subset-size'] ?? 0;
    draft.hashBy = values['upstream-hash-by'];
    draft.hashSubset = values['upstream-hash-by-subset'] === true ? (size > 0 ? size : DEFAULT_SIZE) : null;
  },
});
