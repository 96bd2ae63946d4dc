// Whether requests of the path are in the access log.
import { annotation } from '../feature/contract.ts';
import { bool } from '../feature/parse.ts';

export default annotation({
  name: 'access-log',
  keys: {
    'enable-access-log': {
      type: 'bool',
      default: 'true',
      parse: bool,
      risk: 'Low',
      doc: '"false" leaves the requests of the paths out of the access log; it does not bring back a log that is off.',
    },
  },
  route({ 'enable-access-log': logged }, draft) {
    if (logged === false) draft.policy.accessLog = false;
  },
});
