// Directives in snippets that annotations or ConfigMap keys can say, so that the snippet can go: typed, checked, and no reload.
import { everyStatement, lex, type Statement } from '../../feature/lexer.ts';

/** What to write in place of a directive. */
export interface Suggestion {
  /** The directive as the snippet has it, one line. */
  readonly directive: string;
  /** null: nothing does the same. */
  readonly instead: Instead | null;
}

export interface Instead {
  readonly kind: 'annotation' | 'setting';
  readonly key: string;
  /** null where the value must be thought about. */
  readonly value: string | null;
  /** What to know; '' for nothing. */
  readonly note: string;
}

type Rule = (args: readonly string[]) => Instead | null;

const annotation = (key: string, value: string | null, note = ''): Instead => ({
  kind: 'annotation',
  key,
  value,
  note,
});
const setting = (key: string, value: string | null, note = 'for all Ingresses'): Instead => ({
  kind: 'setting',
  key,
  value,
  note,
});

/** The directive's arguments are the value. */
const same =
  (key: string): Rule =>
  (args) =>
    annotation(key, args.join(' '));
const sameSetting =
  (key: string): Rule =>
  (args) =>
    setting(key, args.join(' '));
/** nginx times as whole seconds: "60s", "1m", "500ms". */
const inSeconds =
  (key: string): Rule =>
  ([time = '']) => {
    const [, number, unit = 's'] = /^(\d+)(ms|s|m|h|d)?$/.exec(time) ?? [];
    const factor = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? 1;
    return annotation(key, number === undefined ? null : String(Math.max(1, Math.round(Number(number) * factor))));
  };

const responseHeader = (name: string, value: string): Instead => {
  const header = name.toLowerCase();
  if (header.startsWith('access-control-'))
    return annotation('enable-cors', 'true', 'with cors-allow-origin and the like');
  if (header === 'strict-transport-security')
    return setting('hsts', 'true', 'with hsts-max-age and the like, for all hosts');
  return annotation(
    'custom-headers',
    null,
    `a ConfigMap with ${name}: ${value}; global-allowed-response-headers must name it`,
  );
};

const backendHeader: Rule = ([name = '', value = '']) => {
  switch (name.toLowerCase()) {
    case 'host':
      return annotation('upstream-vhost', value);
    case 'connection':
      return annotation('connection-proxy-header', value);
    case 'x-forwarded-prefix':
      return annotation('x-forwarded-prefix', value);
    default:
      return setting('proxy-set-headers', null, `a ConfigMap with ${name}: ${value}, for all Ingresses`);
  }
};

const answer: Rule = ([code = '', url]) => {
  if (url === undefined) return /^https?:/.test(code) ? annotation('temporal-redirect', code) : null;
  if (code === '301') return annotation('permanent-redirect', url);
  if (code === '308') return annotation('permanent-redirect', url, 'with permanent-redirect-code: "308"');
  if (code === '302' || code === '303' || code === '307') {
    return annotation('temporal-redirect', url, code === '302' ? '' : `with temporal-redirect-code: "${code}"`);
  }
  return null;
};

const rewrite: Rule = ([pattern = '', target = '', flag]) => {
  if (flag === 'permanent')
    return annotation('permanent-redirect', target, `for the path ${pattern}; captures are not filled in`);
  if (flag === 'redirect' || /^https?:/.test(target)) {
    return annotation('temporal-redirect', target, `for the path ${pattern}; captures are not filled in`);
  }
  return annotation(
    'rewrite-target',
    target,
    `with the path ${pattern.replace(/^\^/, '').replace(/\$$/, '')} and use-regex: "true"`,
  );
};

