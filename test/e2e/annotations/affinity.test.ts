// Sticky sessions, as browsers see them.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { makePair } from '../../support/certificates.ts';
import { type Answer, type Ask, ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Address, configMap, ingress, secret, service, site, slices, workload } from '../../support/objects.ts';
import { oldRing } from '../../support/old-ring.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
/** The mark of a backend in the cookies of ingress-nginx. */
const markOf = (name: string): string => md5(md5(name) + name);

const SAFARI_IOS_12 =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 12_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1';
const SAFARI_MOJAVE =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Safari/605.1.15';
const CHROME_60 =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.113 Safari/537.36';
const CHROME_120 =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36';

interface Session {
  readonly backend: string;
  /** The Set-Cookie headers. */
  readonly set: readonly string[];
  /** "name=value" of the first, as a browser sends it back; '' for none. */
  readonly cookie: string;
}

describe('affinity', () => {
  let sluice: Sluice;
  const pods: Pod[] = [];
  let dead: Address;

  const asked = (host: string, more: Omit<Ask, 'port'> = {}): Promise<Answer> =>
    ask({ port: more.tls ? sluice.https : sluice.http, host: `${host}.test`, ...more });

  async function visit(host: string, cookie = '', more: Omit<Ask, 'port'> = {}): Promise<Session> {
    const headers = { ...more.headers, ...(cookie === '' ? {} : { Cookie: cookie }) };
    const answer = await asked(host, { ...more, headers });
    if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.body}`);
    const set = answer.headers['set-cookie'] ?? [];
    return {
      backend: (JSON.parse(answer.body) as { backend: string }).backend,
      set,
      cookie: set[0]?.split(';')[0] ?? '',
    };
  }

  const sticky = (more: Record<string, string> = {}): Record<string, string> => ({ affinity: 'cookie', ...more });

  /** Slices in which some endpoints are draining. */
  const drainingSlices = (name: string, ready: readonly Pod[], draining: readonly Pod[]): object[] => [
    service(name),
    ...slices(name, ready),
    ...draining.map(({ address, port }) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-draining-${port}`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: false, serving: true, terminating: true } }],
      ports: [{ name: '', port, protocol: 'TCP' }],
    })),
  ];

  before(async () => {
    for (let index = 1; index <= 10; index += 1) pods.push(await startPod(`pod-${index}`, `127.0.0.${120 + index}`));
    const [one] = pods as [Pod];
    dead = { address: '127.0.0.140', port: one.port }; // nobody listens there
    const pair = await makePair(['plain.test', 'loud.test', 'insecure.test']);
    sluice = await startSluice({
      manifests: {
        'config.json': [configMap('sluice', { 'worker-processes': '2', 'ssl-redirect': 'false' })],
        'plain.json': [
          ingress({
            name: 'plain',
            host: 'plain.test',
            paths: [
              { path: '/something', service: 'plain' },
              { path: '/', service: 'plain' },
            ],
            annotations: sticky(),
            tls: [{ hosts: ['plain.test', 'loud.test', 'insecure.test'], secretName: 'tls' }],
          }),
          ...workload('plain', pods),
          secret('tls', pair),
        ],
        'loud.json': site(
          'loud',
          pods,
          sticky({
            'session-cookie-name': 'STICKY',
            'session-cookie-expires': '172800',
            'session-cookie-max-age': '3600',
            'session-cookie-domain': 'loud.test',
            'session-cookie-path': '/other',
            'session-cookie-secure': 'true',
            'session-cookie-samesite': 'lax',
          }),
        ),
        'insecure.json': site('insecure', pods, sticky({ 'session-cookie-secure': 'false' })),
        'none.json': site(
          'none',
          pods,
          sticky({ 'session-cookie-samesite': 'None', 'session-cookie-conditional-samesite-none': 'true' }),
        ),
        'persistent.json': site('persistent', pods.slice(0, 5), sticky({ 'affinity-mode': 'persistent' })),
        'shared.json': [
          ingress({
            name: 'shared-a',
            host: 'shared-a.test',
            created: '2024-01-01T00:00:00Z',
            paths: [{ service: 'shared' }],
            annotations: sticky({ 'session-cookie-name': 'FIRST' }),
          }),
          ingress({
            name: 'shared-b',
            host: 'shared-b.test',
            created: '2024-01-02T00:00:00Z',
            paths: [{ service: 'shared' }],
            annotations: sticky({ 'session-cookie-name': 'LAST', 'affinity-mode': 'persistent' }),
          }),
          ingress({
            name: 'shared-c',
            host: 'shared-c.test',
            created: '2024-01-03T00:00:00Z',
            paths: [{ service: 'shared' }],
          }),
          ...workload('shared', pods),
        ],
        'wild.json': [
          ingress({ name: 'wild', host: '*.wild.test', paths: [{ service: 'wild' }], annotations: sticky() }),
          ...workload('wild', pods),
        ],
        'stay.json': site('stay', [one, dead], sticky({ 'affinity-mode': 'persistent' })),
        'move.json': site(
          'move',
          [one, dead],
          sticky({ 'affinity-mode': 'persistent', 'session-cookie-change-on-failure': 'true' }),
        ),
        'move-balanced.json': site(
          'move-balanced',
          [one, dead],
          sticky({ 'session-cookie-change-on-failure': 'true' }),
        ),
        'drain.json': site('drain', pods.slice(0, 4), sticky()),
        'drain-persistent.json': site('drain-persistent', pods.slice(0, 4), sticky({ 'affinity-mode': 'persistent' })),
        'grow.json': site('grow', pods.slice(0, 9), sticky()),
        'odd.json': [
          ingress({
            name: 'odd',
            host: 'odd.test',
            paths: [{ path: '/odd;path', pathType: 'ImplementationSpecific', service: 'odd' }],
            annotations: sticky(),
          }),
          ...workload('odd', pods),
        ],
        'live.json': site('live', pods, sticky()),
      },
      flags: ['--configmap=default/sluice'],
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of pods) await pod.stop();
  });

  it('affinity cookie: a first answer brings INGRESSCOOKIE, and with it every request goes to the same endpoint', async () => {
    const first = await visit('plain', '', { path: '/something' });
    expect(first.set).to.have.lengthOf(1);
    expect(first.set[0]).to.match(/^INGRESSCOOKIE=[^|;]+\|[0-9a-f]{32}; Path=\/something; HttpOnly$/);
    expect(first.cookie.split('|')[1]).to.equal(markOf('default-plain-80'));
    for (let again = 0; again < 20; again += 1) {
      expect(await visit('plain', first.cookie)).to.deep.equal({ backend: first.backend, set: [], cookie: '' });
    }
  });

  it('affinity cookie: sessions begin on all endpoints', async () => {
    const backends = new Set<string>();
    for (let client = 0; client < 100; client += 1) backends.add((await visit('plain')).backend);
    expect(backends.size).to.equal(pods.length);
  });

  it('session-cookie-path defaults to the path of the rule; Secure only over TLS unless session-cookie-secure', async () => {
    expect((await visit('plain')).set[0]).to.match(/; Path=\/; HttpOnly$/);
    expect((await visit('plain', '', { tls: true })).set[0]).to.match(/; Path=\/; Secure; HttpOnly$/);
    expect((await visit('insecure')).set[0]).to.match(/; Path=\/; HttpOnly$/);
    expect((await visit('insecure', '', { tls: true })).set[0]).to.match(/; Path=\/; Secure; HttpOnly$/);
  });

  it('session-cookie-path: a rule whose path holds a ";" adds no attributes', async () => {
    expect((await visit('odd', '', { path: '/odd;path' })).set[0]).to.match(/; Path=\/odd; HttpOnly$/);
  });

  it('session-cookie-name, session-cookie-expires, session-cookie-max-age, session-cookie-domain, session-cookie-path, session-cookie-secure, session-cookie-samesite: attributes in the old order', async () => {
    const [cookie = ''] = (await visit('loud')).set;
    const pattern =
      /^STICKY=[^;]+; Expires=([^;]+ GMT); Max-Age=3600; Domain=loud\.test; Path=\/other; Secure; HttpOnly; SameSite=Lax$/;
    expect(cookie).to.match(pattern);
    const ahead = Date.parse((pattern.exec(cookie)?.[1] ?? '').replaceAll('-', ' ')) - Date.now();
    expect(ahead / 1000).to.be.within(172_790, 172_810);
  });

  it('session-cookie-conditional-samesite-none leaves None out for clients that mistake it', async () => {
    const siteOf = async (agent: string): Promise<string | undefined> =>
      (await visit('none', '', { headers: { 'User-Agent': agent } })).set[0]?.split('HttpOnly')[1];
    for (const agent of [SAFARI_IOS_12, SAFARI_MOJAVE, CHROME_60]) expect(await siteOf(agent), agent).to.equal('');
    for (const agent of [CHROME_120, 'curl/8']) expect(await siteOf(agent), agent).to.equal('; SameSite=None');
  });

  it('affinity-mode persistent: the cookie is the MD5 of backend and endpoint, and stays when the set grows', async () => {
    const first = await visit('persistent');
    const pod = pods.find(({ name }) => name === first.backend);
    expect(first.cookie).to.equal(
      `INGRESSCOOKIE=${md5(`default-persistent-80${pod?.address}:${pod?.port}`)}|${markOf('default-persistent-80')}`,
    );
    await sluice.write('persistent.json', site('persistent', pods, sticky({ 'affinity-mode': 'persistent' })));
    await eventually(async () => {
      const backends = new Set<string>();
      for (let client = 0; client < 60; client += 1) backends.add((await visit('persistent')).backend);
      expect(backends.size).to.equal(pods.length);
    });
    for (let again = 0; again < 20; again += 1) {
      expect(await visit('persistent', first.cookie)).to.deep.equal({ backend: first.backend, set: [], cookie: '' });
    }
    const unknown = await visit('persistent', `INGRESSCOOKIE=${md5('gone')}|${markOf('default-persistent-80')}`);
    expect(unknown.set).to.have.lengthOf(1); // its endpoint is gone: a new session
  });

  it('affinity-mode balanced: a key of ingress-nginx leads where its ring led', async () => {
    const ring = oldRing(pods.map(({ address, port }) => `${address}:${port}`));
    for (let index = 0; index < 60; index += 1) {
      const key = `1609459200.123.45.${index}`;
      const { backend, set } = await visit('plain', `INGRESSCOOKIE=${key}|${markOf('default-plain-80')}`);
      const pod = pods.find(({ name }) => name === backend);
      expect(`${pod?.address}:${pod?.port}`, key).to.equal(ring(key));
      expect(set).to.deep.equal([]);
    }
  });

  it('affinity: a cookie without a mark is honoured, one without a key is replaced', async () => {
    const [bare, marked] = [await visit('plain', 'INGRESSCOOKIE=k'), await visit('plain', 'INGRESSCOOKIE=k|other')];
    expect(bare).to.deep.equal({ backend: marked.backend, set: [], cookie: '' });
    expect((await visit('plain', 'INGRESSCOOKIE=|x')).set).to.have.lengthOf(1);
  });

  it('affinity-mode balanced: a new endpoint takes over some sessions, and only for itself', async () => {
    const sessions: Session[] = [];
    for (let client = 0; client < 60; client += 1) sessions.push(await visit('grow'));
    await sluice.write('grow.json', site('grow', pods, sticky()));
    await eventually(async () => {
      const backends = new Set<string>();
      for (let client = 0; client < 60; client += 1) backends.add((await visit('grow')).backend);
      expect(backends).to.include('pod-10');
    });
    let moved = 0;
    for (const { cookie, backend } of sessions) {
      const now = await visit('grow', cookie);
      expect(now.set).to.deep.equal([]);
      if (now.backend === backend) continue;
      moved += 1;
      expect(now.backend).to.equal('pod-10');
    }
    expect(moved).to.be.below(20); // 6 in the mean
  });

  it('session-cookie-* come from the last Ingress, affinity and affinity-mode from the first that has them (HOST-13)', async () => {
    for (const host of ['shared-a', 'shared-b']) {
      const { cookie, backend } = await visit(host);
      const pod = pods.find(({ name }) => name === backend);
      expect(cookie, host).to.equal(
        `LAST=${md5(`default-shared-80${pod?.address}:${pod?.port}`)}|${markOf('default-shared-80')}`,
      );
    }
  });

  it('affinity: other Ingresses of the Service follow the cookie but do not issue it (HOST-13)', async () => {
    expect((await visit('shared-c')).set).to.deep.equal([]);
    const { cookie, backend } = await visit('shared-a');
    for (let again = 0; again < 10; again += 1) expect((await visit('shared-c', cookie)).backend).to.equal(backend);
  });

  it('affinity works for wildcard hosts', async () => {
    const { cookie, backend } = await visit('x.wild');
    expect(cookie).to.match(/^INGRESSCOOKIE=/);
    for (let again = 0; again < 10; again += 1) expect((await visit('y.wild', cookie)).backend).to.equal(backend);
  });

  const keyOf = (host: string, { address, port }: Address): string =>
    `INGRESSCOOKIE=${md5(`default-${host}-80${address}:${port}`)}|${markOf(`default-${host}-80`)}`;

  it('session-cookie-change-on-failure false: the same endpoint is tried again, and the client gets 502', async () => {
    const answer = await asked('stay', { headers: { Cookie: keyOf('stay', dead) } });
    expect(answer.status).to.equal(502);
    expect(answer.headers['set-cookie']).to.equal(undefined);
  });

  it('session-cookie-change-on-failure true: another endpoint answers, and the session moves', async () => {
    const moved = await visit('move', keyOf('move', dead));
    expect(moved.backend).to.equal('pod-1');
    expect(moved.cookie).to.equal(keyOf('move', pods[0] as Pod));
    // Balanced: of many keys some lead to the dead endpoint.
    let issued = 0;
    for (let index = 0; index < 20; index += 1) {
      const { backend, set } = await visit('move-balanced', `INGRESSCOOKIE=key-${index}`);
      expect(backend).to.equal('pod-1');
      issued += set.length;
    }
    expect(issued).to.be.within(1, 19);
  });

  for (const host of ['drain', 'drain-persistent']) {
    it(`${host}: a draining endpoint keeps its sessions until it is gone; new ones go elsewhere`, async () => {
      const annotations = sticky(host === 'drain' ? {} : { 'affinity-mode': 'persistent' });
      const sessions: Session[] = [];
      for (let client = 0; client < 40; client += 1) sessions.push(await visit(host));
      const [one, two, ...rest] = pods.slice(0, 4) as [Pod, Pod, ...Pod[]];
      const path = ingress({ name: host, host: `${host}.test`, paths: [{ service: host }], annotations });
      await sluice.write(`${host}.json`, [path, ...drainingSlices(host, rest, [one, two])]);
      const names = new Set(rest.map(({ name }) => name));
      await eventually(async () => {
        for (let client = 0; client < 40; client += 1) {
          expect(names, 'a new session').to.include((await visit(host)).backend);
        }
      });
      let kept = 0;
      for (const { cookie, backend } of sessions) {
        expect((await visit(host, cookie)).backend).to.equal(backend);
        if (!names.has(backend)) kept += 1;
      }
      expect(kept, 'sessions on draining endpoints').to.be.above(5);
      await sluice.write(`${host}.json`, [path, ...drainingSlices(host, rest, [])]);
      await eventually(async () => {
        for (const { cookie } of sessions) expect(names).to.include((await visit(host, cookie)).backend);
      });
      for (const { cookie, backend } of sessions) {
        if (names.has(backend)) expect((await visit(host, cookie)).backend).to.equal(backend);
      }
    });
  }

  it('a lone change of session-cookie-change-on-failure or -samesite counts, without a reload (DYN-01, DYN-02)', async () => {
    const status = async () => (await sluice.control.status(AbortSignal.timeout(1000))).workers.map(({ pid }) => pid);
    const before = (await status()).sort();
    await sluice.write('live.json', site('live', pods, sticky({ 'session-cookie-samesite': 'Strict' })));
    await eventually(async () => expect((await visit('live')).set[0]).to.match(/; SameSite=Strict$/));
    const both = [pods[0] as Pod, dead];
    await sluice.write('live.json', site('live', both, sticky({ 'affinity-mode': 'persistent' })));
    const toDead = (): Promise<Answer> => asked('live', { headers: { Cookie: keyOf('live', dead) } });
    await eventually(async () => expect((await toDead()).status).to.equal(502));
    await sluice.write(
      'live.json',
      site('live', both, sticky({ 'affinity-mode': 'persistent', 'session-cookie-change-on-failure': 'true' })),
    );
    await eventually(async () => expect((await toDead()).status).to.equal(200));
    expect((await status()).sort()).to.deep.equal(before);
  });
});
