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
  },
  backend(values, draft, { isFirst }) {
    if (!isFirst) return;
    const size = values['upstream-hash-by-subset-size'] ?? 0;
    draft.hashBy = values['upstream-hash-by'];
    draft.hashSubset = values['upstream-hash-by-subset'] === true ? (size > 0 ? size : DEFAULT_SIZE) : null;
  },
});
