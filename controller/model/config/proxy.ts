// Keys about the side of the backends: what a path does when its Ingress says nothing else.
import {
  bool,
  bufferSize,
  cookieDomain,
  cookiePath,
  intBetween,
  locationText,
  nextUpstream,
  oneOf,
  seconds,
  size,
} from '../../feature/parse.ts';
import { key } from './key.ts';
import { nginxDuration, onOff } from './parse.ts';

export const PROXY_KEYS = {
  'proxy-body-size': key(size, 1024 ** 2, 'Largest request body.'),
  'proxy-connect-timeout': key(seconds, 5, 'Seconds to establish a backend connection.'),
  'proxy-send-timeout': key(seconds, 60, 'Longest gap between two writes to a backend, seconds.'),
  'proxy-read-timeout': key(seconds, 60, 'Longest gap between two reads from a backend, seconds.'),
  'proxy-buffering': key(onOff, 'off', 'Buffers responses of backends.'),
  'proxy-request-buffering': key(onOff, 'on', 'Reads the whole request body before a backend is contacted.'),
  'proxy-buffer-size': key(bufferSize, 4096, 'Buffer for the response header, and size of each response buffer.'),
  'proxy-buffers-number': key(intBetween(2, 1024), 4, 'Number of response buffers.'),
  'proxy-busy-buffers-size': key(bufferSize, 0, 'Most that may be busy sending; nginx computes it when absent.'),
  'proxy-max-temp-file-size': key(size, 1024 ** 3, 'Largest temporary file of a buffered response.'),
  'client-body-buffer-size': key(bufferSize, 8192, 'Memory for request bodies; larger ones go to a temporary file.'),
  'proxy-http-version': key(oneOf('1.0', '1.1'), '1.1', 'HTTP version towards backends.'),
  'proxy-next-upstream': key(nextUpstream, ['error', 'timeout'], 'On what a request is tried again (GLOB-01).'),
  'proxy-next-upstream-timeout': key(intBetween(0, 2_000_000), 0, 'Seconds within which further tries may start.'),
  'proxy-next-upstream-tries': key(intBetween(0, 1000), 3, 'Tries in all, the first included; 0 sets no limit.'),
  'retry-non-idempotent': key(bool, false, 'Also tries POST, LOCK and PATCH again after they were sent.'),
  'proxy-redirect-from': key(locationText, 'off', 'Start of Location headers that proxy-redirect-to replaces.'),
  'proxy-redirect-to': key(locationText, 'off', 'What takes its place.'),
  'proxy-cookie-domain': key(cookieDomain, 'off', 'Replaces the Domain of cookies that backends set.'),
  'proxy-cookie-path': key(cookiePath, 'off', 'Replaces the Path of cookies that backends set.'),
  'proxy-add-original-uri-header': key(bool, false, 'Adds X-Original-URI to requests for backends (HDR-04).'),
  'service-upstream': key(bool, false, 'Sends requests to ClusterIPs instead of endpoints.'),
  'upstream-keepalive-connections': key(
    intBetween(0, 100_000),
    320,
    'Idle backend connections that a worker keeps; 0 keeps none.',
  ),
  'upstream-keepalive-time': key(nginxDuration, 3600, 'How long a backend connection is used at most.'),
  'upstream-keepalive-timeout': key(seconds, 60, 'How long they stay idle, seconds.'),
  'upstream-keepalive-requests': key(intBetween(1, 1_000_000), 10_000, 'Requests of one backend connection.'),
  'grpc-buffer-size-kb': key(intBetween(0, 65_536), 0, 'Buffer for gRPC responses, KiB; nginx decides when 0.'),
} as const;
