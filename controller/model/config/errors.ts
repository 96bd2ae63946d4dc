// Keys about answers with an error status.
import { accepted, bool, type Parser, refused } from '../../feature/parse.ts';
import { key } from './key.ts';

/** Codes that nginx can replace: 300 to 599, its own 499 ("the client has gone") excepted. The others are dropped. */
const errorCodes: Parser<readonly number[]> = (text) => {
  const words = text.split(',').map((word) => word.trim());
  const codes = words.filter((word) => /^[345][0-9]{2}$/.test(word) && word !== '499').map(Number);
  const others = words.filter((word) => word !== '' && !codes.includes(Number(word)));
  const sorted = [...new Set(codes)].sort((a, b) => a - b);
  if (others.length === 0) return accepted(sorted);
  const accepts = 'status codes from 300 to 599 between commas, without 499';
  return sorted.length === 0 ? refused(accepts) : accepted(sorted, `${others.join(', ')} left out: ${accepts}`);
};

export const ERROR_KEYS = {
  'custom-http-errors': key(errorCodes, [], 'Status codes whose answers the default backend replaces (DEF-06).'),
  'disable-proxy-intercept-errors': key(
    bool,
    false,
    'Replaces only the answers that nginx makes itself, not those of backends.',
  ),
} as const;