const RULES: Readonly<Record<string, Rule>> = {
  proxy_set_header: backendHeader,
  grpc_set_header: backendHeader,
  add_header: ([name = '', value = '']) => responseHeader(name, value),
  more_set_headers: (args) => {
    const [name = '', ...value] = (args.at(-1) ?? '').split(':');
    return responseHeader(name.trim(), value.join(':').trim());
  },
  more_clear_headers: sameSetting('hide-headers'),
  proxy_hide_header: sameSetting('hide-headers'),
  return: answer,
  rewrite,
  proxy_connect_timeout: inSeconds('proxy-connect-timeout'),
  proxy_send_timeout: inSeconds('proxy-send-timeout'),
  proxy_read_timeout: inSeconds('proxy-read-timeout'),
  grpc_read_timeout: inSeconds('proxy-read-timeout'),
  grpc_send_timeout: inSeconds('proxy-send-timeout'),
  client_max_body_size: same('proxy-body-size'),
  client_body_buffer_size: same('client-body-buffer-size'),
  proxy_buffering: same('proxy-buffering'),
  proxy_request_buffering: same('proxy-request-buffering'),
  proxy_buffer_size: same('proxy-buffer-size'),
  proxy_buffers: ([number = '', size = '']) =>
    annotation('proxy-buffers-number', number, `with proxy-buffer-size: "${size}"`),
  proxy_busy_buffers_size: same('proxy-busy-buffers-size'),
  proxy_max_temp_file_size: same('proxy-max-temp-file-size'),
  proxy_http_version: same('proxy-http-version'),
  proxy_next_upstream: same('proxy-next-upstream'),
  proxy_next_upstream_timeout: inSeconds('proxy-next-upstream-timeout'),
  proxy_next_upstream_tries: same('proxy-next-upstream-tries'),
  proxy_cookie_domain: same('proxy-cookie-domain'),
  proxy_cookie_path: same('proxy-cookie-path'),
  proxy_redirect: ([from = '', to]) =>
    annotation('proxy-redirect-from', from, to === undefined ? '' : `with proxy-redirect-to: "${to}"`),
  proxy_ssl_name: same('proxy-ssl-name'),
  proxy_ssl_server_name: same('proxy-ssl-server-name'),
  proxy_ssl_verify: same('proxy-ssl-verify'),
  proxy_ssl_verify_depth: same('proxy-ssl-verify-depth'),
  proxy_ssl_ciphers: same('proxy-ssl-ciphers'),
  proxy_ssl_protocols: same('proxy-ssl-protocols'),
  limit_rate: ([rate = '']) =>
    annotation('limit-rate', /^\d+k$/i.test(rate) ? rate.slice(0, -1) : null, 'in kilobytes a second'),
  limit_rate_after: ([size = '']) =>
    annotation('limit-rate-after', /^\d+k$/i.test(size) ? size.slice(0, -1) : null, 'in kilobytes'),
  limit_req: () =>
    annotation('limit-rps', null, 'or limit-rpm, with limit-burst-multiplier; the rate is that of the zone'),
  limit_conn: ([, number = '']) => annotation('limit-connections', number),
  allow: ([address = '']) =>
    address === 'all' ? null : annotation('whitelist-source-range', address, 'all addresses in one list'),
  deny: ([address = '']) =>
    address === 'all'
      ? annotation('whitelist-source-range', null, 'everybody else is kept out')
      : annotation('denylist-source-range', address, 'all addresses in one list'),
  satisfy: same('satisfy'),
  auth_basic: ([realm = '']) =>
    realm === 'off' ? null : annotation('auth-realm', realm, 'with auth-type: basic and auth-secret'),
  auth_basic_user_file: () => annotation('auth-secret', null, 'a Secret with the users, and auth-type: basic'),
  auth_request: () => annotation('auth-url', null, 'the URL of the service'),
  access_log: ([target]) => (target === 'off' ? annotation('enable-access-log', 'false') : null),
  error_page: (args) =>
    annotation(
      'custom-http-errors',
      args.slice(0, -1).join(','),
      'with default-backend: a Service that makes the pages',
    ),
  mirror: () => annotation('mirror-target', null, 'the URL that gets the copies'),
  ssl_ciphers: same('ssl-ciphers'),
  ssl_prefer_server_ciphers: ([value = '']) =>
    annotation('ssl-prefer-server-ciphers', value === 'on' ? 'true' : 'false'),
  gzip: ([value]) => setting('use-gzip', value === 'on' ? 'true' : 'false'),
  gzip_types: sameSetting('gzip-types'),
  gzip_min_length: sameSetting('gzip-min-length'),
  gzip_comp_level: sameSetting('gzip-level'),
  keepalive_timeout: sameSetting('keep-alive'),
  keepalive_requests: sameSetting('keep-alive-requests'),
  large_client_header_buffers: sameSetting('large-client-header-buffers'),
  client_header_timeout: sameSetting('client-header-timeout'),
  client_body_timeout: sameSetting('client-body-timeout'),
  client_header_buffer_size: sameSetting('client-header-buffer-size'),
  server_tokens: ([value]) => setting('server-tokens', value === 'off' ? 'false' : 'true'),
  underscores_in_headers: ([value]) => setting('enable-underscores-in-headers', value === 'on' ? 'true' : 'false'),
  ignore_invalid_headers: ([value]) => setting('ignore-invalid-headers', value === 'on' ? 'true' : 'false'),
  ssl_protocols: sameSetting('ssl-protocols'),
  set_real_ip_from: (args) =>
    setting('proxy-real-ip-cidr', args.join(' '), 'all in one list, with enable-real-ip: "true"'),
  real_ip_header: sameSetting('forwarded-for-header'),
};

/** A suggestion for each directive, in order; null for a text that is no configuration. */
export function suggestionsOf(snippet: string): Suggestion[] | null {
  const lexed = lex(snippet);
  if (!lexed.ok) return null;
  const conditional = new Set(lexed.statements.flatMap(({ block }) => [...everyStatement(block ?? [])]));
  return [...everyStatement(lexed.statements)].map((statement) => {
    const rule = Object.hasOwn(RULES, statement.name) ? RULES[statement.name] : undefined;
    // In an "if" or a "location" it holds for some of the requests only: no annotation does.
    const instead = conditional.has(statement) ? null : (rule?.(statement.args) ?? null);
    return { directive: lineOf(statement), instead };
  });
}

/** Every key that may be suggested, for the test that holds that there are such. */
export function suggestedKeys(): Instead[] {
  const samples: readonly (readonly string[])[] = [
    ['X-A', 'b'],
    ['Host', 'h'],
    ['Connection', 'c'],
    ['X-Forwarded-Prefix', '/p'],
    ['Access-Control-Allow-Origin', '*'],
    ['Strict-Transport-Security', 'x'],
    ['301', '/x'],
    ['302', '/x'],
    ['308', '/x'],
    ['off'],
    ['on'],
    ['10k'],
    ['all'],
    ['10.0.0.0/8'],
    ['a', '/b', 'permanent'],
  ];
  return Object.values(RULES).flatMap((rule) => samples.flatMap((args) => rule(args) ?? []));
}

function lineOf({ name, args, block }: Statement): string {
  return `${[name, ...args].join(' ')}${block === null ? ';' : ' { … }'}`;
}
