// The views of the dashboard, and its pages as HTML, without a controller around them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { TEMPLATE_FOLDER } from '../../controller/app.ts';
import { backendView } from '../../controller/dashboard/backends.ts';
import { Counted } from '../../controller/dashboard/counted.ts';
import { hostPage, hostView } from '../../controller/dashboard/hosts.ts';
import { lookupView, parseAsked } from '../../controller/dashboard/lookup.ts';
import { overviewOf } from '../../controller/dashboard/overview.ts';
import { queryOf } from '../../controller/dashboard/paging.ts';
import { problemPage } from '../../controller/dashboard/problems.ts';
import { profilePage } from '../../controller/dashboard/profiles.ts';
import type { Lookup, RouterAnswer } from '../../controller/explain/router.ts';
import { newCanaryDraft } from '../../controller/feature/draft.ts';
import type { Model } from '../../controller/model/types.ts';
import { Journal } from '../../controller/telemetry/journal.ts';
import { makePair } from '../support/certificates.ts';
import { momentOf, pages, sample, tagsOf } from '../support/dashboard.ts';
import { hostileIngress } from '../support/hostile.ts';
import { ingress, secret, workload } from '../support/objects.ts';

const QUERY = queryOf(new URLSearchParams());
const DAY_MS = 86_400_000;

/** What the router would answer: `route` is an index. */
function answered(
  host: string,
  route: number | null,
  rest: Partial<Extract<Lookup, { kind: 'host' }>> = {},
): RouterAnswer {
  const found = {
    kind: 'host' as const,
    host,
    route,
    isAlias: false,
    hasCertificate: false,
    leadsToSlash: false,
    status: null,
  };
  return { lookup: { ...found, ...rest }, foreseen: null };
}

function lookUp(objects: readonly object[], url: string, answer: RouterAnswer | null) {
  const asked = parseAsked(url);
  if (asked === null) throw new Error(`not understood: ${url}`);
  return lookupView(momentOf(objects), url, asked, answer);
}

