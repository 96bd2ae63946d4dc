// Directives in the words of a protocol's module. Features write nginx's proxy_* names; the gRPC and FastCGI modules have many
// of them under their own prefix, and not the others.
import type { Directive, Protocol } from '../model/types.ts';

/** gRPC always streams both ways. */
const NOT_IN_GRPC: ReadonlySet<string> = new Set([
  'proxy_buffering',
  'proxy_request_buffering',
  'proxy_http_version',
  'proxy_max_temp_file_size',
  'proxy_redirect',
  'proxy_buffers',
  'proxy_busy_buffers_size',
  'proxy_cookie_domain',
  'proxy_cookie_path',
]);

const IN_FASTCGI: ReadonlySet<string> = new Set([
  'proxy_buffering',
  'proxy_request_buffering',
  'proxy_buffer_size',
  'proxy_buffers',
  'proxy_busy_buffers_size',
  'proxy_max_temp_file_size',
  'proxy_next_upstream',
  'proxy_next_upstream_timeout',
  'proxy_next_upstream_tries',
  'proxy_intercept_errors',
  'proxy_hide_header',
  'proxy_pass_header',
  'proxy_ignore_headers',
]);

/** Conditions of proxy_next_upstream that FastCGI does not know. */
export const NOT_FASTCGI_CONDITIONS: ReadonlySet<string> = new Set(['http_502', 'http_504']);

/** Those that the protocol's module has; TLS identities are for HTTPS alone, as before. */
export function forProtocol(protocol: Protocol, directives: readonly Directive[]): Directive[] {
  return directives.flatMap((directive): Directive[] => {
    const name = nameFor(protocol, directive.name);
    if (name === null) return [];
    if (name !== 'fastcgi_next_upstream') return [{ name, args: directive.args }];
    const args = directive.args.filter(({ text }) => !NOT_FASTCGI_CONDITIONS.has(text));
    return args.length === 0 ? [] : [{ name, args }];
  });
}

function nameFor(protocol: Protocol, name: string): string | null {
  if (name.startsWith('fastcgi_')) return protocol === 'fcgi' ? name : null;
  if (!name.startsWith('proxy_')) return name;
  switch (protocol) {
    case 'https':
    case 'auto':
      return name;
    case 'http':
      return name.startsWith('proxy_ssl_') ? null : name;
    case 'grpc':
    case 'grpcs':
      return NOT_IN_GRPC.has(name) || name.startsWith('proxy_ssl_') ? null : name.replace('proxy_', 'grpc_');
    case 'fcgi':
      return IN_FASTCGI.has(name) ? name.replace('proxy_', 'fastcgi_') : null;
  }
}
