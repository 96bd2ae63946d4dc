// The configuration of a plain nginx that stands beside Sluice: what Sluice's own says, without Lua, and directives in its place.
import type { Address } from '../../test/support/objects.ts';

/** Items of Sluice's http block that a plain nginx does not have: Lua and what names its variables, and what it has its own of. */
const NOT_PLAIN = /^\s*(upstream|server|log_format|map \$no_log) |^\s*\w*_temp_path |\blua_|_by_lua/;

/**
 * The `http` block of a plain nginx: what Sluice's own configuration says at http level (headers, maps, timeouts, logs),
 * without Lua, and what its Lua does for this route as directives.
 */
export function plainConfig(
  sluice: string,
  port: number,
  own: { readonly http: string; readonly location: string },
): string {
  const items = httpItems(sluice).filter((item) => !NOT_PLAIN.test(item));
  if (!items.some((item) => item.includes('proxy_set_header'))) throw new Error('nginx.conf of Sluice has no headers');
  // Maps and headers read them; for plain nginx they stay empty.
  const variables = [...new Set(sluice.match(/^ *set \$\w+ "";$/gm) ?? [])];
  return `${items.join('\n')}
${own.http}
  server {
    listen ${port} default_server reuseport backlog=511;
    server_name _;
    location = //variables {
${variables.join('\n')}
    }
${own.location}
  }`;
}

/** What every location of plain nginx does, as a route of Sluice without annotations. */
export const plainProxy = (upstream: string): string => `      client_max_body_size 1m;
      proxy_connect_timeout 5s;
      proxy_send_timeout 60s;
      proxy_read_timeout 60s;
      proxy_pass http://${upstream};`;

/** An upstream as Sluice keeps its connections. */
export function plainUpstream(name: string, servers: readonly Address[], method = ''): string {
  return `  upstream ${name} {
${method}
${servers.map(({ address, port }) => `    server ${address}:${port};`).join('\n')}
    keepalive 320;
    keepalive_timeout 60s;
    keepalive_requests 10000;
    keepalive_time 1h;
  }`;
}

/** The directives and blocks right below `http`; templates indent by two blanks. */
function httpItems(config: string): string[] {
  const body = config.slice(config.indexOf('\nhttp {') + '\nhttp {\n'.length);
  const items: string[] = [];
  for (const line of body.split('\n')) {
    if (line.trim() === '' || line.trim().startsWith('#') || line === '}') continue;
    if (/^ {2}[^\s}]/.test(line)) items.push(line);
    else items.push(`${items.pop() ?? ''}\n${line}`);
  }
  return items;
}
