// Keys about TLS towards clients, and the redirects to it.
import { bool, intBetween, listOf, pathPrefix } from '../../feature/parse.ts';
import { key } from './key.ts';
import { redirectCode } from './parse.ts';

export const TLS_KEYS = {
  'ssl-redirect': key(bool, true, 'Redirects HTTP to HTTPS on hosts with TLS (TLS-08).'),
  'force-ssl-redirect': key(bool, false, 'Redirects HTTP to HTTPS on every host (TLS-08).'),
  'preserve-trailing-slash': key(bool, false, 'Keeps the final "/" in that redirect (TLS-09).'),
  'http-redirect-code': key(redirectCode, 308, 'Status of that redirect.'),
  'use-port-in-redirects': key(bool, false, 'Puts the port into redirects.'),
  'relative-redirects': key(bool, false, 'Writes redirects to a path of the same host without scheme and host.'),
  'no-tls-redirect-locations': key(
    listOf(pathPrefix),
    ['/.well-known/acme-challenge'],
    'Paths below which nothing is redirected to HTTPS.',
  ),
  hsts: key(bool, true, 'Sends Strict-Transport-Security on HTTPS (TLS-12).'),
  'hsts-max-age': key(intBetween(0, 10 ** 10), 31_536_000, 'Its max-age, seconds.'),
  'hsts-include-subdomains': key(bool, true, 'Adds includeSubDomains to it.'),
  'hsts-preload': key(bool, false, 'Adds preload to it.'),
  'ssl-reject-handshake': key(bool, false, 'Refuses handshakes for names without a certificate (TLS-06).'),
} as const;