describe('views of the dashboard', () => {
  const shop = [
    ingress({
      name: 'shop',
      host: 'shop.test',
      paths: [
        { path: '/', service: 'web' },
        { path: '/cart', service: 'cart' },
        { path: '/cart', pathType: 'Exact', service: 'exact' },
        { path: '/docs/', service: 'docs' },
      ],
    }),
    ingress({
      name: 'any',
      host: '*.any.test',
      paths: [{ service: 'web' }],
      annotations: { 'server-alias': 'other.test' },
    }),
    ...workload('web', [
      { address: '10.0.0.1', port: 80 },
      { address: '10.0.0.2', port: 80 },
    ]),
  ];

  it('a lookup shows the route that nginx chose, why, and what else matches', () => {
    const index =
      momentOf(shop)
        .served.get('shop.test')
        ?.routes.findIndex(({ match, path }) => match === 'prefix' && path === '/cart') ?? null;
    const view = lookUp(shop, 'https://shop.test/cart/1?x=y', answered('shop.test', index));
    expect([view.served?.name, view.route?.path, view.route?.match]).to.deep.equal(['shop.test', '/cart', 'prefix']);
    expect(view.because).to.equal('the longest prefix');
    expect(view.shadowed.map(({ path }) => path)).to.deep.equal(['/']);
    expect(view.route?.health).to.equal('bad'); // its Service is missing
  });

  it('a lookup says why there is no answer', () => {
    expect(lookUp(shop, 'shop.test/', null).because).to.equal('nginx, which decides, does not answer');
    const refused = (status: number): RouterAnswer => ({ lookup: { kind: 'refused', status }, foreseen: null });
    expect(lookUp(shop, 'shop.test/%00', refused(400)).because).to.equal('the host or the path is malformed: 400');
    expect(lookUp(shop, 'shop.test/', refused(503)).because).to.match(/no Ingress has this host/);
    expect(lookUp(shop, 'shop.test/', answered('gone.test', 0)).because).to.match(/changed meanwhile/);
    expect(lookUp(shop, 'shop.test/', answered('shop.test', null)).because).to.equal(
      'no path of the host matches: 404',
    );
    expect(lookUp(shop, 'shop.test/', answered('shop.test', 0, { status: 503 })).because).to.match(/is none: 503/);
  });

  it('shares and rates are of what the one above got, between two looks', () => {
    const before = sample(0, { 'route shop.test prefix /': [100, 0] });
    const last = sample(10_000, {
      'route shop.test prefix /': [130, 3],
      'route shop.test prefix /cart': [10, 0],
      'endpoint default-web-80 10.0.0.1:80': [20, 0],
      'endpoint default-web-80 10.0.0.2:80': [10, 3],
    });
    const moment = momentOf(shop, { counted: new Counted(last, before) });
    const root = hostView(moment, 'shop.test', QUERY)?.routes.items.find(({ path }) => path === '/');
    expect(root?.traffic).to.deep.equal({ requests: 130, errors: 3, perSecond: 3, errorRate: 0.1, share: 0.75 });
    const endpoints = backendView(moment, 'default/web/80')?.endpoints ?? [];
    expect(endpoints.map(({ traffic }) => [traffic.share, traffic.errorRate])).to.deep.equal([
      [2 / 3, 0],
      [1 / 3, 0.3],
    ]);
    expect(overviewOf(moment).busiest.map(({ name }) => name)).to.deep.equal(['shop.test']);
  });

  it('counters that began anew are no rate', () => {
    const before = { ...sample(0, { 'route shop.test prefix /': [100, 0] }), since: 1 };
    const counted = new Counted(sample(10_000, { 'route shop.test prefix /': [5, 0] }), before);
    expect(momentOf(shop, { counted }).counted.host('shop.test').recentRequests).to.equal(0);
  });

  it('an endpoint that is left out says for how long, and its host warns', () => {
    const ejections = { endpoints: { 'default-web-80 10.0.0.1:80': 4.2 }, total: 1, retries: 0, withheld: 0 };
    const moment = momentOf(shop, { ejections });
    const [first] = backendView(moment, 'default/web/80')?.endpoints ?? [];
    expect([first?.state, first?.secondsLeft]).to.deep.equal(['ejected', 4.2]);
    const any = hostPage(moment, QUERY).items.find(({ name }) => name === '*.any.test');
    expect([any?.health, any?.trouble]).to.deep.equal(['warn', '1 of 2 ejected']);
  });

  it('Problems are grouped by their owner, those with errors first', () => {
    const objects = [
      ingress({ name: 'a', host: 'a.test', annotations: { 'proxy-body-size': 'x', 'proxy-read-timeout': 'y' } }),
    ];
    const groups = problemPage(momentOf(objects), QUERY).items;
    const own = groups.find(({ owner }) => owner.key === 'default/a');
    expect(own?.owner.kind).to.equal('Ingress');
    expect(own?.problems.map(({ code }) => code)).to.include('annotation-invalid');
    const [, ...later] = groups.map(({ errors }) => errors > 0);
    expect(later.every((hasErrors, i) => !hasErrors || (groups[i]?.errors ?? 0) > 0)).to.equal(true);
  });

  it('certificates come by their end, and hosts say which one clients see', async () => {
    const late = await makePair(['late.test'], { notAfter: new Date(Date.now() + 40.5 * DAY_MS) });
    const soon = await makePair(['soon.test'], { notAfter: new Date(Date.now() + 3.5 * DAY_MS) });
    const site = (name: string) =>
      ingress({ name, host: `${name}.test`, tls: [{ hosts: [`${name}.test`], secretName: name }] });
    const moment = momentOf([site('late'), site('soon'), secret('late', late), secret('soon', soon)]);
    expect(overviewOf(moment).certificates.map(({ secret: key, daysLeft }) => [key, daysLeft])).to.deep.equal([
      ['default/soon', 3],
    ]);
    const rows = hostPage(moment, QUERY).items;
    expect(rows.find(({ name }) => name === 'late.test')?.certificate).to.deep.equal({
      kind: 'own',
      secret: 'default/late',
      daysLeft: 40,
    });
  });

  it('a profile says what is in it and which Ingresses use it', () => {
    const own = ingress({ name: 'own', host: 'own.test', annotations: { 'proxy-buffering': 'on' } });
    const rows = profilePage(momentOf([...shop, own]), queryOf(new URLSearchParams({ q: 'default/own' }))).items;
    expect(rows).to.have.length(1);
    expect(rows[0]?.directives).to.include('proxy_buffering on');
    expect([rows[0]?.users, rows[0]?.routes]).to.deep.equal([['default/own'], 1]);
  });

  it('the journal is bounded, and says why', () => {
    let now = 0;
    const journal = new Journal(() => now);
    const applied = { kind: 'applied', removals: 0, names: [], reload: null, ms: 1 } as const;
    journal.cause('nothing that anybody reads');
    journal.note({ ...applied, upserts: 0 });
    for (let i = 1; i <= 600; i += 1) {
      now = i;
      journal.cause(`file ${i}`, ['list:ingress-by-host:a', 'get:Ingress:default/a']);
      journal.note({ ...applied, upserts: 1 });
    }
    expect(journal.entries).to.have.length(500);
    expect(journal.entries[0]).to.include({ number: 600, at: 600 });
    expect(journal.entries[0]?.causes).to.deep.equal(['file 600 (Ingress default/a)']);
  });
});

