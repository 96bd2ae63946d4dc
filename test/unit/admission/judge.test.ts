// What a review says of an Ingress, rule by rule.
import { expect } from 'chai';
import { Desk } from '../../../controller/admission/desk.ts';
import { reviewOf, World } from '../../support/admission.ts';
import { makePair } from '../../support/certificates.ts';
import { configMap, ingress, opaque, secret, service, workload } from '../../support/objects.ts';

const WEB = workload('web', [{ address: '10.0.0.1', port: 80 }]);

function settings(data: Record<string, string>): object {
  return configMap('settings', data);
}

const CRITICAL = { 'annotations-risk-level': 'Critical', 'allow-snippet-annotations': 'true' };

describe('admission: the verdict on an Ingress', () => {
  it('is silent about one that is fine', () => {
    expect(new World(WEB).says(ingress({ name: 'a', host: 'a.test' }))).to.deep.equal([]);
  });

  describe('what is not looked at', () => {
    const bad = { 'configuration-snippet': 'x', 'connection-proxy-header': 'no' };

    it('passes untouched: another class, another namespace, an object that is going (CLASS-08)', () => {
      const theirs = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name: 'theirs' },
        spec: { controller: 'example.com/other' },
      };
      const world = new World([theirs], ['--watch-namespace=default']);
      expect(world.says(ingress({ name: 'a', className: 'theirs', annotations: bad }))).to.deep.equal([]);
      const annotations = { ...bad, 'kubernetes.io/ingress.class': 'other' };
      expect(world.says(ingress({ name: 'a', annotations }))).to.deep.equal([]);
      expect(world.says(ingress({ name: 'a', annotations: bad }))).to.deep.equal([]); // no class at all
      const ours = { ...bad, 'kubernetes.io/ingress.class': 'nginx' };
      expect(world.says(ingress({ name: 'a', namespace: 'elsewhere', annotations: ours }))).to.deep.equal([]);
      expect(world.says(ingress({ name: 'a', annotations: ours }))).to.not.be.empty;
      const going = ingress({ name: 'a', annotations: ours }) as { metadata: object };
      const metadata = { ...going.metadata, deletionTimestamp: '2024-01-01T00:00:00Z' };
      expect(world.verdict({ ...going, metadata }, { operation: 'UPDATE' })).to.equal(null);
    });

    it('passes untouched in whatever shape, when it is not ours (CLASS-08)', () => {
      const world = new World([]);
      const annotations = { 'kubernetes.io/ingress.class': 'other' };
      const strange = { ...ingress({ name: 'a', annotations }), spec: { rules: 'none' } };
      expect(world.verdict(strange)).to.equal(null);
      expect(world.says({ ...ingress({ name: 'a' }), spec: { rules: 'none' } })[0]).to.match(/^refuse object-refused/);
    });

    it('passes with a warning when its class does not exist, which is nobody’s then', () => {
      const [only, ...more] = new World([]).says(ingress({ name: 'a', className: 'gone', annotations: bad }));
      expect(only).to.equal(
        'warn class-unknown: IngressClass gone does not exist; the Ingress is not served until it does',
      );
      expect(more).to.deep.equal([]);
    });

    it('other kinds, DELETE and sub-resources pass', () => {
      const world = new World([]);
      const wrong = ingress({ name: 'a', annotations: bad });
      for (const request of [
        { kind: 'Pod' },
        { group: 'example.com' },
        { operation: 'DELETE' },
        { subResource: 'status' },
      ]) {
        expect(world.verdict(wrong, request), JSON.stringify(request)).to.equal(null);
      }
    });
  });

  it('refuses what the intake refuses: risk, blocked words, texts that look like configuration (PARSE-05, ADM-04, ADM-05)', () => {
    const world = new World([...WEB, settings({ 'annotation-value-word-blocklist': 'load_module , {' })]);
    const says = world.says(
      ingress({
        name: 'a',
        host: 'a.test',
        paths: [{ path: '/etc/passwd' }],
        annotations: { 'app-root': '/load_module', 'configuration-snippet': 'x' },
      }),
    );
    expect(says.join('\n'))
      .to.contain('annotation configuration-snippet has risk Critical, above annotations-risk-level High')
      .and.to.contain('annotation app-root contains the blocked word "load_module"')
      .and.to.contain('"/etc/passwd" looks like configuration');
    expect(says.join()).to.not.contain('what was served of it before');
  });

  it('refuses any annotation that ends in -snippet while snippets are off, whatever its prefix or value (SNIP-01)', () => {
    const annotations = { 'example.com/my-snippet': '' };
    expect(new World(WEB).says(ingress({ name: 'a', annotations }))).to.deep.equal([
      'refuse annotation-forbidden: annotation example.com/my-snippet: snippets are not allowed here (allow-snippet-annotations of the controller ConfigMap); remove it',
    ]);
    expect(new World([...WEB, settings(CRITICAL)]).says(ingress({ name: 'a', annotations }))).to.deep.equal([]);
  });

  it('refuses a snippet that nginx could not read', () => {
    const annotations = { 'configuration-snippet': 'add_header X-A a' };
    const says = new World([...WEB, settings(CRITICAL)]).says(ingress({ name: 'a', host: 'a.test', annotations }));
    expect(says.join()).to.match(/^refuse annotation-invalid: annotation configuration-snippet: /);
  });

  it('refuses annotations of the default prefix when another one is in force (PARSE-01)', () => {
    const world = new World(WEB, ['--watch-ingress-without-class', '--annotations-prefix=sluice.test']);
    expect(world.says(ingress({ name: 'a', annotations: { 'app-root': '/x' } })).join()).to.equal(
      'refuse annotation-forbidden: annotation nginx.ingress.kubernetes.io/app-root: this controller reads those that begin with sluice.test/; write it so',
    );
  });

  it('refuses values that would close paths or reject the object, and warns of those that are only ignored', () => {
    const says = new World(WEB).says(
      ingress({
        name: 'a',
        host: 'a.test',
        annotations: { 'whitelist-source-range': 'everybody', 'proxy-body-size': 'huge', 'porxy-body-size': '1m' },
      }),
    );
    expect(says).to.have.lengthOf(3);
    expect(says[0]).to.match(
      /^refuse annotation-invalid: annotation (white|allow)list-source-range: "everybody" is not/,
    );
    expect(says[2]).to.match(/^warn annotation-invalid: annotation proxy-body-size: "huge" is not accepted/);
    expect(says[1]).to.match(/^warn annotation-unknown: .* the nearest known one is proxy-body-size$/);
  });

  it('refuses Exact and Prefix paths with special characters, or warns when strict-validate-path-type is off (ADM-03, PATH-13)', () => {
    const paths = [
      { path: '/ok-1_2.x/' },
      { path: '/(.*)' },
      { path: '/a b', pathType: 'Exact' },
      { path: '/b(.*)', pathType: 'ImplementationSpecific' },
    ] as const;
    const object = ingress({ name: 'a', host: 'a.test', paths, annotations: { 'rewrite-target': '/$1' } });
    const text = (path: string, type: string): string =>
      `path-type: host a.test: path "${path}" of pathType ${type} has other characters than letters, digits, ".", "_", "-" and "/"; write pathType: ImplementationSpecific`;
    expect(new World(WEB).says(object)).to.deep.equal([
      `refuse ${text('/(.*)', 'Prefix')}`,
      `refuse ${text('/a b', 'Exact')}`,
    ]);
    expect(new World([...WEB, settings({ 'strict-validate-path-type': 'false' })]).says(object)).to.deep.equal([
      `warn ${text('/(.*)', 'Prefix')}`,
      `warn ${text('/a b', 'Exact')}`,
    ]);
  });

  it('refuses regular expressions that are none, also those of others that would become some', () => {
    const regex = { 'use-regex': 'true' };
    const type = 'ImplementationSpecific';
    const own = ingress({ name: 'a', host: 'a.test', paths: [{ path: '/a(', pathType: type }], annotations: regex });
    expect(new World(WEB).says(own).join()).to.match(
      /^refuse path-pattern: host a.test: path \/a\( is matched as a regular/,
    );
    const other = ingress({ name: 'b', namespace: 'other', host: 'a.test', paths: [{ path: '/b[', pathType: type }] });
    const world = new World([...WEB, other]);
    const asking = ingress({
      name: 'a',
      host: 'a.test',
      paths: [{ path: '/a.*', pathType: type }],
      annotations: regex,
    });
    expect(world.says(asking).join()).to.match(
      /^refuse path-pattern: Ingress other\/b: host a.test: path \/b\[ is matched/,
    );
    // What others have anyway is none of its business.
    const broken = new World([
      ...WEB,
      ingress({
        name: 'b',
        namespace: 'other',
        host: 'a.test',
        paths: [{ path: '/b[', pathType: type }],
        annotations: regex,
      }),
    ]);
    expect(broken.says(asking)).to.deep.equal([]);
  });

  it('refuses spec.defaultBackend under --disable-catch-all (DEF-04)', () => {
    const world = new World(WEB, ['--watch-ingress-without-class', '--disable-catch-all']);
    const object = ingress({ name: 'a', host: 'a.test', defaultBackend: { service: 'web' } });
    expect(world.says(object).join()).to.match(/^refuse catch-all: spec.defaultBackend is not allowed here/);
  });

  it('refuses a UID that is none (ADM-01)', () => {
    const object = ingress({ name: 'a', host: 'a.test' }) as { metadata: object };
    const withUid = (uid: string): object => ({ ...object, metadata: { ...object.metadata, uid } });
    const world = new World(WEB);
    expect(world.says(withUid('$(x)')).join()).to.equal('refuse object-uid: metadata.uid "$(x)" is not a UUID');
    expect(world.says(withUid('123e4567-e89b-12d3-a456-426614174000'))).to.deep.equal([]);
  });

  describe('paths that another Ingress has (HOST-10)', () => {
    const owner = ingress({ name: 'owner', namespace: 'other', host: 'a.test', paths: [{ path: '/x' }] });
    const taken =
      'refuse path-taken: host a.test: path "/x" already belongs to Ingress other/owner; choose another host or path, or remove it there';
    const of = (spec: object): object => ingress({ name: 'new', host: 'a.test', paths: [{ path: '/x' }], ...spec });

    it('are refused with their owner, whatever the pathType and whoever is older', () => {
      const world = new World([...WEB, owner]);
      expect(world.says(of({}))).to.deep.equal([taken]);
      expect(world.says(of({ paths: [{ path: '/x', pathType: 'Exact' }] }))).to.deep.equal([taken]);
      expect(world.says(of({ created: '1999-01-01T00:00:00Z' }))).to.deep.equal([taken]);
      expect(world.says(of({ host: 'b.test' }))).to.deep.equal([]);
      expect(world.says(of({ paths: [{ path: '/x/y' }, { path: '/' }] }))).to.deep.equal([]);
    });

    it('are no conflict with itself, with implicit paths, or with Ingresses that are not ours', () => {
      const world = new World([...WEB, owner]);
      const same = ingress({
        name: 'owner',
        namespace: 'other',
        host: 'a.test',
        paths: [{ path: '/x' }, { path: '/y' }],
      });
      expect(world.says(same, { operation: 'UPDATE' }).filter((line) => line.startsWith('refuse'))).to.deep.equal([]);
      expect(world.says(of({ paths: [{ path: '/' }] }))).to.deep.equal([]);
      const foreign = ingress({ name: 'x', host: 'a.test', annotations: { 'kubernetes.io/ingress.class': 'other' } });
      expect(new World([...WEB, foreign]).says(of({ paths: [{ path: '/' }] }))).to.deep.equal([]);
    });

    it('are what canaries are for; a second canary is told of the first (CAN-05)', () => {
      const main = ingress({ name: 'main', host: 'a.test', paths: [{ path: '/x' }] });
      const canary = (name: string): object =>
        ingress({
          name,
          host: 'a.test',
          paths: [{ path: '/x', service: 'other' }],
          annotations: { canary: 'true', 'canary-weight': '5' },
        });
      const more = workload('other', [{ address: '10.0.0.2', port: 80 }]);
      expect(new World([...WEB, ...more, main]).says(canary('one'))).to.deep.equal([]);
      expect(new World([...WEB, ...more, main, canary('one')]).says(canary('two'))).to.deep.equal([
        'warn canary-unused: host a.test: path "/x" has another canary, Ingress default/one; the older one is asked first',
      ]);
      expect(new World([...WEB, ...more]).says(canary('one')).join()).to.match(
        /^warn canary-unused: .*no Ingress of its/,
      );
    });
  });

  it('warns, and no more, of Services, Secrets and ports that do not exist yet', async () => {
    const pair = await makePair(['a.test']);
    const object = ingress({
      name: 'a',
      host: 'a.test',
      paths: [{ path: '/' }, { path: '/b', service: 'late' }, { path: '/c', service: 'web', port: 'https' }],
      tls: [{ hosts: ['a.test'], secretName: 'pair' }],
      annotations: { 'auth-type': 'basic', 'auth-secret': 'users' },
    });
    const says = new World(WEB).says(object);
    expect(says.filter((line) => !line.startsWith('warn'))).to.deep.equal([]);
    expect(says.join('\n'))
      .to.contain('Service default/late: the Service does not exist')
      .and.to.contain('Service default/web: no port https; it has 80')
      .and.to.contain('Secret default/pair does not exist')
      .and.to.match(/auth-secret.*default\/users does not exist/);
    const all = [
      ...WEB,
      service('late'),
      service('web', { ports: [{ port: 80 }, { port: 443, name: 'https' }] }),
      secret('pair', pair),
      opaque('users', { auth: 'alice:{PLAIN}secret-of-alice' }),
    ];
    expect(new World(all).says(object)).to.deep.equal([]);
  });

  it('never quotes what is in a Secret', () => {
    const names = ['tls.crt', 'tls.key', 'ca.crt', 'ca.crl', 'auth'];
    const words = Object.fromEntries(names.map((name) => [name, `of-${name}:the-secret-text`]));
    const world = new World([...WEB, opaque('s', words)]);
    const annotations = {
      'auth-type': 'basic',
      'auth-secret': 's',
      'auth-tls-secret': 'default/s',
      'proxy-ssl-secret': 'default/s',
      'backend-protocol': 'HTTPS',
    };
    const says = world.says(
      ingress({ name: 'a', host: 'a.test', tls: [{ hosts: ['a.test'], secretName: 's' }], annotations }),
    );
    expect(says).to.not.be.empty;
    expect(says.join()).to.not.contain('the-secret-text');
  });

  it('tells of other names that it would not get, or take from others', () => {
    const www = ingress({ name: 'b', namespace: 'other', host: 'b.test', annotations: { 'server-alias': 'c.test' } });
    const world = new World([...WEB, www, ingress({ name: 'd', host: 'd.test' })]);
    const wants = ingress({ name: 'a', host: 'a.test', annotations: { 'server-alias': 'c.test, d.test, e.test' } });
    expect(world.says(wants).map((line) => line.replace(/;.*/, ''))).to.deep.equal([
      'warn alias-conflict: annotation server-alias of host a.test: c.test already belongs to host b.test',
      'warn alias-conflict: annotation server-alias of host a.test: d.test is a host of an Ingress',
    ]);
    expect(world.says(ingress({ name: 'c', host: 'c.test' })).join()).to.match(
      /^warn alias-conflict: Ingress other\/b: annotation server-alias of host b.test: c.test is a host of an Ingress/,
    );
  });

  it('says everything at once', () => {
    const object = ingress({
      name: 'a',
      host: 'a.test',
      paths: [{ path: '/(x' }],
      annotations: { 'connection-proxy-header': 'no', 'denylist-source-range': 'x', 'server-snippet': 'y' },
    });
    const codes = new World([]).verdict(object)?.findings.map(({ code }) => code) ?? [];
    expect(new Set(codes)).to.deep.equal(
      new Set(['annotation-forbidden', 'annotation-invalid', 'path-type', 'service-missing']),
    );
  });

  it('does not look at what is too large to be stored, or takes too long', () => {
    const rules = (count: number): object => ({
      ...ingress({ name: 'a' }),
      spec: { rules: Array.from({ length: count }, (_, index) => ({ host: `h${index}.test` })) },
    });
    const annotations = { 'server-alias': 'x'.repeat(256 * 1024) };
    const world = new World(WEB);
    expect(world.says(rules(20_001)).join()).to.match(/^refuse too-large: it has more than 20000 hosts and paths/);
    expect(world.says(ingress({ name: 'a', annotations })).join()).to.match(/^refuse too-large: its annotations are/);
    const aliases = Array.from({ length: 10_001 }, (_, index) => `a${index}.test`).join();
    expect(world.says(ingress({ name: 'a', annotations: { 'server-alias': aliases } })).join()).to.match(
      /^refuse too-large/,
    );
  });

  it('gives up on what takes longer than its budget, and lets others go first meanwhile', async () => {
    const world = new World(WEB);
    const object = {
      ...ingress({ name: 'a' }),
      spec: { rules: Array.from({ length: 5000 }, (_, index) => ({ host: `h${index}.test` })) },
    };
    const [desk, hasty] = [undefined, 1].map(
      (budgetMs) =>
        new Desk({ state: () => world.state(), onReviewed: () => {}, ...(budgetMs === undefined ? {} : { budgetMs }) }),
    );
    const body = JSON.stringify(reviewOf(object));
    const { signal } = new AbortController();
    let turns = 0;
    let isDone = false;
    const others = async (): Promise<void> => {
      for (; !isDone; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    const going = others();
    await desk?.review(body, signal);
    isDone = true;
    await going;
    expect(turns).to.be.above(2);
    const late = await hasty?.review(body, signal);
    expect(late?.kind === 'answer' ? late.body : '').to.contain('reviewing it took longer than 0.001 s');
  });

  it('looks at few of the Ingresses that share a host', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      ingress({
        name: `i${index}`,
        host: 'a.test',
        paths: [{ path: `/p${index}` }],
        annotations: { 'rewrite-target': `/x${index}`, 'ssl-ciphers': 'HIGH' },
        tls: [{ hosts: ['a.test'] }],
      }),
    );
    const verdict = new World([...WEB, ...many]).verdict(
      ingress({ name: 'new', host: 'a.test', paths: [{ path: '/p7' }] }),
    );
    expect(verdict?.findings.map(({ code }) => code)).to.deep.equal(['path-taken']);
    expect(verdict?.looked).to.be.below(8);
  });
});
