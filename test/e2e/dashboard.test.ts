import { expect } from 'chai';
import type {
  BackendView,
  Change,
  HostRow,
  HostView,
  LookupView,
  Overview,
  Page,
  ProblemGroup,
} from '../../controller/dashboard/views.ts';
import { type Pod, startPod } from '../support/backends.ts';
import { ask } from '../support/client.ts';
import { tagsOf } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { type Address, ingress, site, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

const HOSTS = 120;
const MAX_LISTENERS = 32;

describe('the dashboard', function () {
  this.timeout(60_000);
  let sluice: Sluice;
  let pods: Pod[];
  let base: string;
  const page = async (path: string): Promise<string> => (await fetch(`${base}${path}`)).text();
  const api = async <T>(path: string): Promise<T> => (await (await fetch(`${base}/api/${path}`)).json()) as T;

  before(async () => {
    pods = [await startPod('one'), await startPod('two')];
    const fleet = Array.from({ length: HOSTS }, (_, index) =>
      ingress({ name: `fleet-${index}`, host: `host-${index}.fleet.test`, paths: [{ service: 'web' }] }),
    );
    sluice = await startSluice({
      manifests: {
        'web.yaml': [
          ...site('web', pods, { 'proxy-body-size': '<b>8 MB</b>' }),
          ingress({ name: 'dead', host: 'dead.test', paths: [{ service: 'dead' }] }),
          ...workload('dead', [{ address: '127.0.0.1', port: 1 }]),
        ],
        'fleet.yaml': fleet,
      },
      flags: ['--enable-dashboard'],
    });
    base = `http://127.0.0.1:${sluice.health}/dashboard`;
  });
  after(async () => {
    await sluice.stop();
    for (const pod of pods) await pod.stop();
  });

  it('is off unless it is asked for', async () => {
    const other = await startSluice();
    try {
      for (const path of ['/dashboard', '/dashboard/api/hosts', '/dashboard/events']) {
        expect((await fetch(`http://127.0.0.1:${other.health}${path}`)).status).to.equal(404);
      }
    } finally {
      await other.stop();
    }
  });

  it('answers every page as whole HTML with a policy that lets nothing in from elsewhere', async () => {
    const paths = ['', '/hosts', '/host?name=web.test', '/routes', '/backends', '/backend?id=default/web/80'];
    for (const path of [...paths, '/certificates', '/problems', '/changes', '/profiles', '/lookup?url=web.test/x']) {
      const response = await fetch(`${base}${path}`);
      expect(response.status, path).to.equal(200);
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy)
        .to.contain("default-src 'none'")
        .and.not.match(/unsafe|http|\*/);
      expect(response.headers.get('x-content-type-options')).to.equal('nosniff');
      const tags = tagsOf(await response.text());
      const links = tags.flatMap(({ attributes }) =>
        [attributes.get('href') ?? [], attributes.get('src') ?? []].flat(),
      );
      expect(links.filter((link) => !/^(\/dashboard([/?]|$)|#)/.test(link))).to.deep.equal([]);
    }
  });

  it('every link of its first pages leads somewhere', async () => {
    const seen = new Set<string>();
    for (const path of ['', '/host?name=web.test', '/profiles']) {
      for (const { name, attributes } of tagsOf(await page(path))) {
        if (name === 'a' || name === 'link')
          seen.add((attributes.get('href') ?? '').replaceAll('&amp;', '&').replaceAll('&#x3D;', '='));
      }
    }
    for (const link of seen) {
      if (link.startsWith('#')) continue;
      expect((await fetch(`http://127.0.0.1:${sluice.health}${link}`)).status, link).to.equal(200);
    }
    expect(seen.size).to.be.above(10);
  });

  it('changes nothing: other methods than GET and HEAD are refused, HEAD has no body', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await fetch(`${base}/hosts`, { method });
      expect([response.status, response.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
    }
    const head = await fetch(`${base}/hosts`, { method: 'HEAD' });
    expect([head.status, await head.text()]).to.deep.equal([200, '']);
    expect(Number(head.headers.get('content-length'))).to.be.above(1000);
  });

  it('what does not exist is 404 or 400, as a page and as JSON', async () => {
    for (const path of [
      '/nowhere',
      '/host?name=nobody.test',
      '/backend?id=x',
      '/api/nothing',
      '/api/host?name=nobody.test',
    ]) {
      expect((await fetch(`${base}${path}`)).status, path).to.equal(404);
    }
    expect((await fetch(`${base}/api/lookup?url=http://a:b:c/`)).status).to.equal(400);
    expect(await api('host?name=nobody.test')).to.deep.equal({ error: 'there is no host "nobody.test"' });
  });

  it('lists come in pages made on the server, and searches keep their words from page to page', async () => {
    const html = await page('/hosts?q=fleet&page=2');
    expect(html).to.contain('51–100 of 120').and.contain('page 2 of 3');
    expect(html.match(/<th scope="row">/g)).to.have.length(50);
    expect(html).to.contain('href="/dashboard/hosts?q&#x3D;fleet&amp;page&#x3D;3"');
    const third = await api<Page<HostRow>>('hosts?q=fleet&page=3');
    expect([third.items.length, third.total, third.pages]).to.deep.equal([20, HOSTS, 3]);
    const all = await api<Page<HostRow>>('hosts?q=FLEET.test&size=1000');
    expect(all.items).to.have.length(HOSTS);
    expect((await api<Page<HostRow>>('hosts?page=99&size=oops')).page).to.equal(3);
  });

  it('the search field leads a URL to what serves it, a host to its page, and a part to the list', async () => {
    const leads = async (text: string): Promise<string | null> => {
      const response = await fetch(`${base}/search?${new URLSearchParams({ q: text })}`, { redirect: 'manual' });
      return response.status === 303 ? response.headers.get('location') : null;
    };
    expect(await leads('https://web.test/cart')).to.equal('/dashboard/lookup?url=https%3A%2F%2Fweb.test%2Fcart');
    expect(await leads('Web.test')).to.equal('/dashboard/host?name=web.test');
    expect(await leads('fleet')).to.equal('/dashboard/hosts?q=fleet');
    const view = await api<LookupView>('lookup?url=https://web.test/cart');
    expect([view.route?.target.id, view.route?.ingress?.key]).to.deep.equal(['default/web/80', 'default/web']);
    expect(view.endpoints.map(({ address }) => address).sort()).to.deep.equal(pods.map(addressOf).sort());
  });

  it('a lookup asks the router: longest prefix, exact, slash, wildcard, alias, default, regular expressions (PATH-01, PATH-05, HOST-04, HOST-05)', async () => {
    const found = async (url: string) => {
      const { served, route, because } = await api<LookupView>(`lookup?${new URLSearchParams({ url })}`);
      return [served?.name ?? null, route?.match ?? null, route?.path ?? null, because];
    };
    await sluice.write('routes.json', [
      ingress({
        name: 'routes',
        host: 'routes.test',
        paths: [{ path: '/' }, { path: '/cart' }, { path: '/cart', pathType: 'Exact' }, { path: '/docs/' }],
      }),
      ingress({ name: 'any', host: '*.any.test', annotations: { 'server-alias': 'other.test' } }),
      ingress({
        name: 'regex',
        host: 'regex.test',
        annotations: { 'use-regex': 'true' },
        paths: ['/api/[0-9]+', '/(a+)+$'].map((path) => ({ path, pathType: 'ImplementationSpecific' })),
      }),
    ]);
    await eventually(async () => expect((await found('regex.test/api/17'))[0]).to.equal('regex.test'), 20_000);
    expect(await found('https://routes.test/cart/1?x=y')).to.deep.equal([
      'routes.test',
      'prefix',
      '/cart',
      'the longest prefix',
    ]);
    expect(await found('routes.test/cart')).to.deep.equal([
      'routes.test',
      'exact',
      '/cart',
      'an Exact path beats all others',
    ]);
    expect(await found('routes.test/docs')).to.deep.equal([
      'routes.test',
      'prefix',
      '/docs/',
      'clients are sent on to /docs/',
    ]);
    expect(await found('routes.test/document')).to.deep.equal(['routes.test', 'prefix', '/', 'the longest prefix']);
    expect((await found('http://x.any.test/')).slice(0, 2)).to.deep.equal(['*.any.test', 'prefix']);
    expect((await found('http://x.y.any.test/'))[0]).to.equal('_');
    expect((await found('http://other.test/')).slice(0, 2)).to.deep.equal(['other.test', 'prefix']);
    expect((await found('regex.test/api/17')).slice(0, 3)).to.deep.equal(['regex.test', 'regex', '/api/[0-9]+']);
    // Node's own engine would take longer than the universe: who tries it here answers nobody any more.
    expect((await found(`regex.test/${'a'.repeat(60)}b`)).slice(1)).to.deep.equal([
      'regex',
      '/(a+)+$',
      'its regular expression takes nginx too long: 500',
    ]);
    await sluice.remove('routes.json');
  });

  it('tells the share and the errors of each endpoint, once somebody has looked', async () => {
    await api('overview');
    await eventually(async () => {
      await Promise.all([1, 2, 3, 4].map(() => ask({ port: sluice.http, host: 'web.test' })));
      await ask({ port: sluice.http, host: 'dead.test' });
      const { endpoints, backend } = await api<BackendView>('backend?id=default/web/80');
      expect(backend.traffic.requests).to.be.above(7);
      expect(endpoints.map(({ traffic }) => Math.round((traffic.share ?? 0) * 10))).to.deep.equal([5, 5]);
      expect(endpoints.map(({ traffic }) => traffic.errorRate)).to.deep.equal([0, 0]);
      const dead = await api<BackendView>('backend?id=default/dead/80');
      expect(dead.endpoints[0]?.traffic.errorRate).to.equal(1);
    }, 30_000);
    const { busiest } = await api<Overview>('overview');
    expect(busiest[0]).to.include({ name: 'dead.test', health: 'bad', trouble: '100 % errors' });
  });

  it('counts the answers of routes that refuse', async () => {
    await sluice.write('closed.yaml', [
      ingress({
        name: 'closed',
        host: 'closed.test',
        paths: [{ service: 'web' }],
        annotations: { 'auth-type': 'basic', 'auth-secret': 'none' },
      }),
    ]);
    await eventually(async () => {
      expect((await ask({ port: sluice.http, host: 'closed.test' })).status).to.equal(503);
      const { host } = await api<HostView>('host?name=closed.test');
      expect(host).to.include({ health: 'bad', trouble: 'answers 503' });
      expect(host.traffic.errors).to.be.above(0);
    }, 30_000);
  });

  it('groups Problems by owner, with the text of tenants as text', async () => {
    const { items } = await api<Page<ProblemGroup>>('problems?q=default/web');
    expect(items.map(({ owner }) => owner)).to.deep.equal([{ kind: 'Ingress', key: 'default/web' }]);
    const html = await page('/problems');
    expect(html).to.contain('&lt;b&gt;8 MB&lt;/b&gt;').and.not.contain('<b>8 MB');
  });

  it('tells of changes and reloads with their reasons, and open pages that there are some', async () => {
    const events = await listen();
    await sluice.write('new.yaml', [
      ingress({
        name: 'buffered',
        host: 'new.test',
        paths: [{ service: 'web' }],
        annotations: { 'proxy-buffering': 'on' },
      }),
    ]);
    const changes = await eventually(async () => {
      const { items } = await api<Page<Change>>('changes');
      expect(items.some(({ kind }) => kind === 'reloaded')).to.equal(true);
      return items;
    }, 20_000);
    const wish = changes.find(({ why }) => why.some((reason) => reason.includes('a reload is needed')));
    expect(wish?.why[0]).to.equal('new.yaml read (Ingress default/buffered)');
    const reloaded = changes.find(({ kind }) => kind === 'reloaded');
    expect(reloaded?.why[0]).to.match(/^p_\w+ is not loaded$/);
    expect(await page(`/profiles?q=${reloaded?.profiles[0] ?? 'none'}`)).to.contain('proxy_buffering on;');
    expect(changes.some(({ names }) => names.includes('host/new.test'))).to.equal(true);
    await eventually(() => expect(events.text()).to.match(/event: changed\ndata: [1-9]/), 15_000);
    events.close();
  });

  it('tells a bounded number of pages, and those at most once a second', async () => {
    const open = await Promise.all(Array.from({ length: MAX_LISTENERS }, listen));
    const refused = await fetch(`${base}/events`);
    expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '30']);
    const started = performance.now();
    for (let change = 0; change < 20; change += 1) {
      await sluice.write('burst.yaml', [
        ingress({ name: 'burst', host: `burst-${change}.test`, paths: [{ service: 'web' }] }),
      ]);
    }
    const [first] = open;
    await eventually(() => expect(first?.text()).to.match(/data: [1-9]/), 15_000);
    const told = first?.text().match(/event: changed/g)?.length ?? 0;
    expect(told).to.be.at.most(3 + (performance.now() - started) / 1000);
    for (const { close } of open) close();
    await eventually(async () => {
      const again = await listen();
      again.close();
    });
  });

  it('open pages do not hold up the end of the program', async () => {
    const other = await startSluice({ flags: ['--enable-dashboard'] });
    const response = await fetch(`http://127.0.0.1:${other.health}/dashboard/events`);
    expect(await other.stop()).to.equal(0);
    await response.text();
  });

  /** Opens the stream of events; rejects when it is refused. */
  async function listen(): Promise<{ text(): string; close(): void }> {
    const end = new AbortController();
    const response = await fetch(`${base}/events`, { signal: end.signal });
    if (response.status !== 200 || response.body === null) throw new Error(`refused with ${response.status}`);
    expect(response.headers.get('content-type')).to.equal('text/event-stream');
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString('utf8');
    })();
    reading.catch(() => undefined); // closed by us
    return { text: () => text, close: () => end.abort() };
  }
});

function addressOf({ address, port }: Address): string {
  return `${address}:${port}`;
}
