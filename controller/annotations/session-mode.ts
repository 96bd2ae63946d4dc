// What a session cookie stands for: a place on the ring, or the endpoint itself.
import { annotation } from '../feature/contract.ts';
import { oneOf } from '../feature/parse.ts';

const mode = oneOf('balanced', 'persistent');

export default annotation({
  name: 'affinity-mode',
  keys: {
    'affinity-mode': {
      type: 'enum[balanced,persistent]',
      default: 'balanced',
      parse: mode,
      risk: 'Medium',
      scope: 'backend',
      doc: 'balanced moves some sessions when endpoints come; persistent only those whose endpoint goes.',
    },
  },
  backend({ 'affinity-mode': value }, draft, { isCanary }) {
    if (!isCanary) draft.affinityMode ??= value;
  },
});
