// Keys that ingress-nginx does not have.
import { bool } from '../../feature/parse.ts';
import { key } from './key.ts';

export const OWN_KEYS = {
  'passive-ejection': key(bool, true, 'Leaves endpoints out for a while that fail again and again.'),
} as const;
