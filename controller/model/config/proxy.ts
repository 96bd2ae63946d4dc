// Keys about the side of the backends: what a path does when its Ingress says nothing else.
import { bool, intBetween, oneOf, seconds, size } from '../../feature/parse.ts';
import { key } from './key.ts';
import { onOff } from './parse.ts';

export const PROXY_KEYS = {
  'proxy-body-size': key(size, 1024 ** 2, 'Largest request body.'),
  'proxy-connect-timeout': key(seconds, 5, 'Seconds to establish a backend connection.'),
  'proxy-send-timeout': key(seconds, 60, 'Longest gap between two writes to a backend, seconds.'),
  'proxy-read-timeout': key(seconds, 60, 'Longest gap between two reads from a backend, seconds.'),
  'proxy-buffering': key(onOff, 'off', 'Buffers responses of backends.'),
  'proxy-request-buffering': key(onOff, 'on', 'Reads the whole request body before a backend is contacted.'),
  'proxy-add-original-uri-header': key(bool, false, 'Adds X-Original-URI to requests for backends (HDR-04).'),
  'service-upstream': key(bool, false, 'Sends requests to ClusterIPs instead of endpoints.'),
  'load-balance': key(oneOf('round_robin', 'ewma'), 'round_robin', 'How requests are spread over endpoints.'),
  'upstream-keepalive-connections': key(intBetween(1, 100_000), 320, 'Idle backend connections that a worker keeps.'),
  'upstream-keepalive-timeout': key(seconds, 60, 'How long they stay idle, seconds.'),
  'upstream-keepalive-requests': key(intBetween(1, 1_000_000), 10_000, 'Requests of one backend connection.'),
} as const;
