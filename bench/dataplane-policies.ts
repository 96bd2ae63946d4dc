// The price of policies: an allow list, CORS, a rewrite, rate limits and sticky sessions on one route, against a plain nginx
// that does the same by directives.
import { ask } from '../test/support/client.ts';
import { ingress, workload } from '../test/support/objects.ts';
import { type Comparison, compareWithPlain } from './support/against-plain.ts';
import { onLoopback } from './support/backend.ts';
import type { Benchmark } from './support/benchmark.ts';
import { plainProxy, plainUpstream } from './support/plain-config.ts';

const HOST = 'policies.test';
const ORIGIN = 'https://app.example.com';
const METHODS = 'GET, PUT, POST';
const HEADERS = 'X-A, X-B';
const COOKIE = 'route';
/** More than any machine can do: what is measured is the counting. */
const RATE = 1_000_000;

const comparison: Comparison = {
  host: HOST,
  path: '/api/items/1',
  seenPath: '/api/bench-seen',
  backends: ['one', 'two', 'three'],
  limits: { cpuRatio: 1.5, rpsRatio: null },
  manifests: (ports) => [
    ingress({
      name: 'policies',
      host: HOST,
      paths: [{ path: '/api(/|$)(.*)', pathType: 'ImplementationSpecific' }],
      annotations: {
        'allowlist-source-range': '127.0.0.0/8, 10.0.0.0/8, 192.168.0.0/16',
        'enable-cors': 'true',
        'cors-allow-origin': `${ORIGIN}, https://*.example.org`,
        'cors-allow-methods': METHODS,
        'cors-allow-headers': HEADERS,
        'cors-max-age': '600',
        'use-regex': 'true',
        'rewrite-target': '/$2',
        'limit-rps': String(RATE),
        affinity: 'cookie',
        'session-cookie-name': COOKIE,
        'session-cookie-path': '/',
      },
    }),
    ...workload('web', onLoopback(ports)),
  ],
  plain: (ports) => ({
    http: `${plainUpstream('backend', onLoopback(ports), `    hash $cookie_${COOKIE} consistent;`)}
  limit_req_zone $binary_remote_addr zone=policies:10m rate=${RATE}r/s;
  map $http_origin $allowed_origin {
    default "";
    "~^https://app[.]example[.]com$" $http_origin;
    "~^https://[a-z0-9-]+[.]example[.]org$" $http_origin;
  }
  map $allowed_origin $allow_credentials {
    default true;
    "" "";
  }
  map $allowed_origin $allow_methods {
    default "${METHODS}";
    "" "";
  }
  map $allowed_origin $allow_headers {
    default "${HEADERS}";
    "" "";
  }
  map $allowed_origin $allow_age {
    default 600;
    "" "";
  }`,
    location: `    location ~* "^/api(/|$)(.*)" {
      allow 127.0.0.0/8;
      allow 10.0.0.0/8;
      allow 192.168.0.0/16;
      deny all;
      limit_req zone=policies burst=1000000 nodelay;
      if ($request_method = OPTIONS) {
        return 204;
      }
      add_header Access-Control-Allow-Origin $allowed_origin always;
      add_header Access-Control-Allow-Credentials $allow_credentials always;
      add_header Access-Control-Allow-Methods $allow_methods always;
      add_header Access-Control-Allow-Headers $allow_headers always;
      add_header Access-Control-Max-Age $allow_age always;
      rewrite "(?i)/api(/|$)(.*)" /$2 break;
${plainProxy('backend')}
    }`,
  }),
  // A client that was here before: its cookie leads to a backend.
  headers: async (port) => {
    const first = await ask({ port, host: HOST, path: '/api/', headers: { Origin: ORIGIN } });
    const cookie = first.headers['set-cookie']?.[0]?.split(';')[0];
    if (cookie === undefined) throw new Error('Sluice set no cookie');
    return { Origin: ORIGIN, Cookie: cookie };
  },
  ignored: [],
};

const benchmark: Benchmark = {
  name: 'dataplane-policies',
  about: 'the same with an allow list, CORS, a rewrite, a rate limit and sticky sessions',
  maxSeconds: 85,
  run: (surroundings) => compareWithPlain(comparison, surroundings),
};
export default benchmark;
