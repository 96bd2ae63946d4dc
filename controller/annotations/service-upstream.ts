// The Service's own address in place of its endpoints.
import { annotation } from '../feature/contract.ts';
import { accepted, bool, type Parser, refused } from '../feature/parse.ts';

/** A refused value, an empty one too, means false, not the ConfigMap's value (PARSE-03). */
const boolOrFalse: Parser<boolean> = (text) => {
  if (text === '') return accepted(false);
  const parsed = bool(text);
  return parsed.ok ? parsed : { ...refused(parsed.accepts), instead: false };
};

export default annotation({
  name: 'service-upstream',
  keys: {
    'service-upstream': {
      type: 'bool',
      default: 'false',
      config: 'service-upstream',
      parse: boolOrFalse,
      empty: 'parsed',
      risk: 'Low',
      scope: 'backend',
      doc: 'Sends requests to the ClusterIP of the Service: kube-proxy balances in place of Sluice.',
    },
  },
  backend({ 'service-upstream': value }, draft, { isFirst }) {
    if (isFirst && value !== null) draft.serviceUpstream = value;
  },
});
