// The parameters that every FastCGI backend gets, as nginx's own file fastcgi_params has them: it may not be installed.
import type { Directive } from '../model/types.ts';
import { CLIENT_CERTIFICATE_HEADERS } from './client-certificate.ts';
import { quoted, word } from './literal.ts';

const STOCK: readonly (readonly [name: string, value: string, condition?: 'if_not_empty'])[] = [
  ['QUERY_STRING', '$query_string'],
  ['REQUEST_METHOD', '$request_method'],
  ['CONTENT_TYPE', '$content_type'],
  ['CONTENT_LENGTH', '$content_length'],
  ['SCRIPT_NAME', '$fastcgi_script_name'],
  ['REQUEST_URI', '$request_uri'],
  ['DOCUMENT_URI', '$document_uri'],
  ['DOCUMENT_ROOT', '/etc/nginx/html'], // where the old controller's was; nothing is there
  ['SERVER_PROTOCOL', '$server_protocol'],
  ['REQUEST_SCHEME', '$scheme'],
  ['HTTPS', '$https', 'if_not_empty'],
  ['GATEWAY_INTERFACE', 'CGI/1.1'],
  ['SERVER_SOFTWARE', 'nginx/$nginx_version'],
  ['REMOTE_ADDR', '$remote_addr'],
  ['REMOTE_PORT', '$remote_port'],
  ['SERVER_ADDR', '$server_addr'],
  ['SERVER_PORT', '$server_port'],
  ['SERVER_NAME', '$host'],
  ['REDIRECT_STATUS', '200'],
  // Headers that clients must not set: for CGI programs HTTP_PROXY is a setting of their own.
  ['HTTP_PROXY', ''],
  ...CLIENT_CERTIFICATE_HEADERS.map(
    ([name, value]) => [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value] as const,
  ),
];

/** The directives of a profile with these parameters before its own; one that it sets itself is left out. */
export function withStockParameters(directives: readonly Directive[]): Directive[] {
  const own = new Set(directives.flatMap(({ name, args }) => (name === 'fastcgi_param' ? String(args[0]) : [])));
  const stock = STOCK.filter(([name]) => !own.has(name)).map(([name, value, condition]) => ({
    name: 'fastcgi_param',
    args: [word(name), quoted(value), ...(condition === undefined ? [] : [word(condition)])],
  }));
  return [...stock, ...directives];
}