describe('pages of the dashboard', () => {
  const MARKUP = '<img src=x onerror=alert(1)>"\'`&{{constructor}}';
  const renderer = pages();
  const ALL = [
    '',
    'hosts',
    'routes',
    'backends',
    'certificates',
    'problems',
    'changes',
    'profiles',
    'lookup?url=h0.hostile.test/x',
  ];

  function render(moment: Parameters<typeof renderer.page>[0], address: string): string {
    const [name = '', query = ''] = address.split('?');
    const routed =
      name === 'lookup' ? answered([...moment.served.keys()].find((host) => host !== '_') ?? '_', 0) : null;
    const page = renderer.page(moment, name, new URLSearchParams(query), routed);
    if (page.kind !== 'page') throw new Error(`${address} is no page`);
    return page.body;
  }

  /** Every page, with those of each host and backend. */
  function everyPage(moment: Parameters<typeof renderer.page>[0]): string[] {
    const hosts = [...moment.model.hosts.keys()].map((name) => `host?${new URLSearchParams({ name })}`);
    const backends = [...moment.model.backends.keys()].map((id) => `backend?${new URLSearchParams({ id })}`);
    const sought = [`problems?${new URLSearchParams({ q: MARKUP })}`, `host?${new URLSearchParams({ name: MARKUP })}`];
    return [...ALL, ...hosts, ...backends, ...sought].map((address) => render(moment, address));
  }

  function expectHarmless(html: string): void {
    for (const { name, attributes } of tagsOf(html)) {
      expect(name).to.match(
        /^(html|head|meta|title|link|script|body|a|header|footer|main|nav|section|form|label|input|button|div|p|span|b|br|h[123]|ul|ol|li|dl|dt|dd|table|caption|thead|tbody|tr|th|td|code|pre|time|svg|rect)$/,
      );
      for (const [key, value] of attributes) {
        expect(key).to.not.match(/^(on|style$|srcdoc$|srcset$)/);
        if (key === 'href' || key === 'src' || key === 'action') expect(value).to.match(/^(\/dashboard([/?]|$)|#)/);
      }
      if (name === 'script') expect([...attributes.keys()]).to.deep.equal(['src', 'defer']);
    }
  }

  it('text of tenants never becomes markup, wherever it stands', () => {
    const objects = [
      ingress({
        name: MARKUP,
        namespace: MARKUP,
        host: 'a.test',
        paths: [
          { path: `/${MARKUP}`, service: MARKUP },
          { path: '/x', service: 'web' },
        ],
        annotations: {
          'proxy-body-size': MARKUP,
          'upstream-vhost': MARKUP,
          'server-alias': MARKUP,
          'permanent-redirect': `https://x.test/${MARKUP}`,
          [MARKUP]: MARKUP,
        },
        tls: [{ hosts: ['a.test'], secretName: MARKUP }],
      }),
      ingress({ name: 'b', host: MARKUP, paths: [{ path: `/${MARKUP}`, service: 'web', port: MARKUP }] }),
    ];
    const moment = momentOf(objects);
    const event = { kind: 'reload-failed', reason: MARKUP, message: MARKUP } as const;
    const problem = {
      object: { kind: MARKUP, namespace: MARKUP, name: MARKUP },
      severity: 'error',
      message: MARKUP,
    } as const;
    const model = poisoned(moment.model, MARKUP);
    const told = everyPage({
      ...moment,
      model,
      served: model.hosts,
      entries: [
        { number: 2, at: 0, event, causes: [] },
        {
          number: 1,
          at: 0,
          event: { kind: 'applied', upserts: 1, removals: 0, names: [MARKUP], reload: MARKUP, ms: 1 },
          causes: [MARKUP],
        },
      ],
      problems: [...moment.problems, { ...problem, code: 'path-conflict' }],
    });
    for (const html of told) expectHarmless(html);
    const clean = told.filter((html) => !html.includes('&lt;img src&#x3D;x'));
    expect(clean).to.deep.equal([]);
  });

  it('50 hostile Ingresses at once make only the tags of our own templates', () => {
    const numbers = Array.from({ length: 5 }, (_, number) => number);
    fc.assert(
      fc.property(fc.tuple(...numbers.map(hostileIngress)), (objects) => {
        const marked = JSON.parse(
          JSON.stringify(objects, (key, value: unknown) => (key === 'path' ? `${value}<b onclick=1>` : value)),
        );
        for (const html of everyPage(momentOf(marked as object[]))) expectHarmless(html);
      }),
      { numRuns: 10 },
    );
  });

  it('the reader of these tests sees markup that is not escaped', () => {
    expect(() => tagsOf('<p>a<img src=x></p>')).to.throw('unescaped');
    expect(() => tagsOf('<p>a"b</p>')).to.throw('unescaped');
    expect(tagsOf('<a href="/x">y</a>')[0]?.attributes.get('href')).to.equal('/x');
  });

  it('each has landmarks, one h1, headings in order, a language, a title, and a label for each field', () => {
    for (const html of everyPage(
      momentOf([ingress({ name: 'a', host: 'a.test', annotations: { 'proxy-body-size': 'x' } })]),
    )) {
      const tags = tagsOf(html);
      const named = (name: string) => tags.filter((tag) => tag.name === name);
      for (const landmark of ['header', 'main', 'footer']) expect(named(landmark)).to.have.length(1);
      expect(named('h1')).to.have.length(1);
      expect(named('html')[0]?.attributes.get('lang')).to.equal('en');
      expect(/<title>[^<]+ – Sluice<\/title>/.test(html)).to.equal(true);
      const levels = tags.flatMap(({ name }) => (/^h[1-6]$/.test(name) ? [Number(name[1])] : []));
      expect(
        levels.every((level, i) => i === 0 || level <= (levels[i - 1] ?? 0) + 1),
        levels.join(),
      ).to.equal(true);
      const labels = named('label').map(({ attributes }) => attributes.get('for'));
      for (const { attributes } of named('input')) expect(labels).to.include(attributes.get('id'));
      for (const { attributes } of named('th')) expect(attributes.get('scope')).to.match(/^(col|row)$/);
      expect(named('caption')).to.have.length(named('table').length);
      const ids = tags.flatMap(({ attributes }) => attributes.get('id') ?? []);
      expect(new Set(ids).size).to.equal(ids.length);
      expect(named('nav').every(({ attributes }) => attributes.has('aria-label'))).to.equal(true);
    }
  });

  it('text has a contrast of 4.5 and more on both grounds, light and dark (WCAG 2.2, 1.4.3)', () => {
    const css = readFileSync(join(TEMPLATE_FOLDER, 'dashboard/style.css'), 'utf8');
    const schemes = [...css.matchAll(/:root \{([^}]*--ground[^}]*)\}/g)].map(([, block = '']) =>
      Object.fromEntries([...block.matchAll(/--([a-z]+): (#[0-9a-f]{6})/g)].map(([, name, colour]) => [name, colour])),
    );
    expect(schemes).to.have.length(2);
    for (const scheme of schemes) {
      for (const name of ['text', 'quiet', 'accent', 'good', 'warn', 'bad']) {
        for (const ground of ['ground', 'raised']) {
          expect(contrast(scheme[name] ?? '', scheme[ground] ?? ''), `${name} on ${ground}`).to.be.at.least(4.5);
        }
      }
    }
  });
});

/** A model whose every text is `text`, as if nothing before the pages had looked at it. */
function poisoned(model: Model, text: string): Model {
  const [host] = model.hosts.values();
  const [backend] = momentOf(workloadWithIngress).model.backends.values();
  const [profile] = model.profiles.values();
  const [route] = host?.routes ?? [];
  if (host === undefined || backend === undefined || profile === undefined || route === undefined) {
    throw new Error('the objects must make a host, a backend and a profile');
  }
  const source = { kind: 'Ingress', namespace: text, name: text };
  const policy = { ...route.policy, redirectTo: { url: text, code: 301 } };
  const target = { kind: 'backend', id: text, service: text, port: text } as const;
  const canary = { ...newCanaryDraft(), header: text, headerValue: text, cookie: text };
  const routes = [
    { ...route, path: text, pattern: text, profile: text, target, policy, backends: [text], source },
    { ...route, path: '/', profile: text, target: { kind: 'deny', status: 503, reason: text }, source } as const,
  ];
  const wildcard = { ...host, name: text, server: text, denied: text, routes };
  return {
    ...model,
    hosts: new Map([
      [text, wildcard],
      ['_', { ...wildcard, name: '_' }],
    ]),
    aliases: [{ kind: 'below', name: text, host: text }],
    backends: new Map([
      [
        text,
        {
          ...backend,
          id: text,
          displayName: text,
          endpoints: [{ address: text, port: 80, state: 'ready', zone: text, isElsewhere: false }],
          canaries: [{ id: text, policy: canary }],
        },
      ],
    ]),
    certificates: new Map([[text, { fingerprint: text, chain: '', key: '', secret: text, notAfter: 0 }]]),
    profiles: new Map([[text, { ...profile, id: text, snippet: { text, statements: [] } }]]),
  };
}

const workloadWithIngress = [
  ingress({ name: 'a', host: 'a.test' }),
  ...workload('web', [{ address: '10.0.0.1', port: 80 }]),
];

/** WCAG 2.2: the ratio of relative luminances. */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
