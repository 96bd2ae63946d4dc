// The price of the data plane: a route without policies, against the same directives and headers in a plain nginx.
import { ingress, workload } from '../test/support/objects.ts';
import { type Comparison, compareWithPlain } from './support/against-plain.ts';
import { onLoopback } from './support/backend.ts';
import type { Benchmark } from './support/benchmark.ts';
import { plainProxy, plainUpstream } from './support/plain-config.ts';

const HOST = 'bench.test';
const OTHER_HOSTS = 10;

const comparison: Comparison = {
  host: HOST,
  path: '/api/items/1',
  seenPath: '/bench-seen',
  backends: ['backend'],
  limits: { cpuRatio: 1.3, rpsRatio: 0.8 },
  manifests: (ports) => {
    const others = Array.from({ length: OTHER_HOSTS }, (_, index) =>
      ingress({ name: `other-${index}`, host: `other-${index}.test`, paths: [{ path: '/' }, { path: '/static' }] }),
    );
    const paths = [
      { path: '/' },
      { path: '/api' },
      { path: '/static/images' },
      { path: '/login', pathType: 'Exact' as const },
    ];
    return [ingress({ name: 'bench', host: HOST, paths }), ...others, ...workload('web', onLoopback(ports))];
  },
  plain: (ports) => ({
    http: plainUpstream('backend', onLoopback(ports)),
    location: `    location / {
${plainProxy('backend')}
    }`,
  }),
  headers: async () => ({}),
  ignored: [],
};

const benchmark: Benchmark = {
  name: 'dataplane',
  about: 'CPU per request and requests per second, against a plain nginx with the same headers',
  maxSeconds: 85,
  run: (surroundings) => compareWithPlain(comparison, surroundings),
};
export default benchmark;
