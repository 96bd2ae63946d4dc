// The backends of benchmarks: a plain nginx whose every port answers with its own name, and costs next to nothing.
import type { Address } from '../../test/support/objects.ts';
import { freePorts } from '../../test/support/ports.ts';
import { type PlainNginx, startPlainNginx } from './plain-nginx.ts';

export interface NamedBackends extends PlainNginx {
  /** A port for each name, in order. */
  readonly ports: readonly number[];
}

export function onLoopback(ports: readonly number[]): Address[] {
  return ports.map((port) => ({ address: '127.0.0.1', port }));
}

/** What `/bench-seen` answers: the headers that the proxies under test send. */
const SEEN = [
  'host',
  'connection',
  'upgrade',
  'x_request_id',
  'x_real_ip',
  'x_forwarded_for',
  'x_forwarded_host',
  'x_forwarded_port',
  'x_forwarded_proto',
  'x_forwarded_scheme',
  'x_scheme',
  'x_original_forwarded_for',
  'x_original_forwarded_host',
];

/** Starts a backend for each name, on loopback addresses. */
export async function startBackends(
  binary: string,
  names: readonly string[],
  addresses: readonly string[] = ['127.0.0.1'],
): Promise<NamedBackends> {
  const ports = await freePorts(names.length);
  const servers = names.map(
    (name, index) => `  server {
${addresses.map((address) => `    listen ${address}:${ports[index]};`).join('\n')}
    location / { return 200 ${name}; }
    location = /bench-seen { return 200 "${SEEN.map((header) => `${header}: $http_${header}`).join('|')}"; }
  }`,
  );
  const http = `  access_log off;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  default_type text/plain;
${servers.join('\n')}`;
  return { ...(await startPlainNginx({ binary, http, port: ports[0] ?? 0 })), ports };
}
