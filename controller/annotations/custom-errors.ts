// Answers with certain status codes are replaced by what the default backend answers (DEF-06). Which codes nginx intercepts is
// a directive; where the error request goes, and the codes of answers that the router makes, are data.
import { annotation } from '../feature/contract.ts';
import { accepted, bool, type Parser, refused } from '../feature/parse.ts';
import { integer, onOff, word } from '../render/literal.ts';

const ACCEPTS = 'three-digit codes from 400 to 599 between commas, without 499';

const codes: Parser<readonly number[]> = (text) => {
  const words = text.split(',').map((part) => part.trim());
  const known = words.filter((part) => /^[45][0-9]{2}$/.test(part) && part !== '499').map(Number);
  if (known.length === words.length) return accepted([...new Set(known)].sort((a, b) => a - b));
  const onlyCodes = words.every((part) => /^([45][0-9]{2}( +|$))*$/.test(part));
  return onlyCodes ? refused(ACCEPTS, 'drop-group') : refused(ACCEPTS);
};

export default annotation({
  name: 'custom-errors',
  keys: {
    'custom-http-errors': {
      type: 'csv',
      config: 'custom-http-errors',
      parse: codes,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Status codes whose answers, of the backend or of nginx itself, the default backend replaces.',
    },
    'disable-proxy-intercept-errors': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      doc: 'With custom-http-errors: replaces only answers that nginx makes itself, not those of the backend.',
    },
  },
  route({ 'custom-http-errors': own, 'disable-proxy-intercept-errors': disabled }, draft, { settings }) {
    const all = settings.customHttpErrors;
    const wanted = own ?? all;
    if (wanted.length === 0) return;
    draft.policy.errorCodes = wanted;
    // The annotation replaces the ConfigMap's codes, but does not cancel the interception that they switched on.
    const intercepted =
      (own !== null && disabled !== true) || (all.length > 0 && !settings.disableProxyInterceptErrors);
    draft.directives.set('proxy_intercept_errors', onOff(intercepted));
    for (const code of wanted) {
      draft.directives.add('error_page', integer(code), word('='), word(`@error_${code}`));
    }
  },
});
