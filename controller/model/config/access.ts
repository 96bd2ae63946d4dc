// Keys about who may enter. A value that is refused does not leave a door open: the paths that it would guard answer 503.
import {
  authMethod,
  authUrl,
  cacheDurations,
  cacheKey,
  headerNames,
  redirectParameter,
  requestRedirect,
  signinUrl,
} from '../../feature/auth-values.ts';
import { cidrs } from '../../feature/cidr.ts';
import { bool, listOf, type Parser, pathPrefix } from '../../feature/parse.ts';
import { key } from './key.ts';

/** What guards, if anything does; 'refused' where it says something that is not understood. */
export type Guarded<T> = T | null | 'refused';

/** An empty value is none. */
function guarded<T>(parse: Parser<T>): Parser<Guarded<T>> {
  return optional(parse);
}

function optional<T>(parse: Parser<T>): Parser<T | null> {
  return (text) => (text.trim() === '' ? { ok: true, value: null } : parse(text));
}

export const ACCESS_KEYS = {
  'whitelist-source-range': key(guarded(cidrs), null, 'Client addresses that get in (GLOB-05).', 'refused'),
  'denylist-source-range': key(guarded(cidrs), null, 'Client addresses that do not.', 'refused'),
  'no-auth-locations': key(
    listOf(pathPrefix),
    ['/.well-known/acme-challenge'],
    'Paths below which nobody is asked who they are (GLOB-07).',
  ),
  'global-auth-url': key(guarded(authUrl), null, 'Asks this URL about each request (GLOB-08).', 'refused'),
  'global-auth-method': key(guarded(authMethod), null, 'Method of that question.', 'refused'),
  'global-auth-signin': key(optional(signinUrl), null, 'Where a 401 leads.'),
  'global-auth-signin-redirect-param': key(optional(redirectParameter), null, 'Its query parameter, rd by default.'),
  'global-auth-response-headers': key(guarded(headerNames), null, 'Headers that the backend gets.', 'refused'),
  'global-auth-request-redirect': key(guarded(requestRedirect), null, 'X-Auth-Request-Redirect.', 'refused'),
  'global-auth-cache-key': key(optional(cacheKey), null, 'Remembers answers under this value.'),
  'global-auth-cache-duration': key(guarded(cacheDurations), null, 'For how long, by status.', 'refused'),
  'global-auth-always-set-cookie': key(bool, false, 'Its cookies go on responses of every status.'),
} as const;
