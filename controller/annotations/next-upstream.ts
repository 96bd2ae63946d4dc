// When a request is tried again on another endpoint (GLOB-01). How often is data; on what, and for how long, nginx has only as
// directives.
import { annotation } from '../feature/contract.ts';
import { intBetween, nextUpstream } from '../feature/parse.ts';
import { integer, word } from '../render/literal.ts';

export default annotation({
  name: 'next-upstream',
  keys: {
    'proxy-next-upstream': {
      type: 'string',
      default: 'error timeout',
      config: 'proxy-next-upstream',
      parse: nextUpstream,
      risk: 'Medium',
      doc: 'On what a request is tried on another endpoint: error, timeout, http_502 … separated by single blanks; off for never.',
    },
    'proxy-next-upstream-timeout': {
      type: 'duration-seconds',
      default: '0',
      config: 'proxy-next-upstream-timeout',
      parse: intBetween(0, 2_000_000),
      risk: 'Low',
      doc: 'Seconds within which further tries may start; 0 sets no limit.',
    },
    'proxy-next-upstream-tries': {
      type: 'int',
      default: '3',
      config: 'proxy-next-upstream-tries',
      parse: intBetween(0, 1000),
      risk: 'Low',
      doc: 'Tries in all, the first included; 0 sets no limit.',
    },
  },
  route(values, draft, { settings }) {
    const {
      'proxy-next-upstream': conditions,
      'proxy-next-upstream-timeout': timeout,
      'proxy-next-upstream-tries': tries,
    } = values;
    if (conditions !== null) {
      const more = settings.retryNonIdempotent ? ['non_idempotent'] : [];
      draft.directives.set('proxy_next_upstream', ...[...new Set([...conditions, ...more])].map(word));
    }
    if (timeout !== null) draft.directives.set('proxy_next_upstream_timeout', integer(timeout, 's'));
    draft.policy.tries = tries ?? settings.proxyNextUpstreamTries;
  },
});
