// $uri: what nginx makes of the path of a request before anything looks at it (ngx_http_parse_complex_uri, merge_slashes on).

/**
 * Escapes decoded, "//" and "/./" as "/", "/a/.." removed; a character stands for a byte. null for what nginx answers with 400:
 * escapes that are none, the byte 0, and paths that climb above "/".
 */
export function normalUri(path: string): string | null {
  const bytes = Buffer.from(path, 'utf8').toString('latin1');
  if (/%(?![0-9a-f]{2})|%00|\0/i.test(bytes)) return null;
  const decoded = bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const kept: string[] = [];
  const segments = decoded.split('/').slice(1);
  for (const segment of segments) {
    if (segment === '..' && kept.pop() === undefined) return null;
    if (segment !== '' && segment !== '.' && segment !== '..') kept.push(segment);
  }
  const last = segments.at(-1);
  const isFolder = last === '' || last === '.' || last === '..';
  return `/${kept.join('/')}${isFolder && kept.length > 0 ? '/' : ''}`;
}
