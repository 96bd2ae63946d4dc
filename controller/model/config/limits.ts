// Keys about limits: how much one client may ask.
import { accepted, intBetween, type Parser, refused } from '../../feature/parse.ts';
import { isRequestVariable } from '../../feature/template.ts';
import { key } from './key.ts';
import { count } from './parse.ts';

const statusCode: Parser<number> = intBetween(400, 599);

/** "$name", or "${name}", of a variable about the request; the value is the name. */
const variable: Parser<string> = (text) => {
  const [, bare, braced] = /^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})$/.exec(text.trim()) ?? [];
  const name = bare ?? braced ?? '';
  return isRequestVariable(name) ? accepted(name) : refused('one nginx variable about the request');
};

export const LIMIT_KEYS = {
  'limit-req-status-code': key(statusCode, 503, 'Status for requests over limit-rps or limit-rpm (GLOB-04).'),
  'limit-conn-status-code': key(statusCode, 503, 'Status for requests over limit-connections (GLOB-04).'),
  'limit-conn-zone-variable': key(variable, 'binary_remote_addr', 'What all limits count by (GLOB-04).'),
  'limit-rate': key(count, 0, 'Bandwidth of each response, KiB per second.'),
  'limit-rate-after': key(count, 0, 'KiB of each response before that applies.'),
} as const;
