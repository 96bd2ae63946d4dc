// How many tries after a failed one a backend is given, so that retries cannot multiply an outage. Sluice's own.
import { annotation } from '../feature/contract.ts';
import { intBetween } from '../feature/parse.ts';

export default annotation({
  name: 'retry-budget',
  keys: {
    'proxy-next-upstream-budget': {
      type: 'int',
      default: '20',
      config: 'proxy-next-upstream-budget',
      parse: intBetween(0, 1000),
      risk: 'Low',
      scope: 'backend',
      doc: 'Own: tries after the first, in percent of the requests that the Service port had lately; 10 a second are free. 0 sets no limit.',
    },
  },
  backend({ 'proxy-next-upstream-budget': percent }, draft, { isFirst }) {
    if (isFirst && percent !== null) draft.retryBudget = percent;
  },
});
