// Memory for request bodies.
import { annotation } from '../feature/contract.ts';
import { accepted, bufferSize, type Parser, refused } from '../feature/parse.ts';
import { integer } from '../render/literal.ts';

/** "b" and "g" were accepted without effect (docs/spec/annotations.yaml). */
const sizeOrNothing: Parser<number | 'none'> = (text) => {
  if (/^[0-9]+[bg]$/i.test(text.trim())) return accepted('none');
  const parsed = bufferSize(text);
  return parsed.ok ? parsed : refused(parsed.accepts);
};

export default annotation({
  name: 'client-body-buffer-size',
  keys: {
    'client-body-buffer-size': {
      type: 'size',
      default: '8k',
      config: 'client-body-buffer-size',
      parse: sizeOrNothing,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Memory for the request body; larger ones go to a temporary file.',
    },
  },
  route({ 'client-body-buffer-size': bytes }, draft) {
    if (bytes !== null && bytes !== 'none') draft.directives.set('client_body_buffer_size', integer(bytes));
  },
});
