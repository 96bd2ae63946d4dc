// Keys about the side of the clients: connections, headers, what is believed of them, and whom not to serve.
import { cidrs } from '../../feature/cidr.ts';
import { bool, intBetween, listOf, size } from '../../feature/parse.ts';
import { key } from './key.ts';
import { address, buffers, count, headerName, line } from './parse.ts';

export const CLIENT_KEYS = {
  'use-forwarded-headers': key(bool, false, 'Believes X-Forwarded-* of clients (HDR-03, GLOB-05).'),
  'compute-full-forwarded-for': key(bool, false, 'Appends to X-Forwarded-For instead of replacing it (HDR-02).'),
  'enable-real-ip': key(bool, false, 'Takes the client address from forwarded-for-header, and believes nothing else.'),
  'proxy-real-ip-cidr': key(cidrs, ['0.0.0.0/0', '::/0'], 'Networks whose word on the client address counts.'),
  'forwarded-for-header': key(headerName, 'X-Forwarded-For', 'Header that carries the client address.'),
  'forwarded-host-header': key(headerName, 'X-Forwarded-Host', 'Header sent on as X-Original-Forwarded-Host.'),
  'use-proxy-protocol': key(bool, false, 'Expects the PROXY protocol on the HTTP and HTTPS ports.'),
  'generate-request-id': key(bool, true, 'Makes an X-Request-ID where the client sent none (HDR-02).'),
  'enable-underscores-in-headers': key(bool, false, 'Passes headers with underscores in their names (HDR-06).'),
  'ignore-invalid-headers': key(bool, true, 'Drops headers with invalid names (HDR-06).'),
  'use-http2': key(bool, true, 'Offers HTTP/2 over TLS, and without TLS where nginx can.'),
  'http2-max-concurrent-streams': key(intBetween(1, 100_000), 128, 'Requests at once on one HTTP/2 connection.'),
  'bind-address': key(listOf(address), [], 'Addresses to listen on; all when empty.'),
  'disable-ipv6': key(bool, false, 'Does not listen on IPv6.'),
  'disable-ipv6-dns': key(bool, false, 'Looks up no IPv6 addresses of ExternalName Services.'),
  'reuse-port': key(bool, true, 'Gives each worker its own listening socket.'),
  'keep-alive': key(count, 75, 'Idle time of client connections, seconds; 0 closes each after its request.'),
  'keep-alive-requests': key(intBetween(1, 1_000_000), 1000, 'Requests of one client connection.'),
  'client-header-timeout': key(intBetween(1, 86_400), 60, 'Seconds to receive the request header.'),
  'client-body-timeout': key(intBetween(1, 86_400), 60, 'Longest gap between two reads of the request body, seconds.'),
  'client-header-buffer-size': key(size, 1024, 'Buffer for the request header.'),
  'large-client-header-buffers': key(buffers, [4, 8], 'Number and size of the buffers for long request headers.'),
  'block-cidrs': key(cidrs, [], 'Networks that get 403 everywhere.'),
  'block-user-agents': key(listOf(line), [], 'User-Agents that get 403: exact texts, or ~regex and ~*regex.'),
  'block-referers': key(listOf(line), [], 'Referers that get 403: exact texts, or ~regex and ~*regex.'),
  'nginx-status-ipv4-whitelist': key(cidrs, ['127.0.0.0/8'], 'Networks from which /nginx_status is shown (HOST-15).'),
  'nginx-status-ipv6-whitelist': key(cidrs, ['::1/128'], 'The same, IPv6.'),
} as const;
