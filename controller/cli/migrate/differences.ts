// Where Sluice differs from ingress-nginx on purpose, by the annotation, ConfigMap key or flag that it concerns. The facts are those
// of docs/differences.md: `row` is the beginning of the line there, and a test holds that there is one.

export interface Difference {
  readonly row: string;
  /** Without the prefix; a "*" at the end stands for anything. */
  readonly annotations: readonly string[];
  readonly settings: readonly string[];
  /** Whether this value is concerned; all are, unless told. */
  when(value: string): boolean;
  /** What was, and what is now. */
  readonly text: string;
}

type Concerned = Partial<Pick<Difference, 'annotations' | 'settings' | 'when'>>;

function differs(row: string, text: string, concerned: Concerned): Difference {
  return { row, text, annotations: [], settings: [], when: () => true, ...concerned };
}

const hasVariable = (value: string): boolean => value.includes('$');

export const DIFFERENCES: readonly Difference[] = [
  differs(
    'A pattern that backtracks without end',
    'a pattern that backtracks without end is given up: 500 for that request',
    {
      annotations: ['use-regex', 'rewrite-target'],
      when: (value) => value !== 'false',
    },
  ),
  differs(
    'Dot segments that captures',
    'results with dot segments (/api../admin), or without "/" in front, answer 400',
    {
      annotations: ['rewrite-target'],
      when: hasVariable,
    },
  ),
  differs(
    'app-root, redirects to a path',
    'behind a proxy that ends TLS the redirect has the forwarded scheme where use-forwarded-headers trusts it',
    {
      annotations: ['app-root'],
    },
  ),
  differs('One alias on two hosts', 'an alias that two hosts want belongs to the older Ingress, with a Problem', {
    annotations: ['server-alias'],
  }),
  differs('Sticky sessions of draining endpoints', 'sessions stay with an endpoint that drains as long as it serves', {
    annotations: ['affinity'],
    when: (value) => value === 'cookie',
  }),
  differs('`upstream-hash-by-subset`', 'subsets follow the text on the ring: other endpoints than before, once', {
    annotations: ['upstream-hash-by-subset'],
    when: (value) => value === 'true',
  }),
  differs('`load-balance: ewma`', 'measures the time until the answer begins, and a failed try counts as slow', {
    annotations: ['load-balance'],
    settings: ['load-balance'],
    when: (value) => value === 'ewma',
  }),
  differs(
    'Several canaries of one backend',
    'all canaries of a backend count, not only the oldest; one of another namespace is not served',
    {
      annotations: ['canary'],
      when: (value) => value === 'true',
    },
  ),
  differs(
    '`cors-allow-origin`',
    'an origin must match at both ends: evilhttps://a.com no longer passes for https://a.com',
    {
      annotations: ['cors-allow-origin'],
      when: (value) => value.trim() !== '*',
    },
  ),
  differs('Preflight answers (204)', 'preflight answers have no Content-Type and no Content-Length', {
    annotations: ['enable-cors'],
    when: (value) => value === 'true',
  }),
  differs('Headers of error requests', 'backends of error pages see the usual headers beside those of the list', {
    annotations: ['custom-http-errors'],
    settings: ['custom-http-errors'],
  }),
  differs('`limit-*` counters', 'counters go by namespace and name: an Ingress that is made anew goes on counting', {
    annotations: ['limit-rps', 'limit-rpm', 'limit-connections'],
  }),
  differs('`limit-conn-zone-variable`', 'only variables about the request', { settings: ['limit-conn-zone-variable'] }),
  differs('Addresses of mirrors', 'copies are not sent to link-local, multicast, unspecified and loopback addresses', {
    annotations: ['mirror-target'],
  }),
  differs(
    '`custom-headers` in another namespace',
    'a ConfigMap of another namespace only with allow-cross-namespace-resources',
    {
      annotations: ['custom-headers'],
      when: (value) => value.includes('/'),
    },
  ),
  differs(
    '`proxy-set-headers` that name one of our own',
    'a header that the controller sets is replaced, not sent twice; Host and headers of the connection are refused',
    {
      settings: ['proxy-set-headers'],
    },
  ),
  differs('ConfigMaps of `custom-headers`', 'edits of the ConfigMap are live at once, without a reload', {
    settings: ['add-headers', 'proxy-set-headers'],
  }),
  differs('`auth-realm: "off"`', 'a realm like any other: it no longer opens the location', {
    annotations: ['auth-realm'],
    when: (value) => value === 'off',
  }),
  differs(
    'X-Forwarded-Host, -Port',
    'the service gets no X-Forwarded-… headers of clients, unless use-forwarded-headers trusts them',
    {
      annotations: ['auth-url'],
      settings: ['global-auth-url'],
    },
  ),
  differs('Timeouts of the question', 'the service has 5 s to be connected and 60 s to answer', {
    annotations: ['auth-url'],
    settings: ['global-auth-url'],
  }),
  differs('auth-url with a host in', 'the host that the request was routed by stands for $http_host', {
    annotations: ['auth-url'],
    when: (value) => /\$\{?(best_)?http_host\b/.test(value),
  }),
  differs(
    'auth-keepalive*',
    'without effect: connections to http services are kept where answers have no body, those over TLS are not',
    {
      annotations: ['auth-keepalive*'],
    },
  ),
  differs('Cache of auth answers', 'answers are kept in shared memory of 16 MB; Vary other than * is not looked at', {
    annotations: ['auth-cache-key'],
    settings: ['global-auth-cache-key'],
  }),
  differs('auth-request-redirect, auth-proxy-set-headers', 'variables are filled in', {
    annotations: ['auth-request-redirect'],
    when: hasVariable,
  }),
  differs('Values of `global-auth-*`', 'a value that is not understood closes the paths that it would guard (503)', {
    settings: ['global-auth-*', 'whitelist-source-range', 'denylist-source-range'],
  }),
  differs('`auth-snippet`', 'a directive or header that the question has anyway: that of the snippet holds', {
    annotations: ['auth-snippet'],
  }),
  differs(
    '`proxy_set_header` in a snippet',
    'proxy_set_header takes the place of a header that the controller sets, instead of being sent twice',
    {
      annotations: ['configuration-snippet'],
      when: (value) => value.includes('proxy_set_header'),
    },
  ),
  differs(
    'Snippets with a `location`',
    'the host gets a server of its own (native mode): another path is a reload there',
    {
      annotations: ['configuration-snippet', 'server-snippet'],
      when: (value) => /\b(location|alias)\b|proxy_pass\s+\S+:\/\/[^/\s;]+\//.test(value),
    },
  ),
  differs('`server-snippet` and `app-root`', 'app-root and blocked clients are answered before the snippet', {
    annotations: ['server-snippet'],
  }),
  differs('`server-snippet` of the ConfigMap', 'a location in it wins over paths of hosts, whatever their length', {
    settings: ['server-snippet'],
    when: (value) => /\blocation\b/.test(value),
  }),
  differs(
    'Texts of the ConfigMap that nginx refuses',
    'a text that nginx refuses is left out with a Problem; everything else goes on',
    {
      settings: [
        'main-snippet',
        'http-snippet',
        'server-snippet',
        'location-snippet',
        'log-format-upstream',
        'access-log-params',
      ],
    },
  ),
  differs(
    '`auth-tls-secret` whose Secret has no',
    'without ca.crt in the Secret the whole host answers 403, instead of letting everybody in',
    {
      annotations: ['auth-tls-secret'],
    },
  ),
  differs('Sessions of hosts with client certificates', 'TLS sessions are never resumed there', {
    annotations: ['auth-tls-secret'],
  }),
  differs('`auth-tls-match-cn`', 'what RE2 knows, matched with a limit', { annotations: ['auth-tls-match-cn'] }),
  differs(
    '`proxy-ssl-verify` whose Secret',
    'without ca.crt in the Secret the paths answer 503, instead of not verifying',
    {
      annotations: ['proxy-ssl-verify'],
      when: (value) => value === 'on',
    },
  ),
  differs('`proxy-ssl-name` with variables', 'each connection is for one request', {
    annotations: ['proxy-ssl-name'],
    when: hasVariable,
  }),
  differs(
    'HTTPS backends with different',
    'idle connections are not shared between different TLS policies: more of them',
    {
      annotations: ['proxy-ssl-secret'],
    },
  ),
  differs(
    'FastCGI: `SERVER_NAME`',
    'SERVER_NAME is the host of the request, and HTTP_PROXY and ssl-client-* of clients are not passed on',
    {
      annotations: ['backend-protocol'],
      when: (value) => value === 'FCGI',
    },
  ),
];

/** What concerns every installation. */
export const EVERYWHERE: readonly Pick<Difference, 'row' | 'text'>[] = [
  {
    row: 'Rule changes (DYN-01)',
    text: 'Rules, endpoints and certificates are live in milliseconds, without a reload.',
  },
  { row: 'Isolation (ADM-02)', text: 'An object that cannot be used is a Problem of its own, and stops no other.' },
  {
    row: 'Where nginx runs',
    text: 'nginx runs in a container of its own, without the token of the API server; requests are logged there.',
  },
  {
    row: 'Retries',
    text: 'Retries go to other endpoints, and at most 20 for every 100 requests of a Service port (proxy-next-upstream-budget).',
  },
  {
    row: 'Endpoints that fail',
    text: 'Endpoints that fail three times in a row are left out for a while (passive-ejection).',
  },
  { row: 'A Host header that is no host name', text: 'A Host header that is no host name answers 400.' },
  { row: 'X-Accel-Redirect from backends', text: 'X-Accel-Redirect of backends is ignored.' },
  {
    row: 'Control API',
    text: 'The control API is a unix socket with a secret; kubectl plugins that asked port 10246 do not work.',
  },
];

/** What differs for an annotation, or a key of the ConfigMap, with this value. */
export function differencesOf(kind: 'annotations' | 'settings', name: string, value: string): Difference[] {
  return DIFFERENCES.filter((difference) => difference[kind].some((key) => fits(key, name)) && difference.when(value));
}

function fits(key: string, name: string): boolean {
  return key.endsWith('*') ? name.startsWith(key.slice(0, -1)) : key === name;
}
