// Canary Ingresses, as clients see them.
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { countersOf } from '../../support/counters.ts';
import { eventually } from '../../support/eventually.ts';
import { type Address, configMap, ingress, site, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

type Annotations = Readonly<Record<string, string>>;

describe('canary', () => {
  let sluice: Sluice;
  let main: Pod;
  let canary: Pod;
  let second: Pod;
  let dead: Address;

  const served = async (name: string, headers: Record<string, string> = {}, path = '/'): Promise<string> =>
    (await askEcho({ port: sluice.http, host: `${name}.test`, path, headers })).backend;

  /** How many of the requests each backend served. */
  async function tally(count: number, one: () => Promise<string>): Promise<Record<string, number>> {
    const tallies: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const backend = await one();
      tallies[backend] = (tallies[backend] ?? 0) + 1;
    }
    return tallies;
  }

  const canaryIngress = (name: string, annotations: Annotations, more: object = {}): object =>
    ingress({
      name: `${name}-canary`,
      host: `${name}.test`,
      paths: [{ service: `${name}-canary` }],
      annotations: { canary: 'true', ...annotations },
      ...more,
    });

  /** Host "<name>.test" on main, with a canary. */
  const pair = (name: string, annotations: Annotations, mainAnnotations: Annotations = {}): object[] => [
    ...site(name, [main], mainAnnotations),
    canaryIngress(name, annotations),
    ...workload(`${name}-canary`, [canary]),
  ];

  before(async () => {
    main = await startPod('main', '127.0.0.151');
    canary = await startPod('canary', '127.0.0.152');
    second = await startPod('second', '127.0.0.153');
    dead = { address: '127.0.0.154', port: main.port };
    sluice = await startSluice({
      manifests: {
        'config.json': [configMap('sluice', { 'worker-processes': '2' })],
        'idle.json': pair('idle', {}),
        'header.json': pair('header', { 'canary-by-header': 'X-Canary' }),
        'value.json': pair('value', {
          'canary-by-header': 'X-Canary',
          'canary-by-header-value': 'beta',
          'canary-by-header-pattern': 'always',
        }),
        'pattern.json': pair('pattern', {
          'canary-by-header': 'X-Canary',
          'canary-by-header-pattern': '^team-[a-z]+$',
        }),
        'unanchored.json': pair('unanchored', { 'canary-by-header': 'X-Canary', 'canary-by-header-pattern': 'b+c' }),
        'broken.json': pair('broken', {
          'canary-by-header': 'X-Canary',
          'canary-by-header-pattern': 'team-(',
          'canary-by-cookie': 'c',
          'canary-weight': '100',
        }),
        'hopeless.json': pair('hopeless', {
          'canary-by-header': 'X-Canary',
          'canary-by-header-pattern': '^(a+)+$',
          'canary-weight': '100',
        }),
        'cookie.json': pair('cookie', { 'canary-by-cookie': 'c', 'canary-weight': '0' }),
        'order.json': pair('order', {
          'canary-by-header': 'X-Canary',
          'canary-by-cookie': 'c',
          'canary-weight': '100',
        }),
        'half.json': pair('half', { 'canary-weight': '50' }),
        'all.json': pair('all', { 'canary-weight': '100' }),
        'more.json': pair('more', { 'canary-weight': '1000' }),
        'less.json': pair('less', { 'canary-weight': '-5' }),
        'total.json': pair('total', { 'canary-weight': '100', 'canary-weight-total': '200' }),
        'small-total.json': pair('small-total', { 'canary-weight': '50', 'canary-weight-total': '10' }),
        'none.json': [...site('none', [main]), canaryIngress('none', { 'canary-weight': '100' })],
        'empty.json': [
          ...site('empty', [main]),
          canaryIngress('empty', { 'canary-weight': '100' }),
          ...workload('empty-canary', []),
        ],
        'main-gone.json': [
          ...site('main-gone', []),
          canaryIngress('main-gone', { 'canary-weight': '100' }),
          ...workload('main-gone-canary', [canary]),
        ],
        'alone.json': [canaryIngress('alone', { 'canary-weight': '100' }), ...workload('alone-canary', [canary])],
        'other-path.json': [
          ...site('other-path', [main]),
          canaryIngress(
            'other-path',
            { 'canary-weight': '100' },
            { paths: [{ path: '/x', service: 'other-path-canary' }] },
          ),
          ...workload('other-path-canary', [canary]),
        ],
        'other-type.json': [
          ...site('other-type', [main]),
          canaryIngress(
            'other-type',
            { 'canary-weight': '100' },
            { paths: [{ pathType: 'Exact', service: 'other-type-canary' }] },
          ),
          ...workload('other-type-canary', [canary]),
        ],
        'upstream.json': [
          ...pair('upstream', { 'canary-weight': '100' }),
          ingress({ name: 'upstream-2', host: 'upstream-2.test', paths: [{ path: '/deep', service: 'upstream' }] }),
        ],
        'several.json': [
          ...site('several', [main]),
          canaryIngress(
            'several',
            { 'canary-by-header': 'X-Canary', 'canary-weight': '30' },
            { created: '2024-01-01T00:00:00Z' },
          ),
          ...workload('several-canary', [canary]),
          ingress({
            name: 'several-second',
            host: 'several.test',
            created: '2024-01-02T00:00:00Z',
            paths: [{ service: 'several-second' }],
            annotations: { canary: 'true', 'canary-by-header': 'X-Second', 'canary-weight': '30' },
          }),
          ...workload('several-second', [second]),
        ],
        'other-namespace.json': [
          ...site('other-namespace', [main]),
          canaryIngress('other-namespace', { 'canary-weight': '100' }, { namespace: 'foreign' }),
          ...workload('other-namespace-canary', [canary], 'foreign'),
        ],
        'catch-all.json': [
          ingress({ name: 'catch-all', paths: [{ path: '/ca', service: 'catch-all' }] }),
          ...workload('catch-all', [main]),
          ingress({
            name: 'catch-all-canary',
            defaultBackend: { service: 'catch-all-canary' },
            annotations: { canary: 'true', 'canary-by-header': 'X-Canary' },
          }),
          ...workload('catch-all-canary', [canary]),
        ],
        'dead.json': [
          ...site('dead', [main]),
          canaryIngress('dead', { 'canary-by-header': 'X-Canary' }),
          ...workload('dead-canary', [dead, canary]),
        ],
        'sticky.json': pair(
          'sticky',
          { 'canary-by-header': 'X-Canary', 'canary-weight': '0' },
          { affinity: 'cookie', 'session-cookie-samesite': 'Lax' },
        ),
        'legacy.json': pair(
          'legacy',
          { 'canary-by-header': 'X-Canary', 'affinity-canary-behavior': 'legacy' },
          { affinity: 'cookie' },
        ),
        'live.json': pair('live', { 'canary-weight': '0' }),
        'own-algorithm.json': [
          ...site('own-algorithm', [main]),
          canaryIngress('own-algorithm', { 'canary-weight': '100', 'upstream-hash-by': '$request_uri' }),
          ...workload('own-algorithm-canary', [canary, second]),
        ],
        'logged.json': pair('logged', { 'canary-by-header': 'X-Canary' }),
      },
      flags: ['--enable-metrics', '--configmap=default/sluice'],
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of [main, canary, second]) await pod?.stop();
  });

  it('canary "true" alone takes nothing, and a canary-only host does not exist (CAN-01, CAN-02)', async () => {
    expect(await tally(20, () => served('idle'))).to.deep.equal({ main: 20 });
    expect((await ask({ port: sluice.http, host: 'alone.test' })).status).to.equal(404);
  });

  it('canary needs the same path and pathType (CAN-01)', async () => {
    for (const host of ['other-path', 'other-type']) {
      for (const path of ['/', '/x', '/y']) expect(await served(host, {}, path), `${host}${path}`).to.equal('main');
    }
  });

  it('canary-by-header: always, never, and anything else (CAN-07)', async () => {
    expect(await served('header', { 'x-canary': 'always' })).to.equal('canary');
    for (const value of ['never', 'Always', 'other', '']) {
      expect(await served('header', { 'X-Canary': value }), value).to.equal('main');
    }
  });

  it('canary-by-header-value: only the exact value; it beats canary-by-header-pattern', async () => {
    expect(await served('value', { 'X-Canary': 'beta' })).to.equal('canary');
    for (const value of ['always', 'never', 'Beta', 'betas']) {
      expect(await served('value', { 'X-Canary': value }), value).to.equal('main');
    }
  });

  it('canary-by-header-pattern: PCRE, case-sensitive, unanchored', async () => {
    expect(await served('pattern', { 'X-Canary': 'team-red' })).to.equal('canary');
    for (const value of ['team-7', 'TEAM-RED', 'always']) {
      expect(await served('pattern', { 'X-Canary': value }), value).to.equal('main');
    }
    expect(await served('unanchored', { 'X-Canary': 'abbbcd' })).to.equal('canary');
  });

  it('canary-by-header-pattern that cannot be compiled keeps requests with the header on main, not the others', async () => {
    expect(await served('broken', { 'X-Canary': 'team-(', Cookie: 'c=always' })).to.equal('main');
    expect(await served('broken')).to.equal('canary');
  });

  it('canary-by-header-pattern that never ends is given up, and the request stays on main', async () => {
    expect(await served('hopeless', { 'X-Canary': `${'a'.repeat(60)}!` })).to.equal('main');
    expect(await served('hopeless', { 'X-Canary': 'aaa' })).to.equal('canary');
  });

  it('canary-by-cookie: always, never, and anything else', async () => {
    expect(await served('cookie', { Cookie: 'c=always' })).to.equal('canary');
    for (const cookie of ['c=never', 'c=x', 'd=always']) {
      expect(await served('cookie', { Cookie: cookie }), cookie).to.equal('main');
    }
  });

  it('canary-by-header comes before canary-by-cookie, and that before canary-weight (CAN-07)', async () => {
    expect(await served('order')).to.equal('canary');
    expect(await served('order', { Cookie: 'c=never' })).to.equal('main');
    expect(await served('order', { 'X-Canary': 'always', Cookie: 'c=never' })).to.equal('canary');
    expect(await served('order', { 'X-Canary': 'never', Cookie: 'c=always' })).to.equal('main');
    expect(await served('order', { 'X-Canary': 'other', Cookie: 'c=never' })).to.equal('main');
  });

  it('canary-weight 50: each side gets at least 40 percent; 100 and more all; 0 and less nothing', async () => {
    const { main: ours = 0, canary: theirs = 0 } = await tally(400, () => served('half'));
    expect(Math.min(ours, theirs)).to.be.above(150); // five standard deviations
    for (const host of ['all', 'more']) expect(await tally(30, () => served(host)), host).to.deep.equal({ canary: 30 });
    expect(await tally(30, () => served('less'))).to.deep.equal({ main: 30 });
  });

  it('canary-weight-total 200: a weight of 100 is half; totals below 100 mean 100', async () => {
    for (const host of ['total', 'small-total']) {
      const { main: ours = 0, canary: theirs = 0 } = await tally(400, () => served(host));
      expect(Math.min(ours, theirs), host).to.be.above(150);
    }
  });

  it('a canary without Service or endpoints never breaks main; without main there is a 503 (CAN-08)', async () => {
    for (const host of ['none', 'empty']) expect(await tally(20, () => served(host)), host).to.deep.equal({ main: 20 });
    expect((await ask({ port: sluice.http, host: 'main-gone.test' })).status).to.equal(503);
  });

  it('a canary belongs to the upstream: other hosts and paths of the Service have it too (CAN-04)', async () => {
    expect(await served('upstream')).to.equal('canary');
    expect(await served('upstream-2', {}, '/deep/er')).to.equal('canary');
  });

  it('several canaries of one path all count, oldest first; chances add up (CAN-05)', async () => {
    expect(await served('several', { 'X-Canary': 'always', 'X-Second': 'always' })).to.equal('canary');
    expect(await served('several', { 'X-Second': 'always' })).to.equal('second');
    const tallies = await tally(400, () => served('several'));
    for (const [name, least] of [
      ['main', 100],
      ['canary', 70],
      ['second', 70],
    ] as const) {
      expect(tallies[name], name).to.be.above(least);
    }
    const declined = await tally(100, () => served('several', { 'X-Canary': 'never' }));
    expect(Object.keys(declined).sort()).to.deep.equal(['main', 'second']);
  });

  it('a canary of another namespace is refused', async () => {
    expect(await tally(20, () => served('other-namespace'))).to.deep.equal({ main: 20 });
  });

  it('a catch-all canary pairs with every location of the catch-all host (CAN-09)', async () => {
    expect(await served('nobody', { 'X-Canary': 'always' }, '/ca/x')).to.equal('canary');
    expect(await served('nobody', {}, '/ca/x')).to.equal('main');
    expect((await ask({ port: sluice.http, host: 'nobody.test', headers: { 'X-Canary': 'always' } })).status).to.equal(
      404,
    );
  });

  it('a try that fails on the canary is repeated on the canary', async () => {
    for (let index = 0; index < 10; index += 1) {
      expect(await served('dead', { 'X-Canary': 'always' })).to.equal('canary');
    }
  });

  it('a canary has its own load-balance and upstream-hash-by (CAN-06)', async () => {
    const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);
    const first = new Map<string, string>();
    for (const path of paths) first.set(path, await served('own-algorithm', {}, path));
    for (const path of paths) expect(await served('own-algorithm', {}, path)).to.equal(first.get(path));
    expect(new Set(first.values())).to.deep.equal(new Set(['canary', 'second']));
  });

  async function session(
    host: string,
    headers: Record<string, string> = {},
  ): Promise<{ backend: string; set: string[] }> {
    const answer = await ask({ port: sluice.http, host: `${host}.test`, headers });
    const { backend } = JSON.parse(answer.body) as { backend: string };
    return { backend, set: answer.headers['set-cookie'] ?? [] };
  }
  const sent = (set: readonly string[]): string => set[0]?.split(';')[0] ?? '';

  it('affinity-canary-behavior sticky: sessions stay on the side where they began (CAN-07)', async () => {
    const theirs = await session('sticky', { 'X-Canary': 'always' });
    expect(theirs.backend).to.equal('canary');
    expect(theirs.set[0]).to.match(/; SameSite=Lax$/);
    const ours = await session('sticky');
    expect(ours.backend).to.equal('main');
    for (let index = 0; index < 20; index += 1) {
      expect(await session('sticky', { Cookie: sent(theirs.set) })).to.deep.equal({ backend: 'canary', set: [] });
      const wished = { Cookie: sent(ours.set), 'X-Canary': 'always' };
      expect(await session('sticky', wished)).to.deep.equal({ backend: 'main', set: [] });
    }
    const never = { Cookie: sent(theirs.set), 'X-Canary': 'never' };
    expect((await session('sticky', never)).backend).to.equal('canary');
  });

  it('affinity-canary-behavior legacy: the canary issues no cookie; a session of main stays there', async () => {
    const theirs = await session('legacy', { 'X-Canary': 'always' });
    expect(theirs).to.deep.equal({ backend: 'canary', set: [] });
    const ours = await session('legacy');
    expect(ours.backend).to.equal('main');
    expect((await session('legacy', { Cookie: sent(ours.set), 'X-Canary': 'always' })).backend).to.equal('main');
  });

  it('$proxy_alternative_upstream_name is in the access log, and the canary in the counters', async () => {
    await served('logged', { 'X-Canary': 'always' }, '/to-canary');
    await served('logged', {}, '/to-main');
    await eventually(async () => {
      const lines = (await sluice.logs()).out.split('\n');
      const line = (path: string) => lines.find((each) => each.includes(`GET ${path} `));
      expect(line('/to-canary')).to.contain(' [default-logged-80] [default-logged-canary-80] ');
      expect(line('/to-main')).to.contain(' [default-logged-80] [] ');
    });
    await eventually(async () => {
      const counters = await countersOf(sluice.control);
      expect(counters['default|logged|logged|200|default-logged-canary-80']).to.equal(1);
      expect(counters['default|logged|logged|200']).to.equal(1);
    });
  });

  it('canary-weight from 0 to 100 in steps, and a lone canary-weight-total, without a reload (DYN-01, DYN-02)', async () => {
    const pids = async () => (await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid);
    const before = (await pids()).sort();
    const now = (): Promise<Record<string, number>> => tally(30, () => served('live'));
    expect(await now()).to.deep.equal({ main: 30 });
    for (const weight of [30, 60, 100]) {
      await sluice.write('live.json', pair('live', { 'canary-weight': String(weight) }));
      await eventually(async () => expect((await now()).canary ?? 0).to.be.above(weight === 100 ? 29 : 0));
    }
    await sluice.write('live.json', pair('live', { 'canary-weight': '100', 'canary-weight-total': '100000' }));
    await eventually(async () => expect((await now()).main ?? 0).to.be.above(25));
    await sluice.write('live.json', site('live', [main])); // the canary goes
    await eventually(async () => expect(await now()).to.deep.equal({ main: 30 }));
    expect((await pids()).sort()).to.deep.equal(before);
  });
});
