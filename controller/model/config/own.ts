// Keys that ingress-nginx does not have.
import { bool, intBetween } from '../../feature/parse.ts';
import { key } from './key.ts';

export const OWN_KEYS = {
  'passive-ejection': key(bool, true, 'Leaves endpoints out for a while that fail again and again.'),
  'proxy-next-upstream-budget': key(
    intBetween(0, 1000),
    20,
    'Tries after the first, in percent of the requests that a Service port had lately; 0 sets no limit.',
  ),
} as const;
