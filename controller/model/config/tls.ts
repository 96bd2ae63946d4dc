// Keys about TLS towards clients, and the redirects to it.
import { cipherList } from '../../feature/ciphers.ts';
import { accepted, bool, intBetween, listOf, type Parser, pathPrefix, size } from '../../feature/parse.ts';
import { key } from './key.ts';
import { nginxDuration, oneWord, redirectCode, words } from './parse.ts';

const CIPHERS =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256';

const protocol = words(/SSLv2|SSLv3|TLSv1|TLSv1\.1|TLSv1\.2|TLSv1\.3/, 'TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, with blanks');
const curves = oneWord(/[A-Za-z0-9:_-]/, '"auto", or names of curves with ":" between them');

const ciphers: Parser<string> = (text) => (text === '' ? accepted('') : cipherList('tokens')(text));

export const TLS_KEYS = {
  'ssl-ciphers': key(ciphers, CIPHERS, 'Ciphers for TLS 1.2 and below; empty leaves them to OpenSSL (TLS-11).'),
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
  'ssl-protocols': key(protocol, ['TLSv1.2', 'TLSv1.3'], 'TLS versions.'),
  'ssl-ecdh-curve': key(curves, 'auto', 'Curves for the key exchange.'),
  'ssl-early-data': key(bool, false, 'Accepts TLS 1.3 early data, which can be replayed.'),
  'ssl-session-cache': key(bool, true, 'Keeps TLS sessions, shared by the workers.'),
  'ssl-session-cache-size': key(size, 10 * 1024 ** 2, 'Memory for them.'),
  'ssl-session-timeout': key(nginxDuration, 600, 'How long a session can be resumed.'),
  'ssl-session-tickets': key(bool, false, 'Lets clients keep sessions in tickets (TLS-11).'),
  'ssl-buffer-size': key(size, 4096, 'Size of TLS records.'),
} as const;
