// Keys about the side of the clients: connections, headers, what is believed of them, logs, and the workers themselves.
import { bool, intBetween, oneOf } from '../../feature/parse.ts';
import { key } from './key.ts';
import { count, nginxDuration, workers } from './parse.ts';

export const CLIENT_KEYS = {
  'use-forwarded-headers': key(bool, false, 'Believes X-Forwarded-* of clients (HDR-03, GLOB-05).'),
  'compute-full-forwarded-for': key(bool, false, 'Appends to X-Forwarded-For instead of replacing it (HDR-02).'),
  'generate-request-id': key(bool, true, 'Makes an X-Request-ID where the client sent none (HDR-02).'),
  'enable-underscores-in-headers': key(bool, false, 'Passes headers with underscores in their names (HDR-06).'),
  'ignore-invalid-headers': key(bool, true, 'Drops headers with invalid names (HDR-06).'),
  'use-http2': key(bool, true, 'Offers HTTP/2 over TLS, and without TLS where nginx can.'),
  'disable-access-log': key(bool, false, 'Writes no access log.'),
  'enable-access-log-for-default-backend': key(bool, false, 'Logs requests that no Ingress serves (DEF-07).'),
  'error-log-level': key(
    oneOf('debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'),
    'notice',
    'Level of the error log.',
  ),
  'disable-ipv6': key(bool, false, 'Does not listen on IPv6.'),
  'worker-processes': key(workers, 0, 'Number of nginx workers; "auto" is one a core.'),
  'max-worker-connections': key(intBetween(16, 1_000_000), 16384, 'Connections that one worker holds at most.'),
  'worker-shutdown-timeout': key(nginxDuration, 240, 'How long old workers may finish what they serve.'),
  'keep-alive': key(count, 75, 'Idle time of client connections, seconds; 0 closes each after its request.'),
  'keep-alive-requests': key(intBetween(1, 1_000_000), 1000, 'Requests of one client connection.'),
} as const;
