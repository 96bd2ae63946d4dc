import { expect } from 'chai';
import { selectionOf } from '../../controller/app.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { Graph } from '../../controller/model/graph.ts';
import { expiredCertificates, showProblem } from '../../controller/model/problems.ts';
import type { Model } from '../../controller/model/types.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { makePair, type Pair } from '../support/certificates.ts';
import { ingress, secret } from '../support/objects.ts';

function modelOf(objects: readonly object[], flags: readonly string[] = []): Model {
  const cluster = new Cluster();
  for (const raw of objects) {
    const result = normalise(raw, 'default');
    if (result.kind !== 'object') throw new Error(result.reason);
    cluster.put(result.object);
  }
  return new Graph(
    cluster,
    selectionOf(parseCommandLine(['--watch-ingress-without-class', ...flags]).flags),
  ).evaluate();
}

/** Host → Secret, as certificates are assigned. */
function assigned(model: Model): Record<string, string | null> {
  return Object.fromEntries([...model.certificates].map(([host, certificate]) => [host, certificate.secret]));
}

describe('certificates', () => {
  let a: Pair;
  let b: Pair;
  let wildcard: Pair;
  let expired: Pair;

  before(async () => {
    a = await makePair(['a.test']);
    b = await makePair(['b.test'], { algorithm: 'rsa' });
    wildcard = await makePair(['*.w.test']);
    expired = await makePair(['old.test'], { notAfter: new Date('2020-01-01') });
  });

  it('the oldest Ingress with a rule for the host and a tls section decides (TLS-01, HOST-11)', () => {
    const model = modelOf([
      ingress({ name: 'no-tls', host: 'a.test', created: '2024-01-01T00:00:00Z' }),
      ingress({
        name: 'first',
        host: 'a.test',
        paths: [{ path: '/1' }],
        created: '2024-01-02T00:00:00Z',
        tls: [{ hosts: ['a.test'], secretName: 'a' }],
      }),
      ingress({
        name: 'later',
        host: 'a.test',
        paths: [{ path: '/2' }],
        created: '2024-01-03T00:00:00Z',
        tls: [{ hosts: ['a.test'], secretName: 'other' }],
      }),
      secret('a', a),
      secret('other', b),
    ]);
    expect(assigned(model)).to.deep.equal({ 'a.test': 'default/a' });
  });

  it('a first Ingress without a usable certificate is not made up for by younger ones (TLS-01, TLS-03)', () => {
    const model = modelOf([
      ingress({
        name: 'first',
        host: 'a.test',
        created: '2024-01-01T00:00:00Z',
        tls: [{ hosts: ['a.test'], secretName: 'missing' }],
      }),
      ingress({
        name: 'later',
        host: 'a.test',
        paths: [{ path: '/2' }],
        created: '2024-01-02T00:00:00Z',
        tls: [{ hosts: ['a.test'], secretName: 'a' }],
      }),
      secret('a', a),
    ]);
    expect(assigned(model)).to.deep.equal({});
    expect(model.problems.map(({ code }) => code)).to.include('certificate-unusable');
  });

  it('takes the entry that lists the host, else the first Secret that covers it (TLS-02)', () => {
    const listed = [
      { hosts: ['b.test'], secretName: 'b' },
      { hosts: ['A.test'], secretName: 'a' },
    ];
    const guessed = [{ secretName: 'b' }, { secretName: 'a' }];
    for (const tls of [listed, guessed]) {
      const model = modelOf([ingress({ name: 'i', host: 'a.test', tls }), secret('a', a), secret('b', b)]);
      expect(assigned(model)).to.deep.equal({ 'a.test': 'default/a' });
    }
  });

  it('a wildcard Secret serves exact and wildcard hosts of one label (TLS-02, TLS-03)', () => {
    const tls = [{ secretName: 'w' }];
    const hosts = ['x.w.test', '*.w.test', 'y.x.w.test', 'w.test'];
    const model = modelOf([...hosts.map((host, i) => ingress({ name: `i${i}`, host, tls })), secret('w', wildcard)]);
    expect(assigned(model)).to.deep.equal({ 'x.w.test': 'default/w', '*.w.test': 'default/w' });
  });

  it('refuses a pair that does not match, a name that is not covered, and garbage, and says so (TLS-03, TLS-13)', () => {
    const model = modelOf([
      ingress({ name: 'mismatch', host: 'a.test', tls: [{ hosts: ['a.test'], secretName: 'mismatch' }] }),
      ingress({ name: 'name', host: 'b.test', tls: [{ hosts: ['b.test'], secretName: 'a' }] }),
      ingress({ name: 'empty', host: 'c.test', tls: [{ hosts: ['c.test'], secretName: 'empty' }] }),
      secret('a', a),
      secret('mismatch', { certificate: a.certificate, key: b.key }),
      secret('empty', { certificate: '', key: '' }),
    ]);
    expect(assigned(model)).to.deep.equal({});
    const messages = model.problems.filter(({ code }) => code === 'certificate-unusable').map(showProblem);
    expect(messages).to.have.length(3);
    expect(messages.join('\n')).to.contain('tls.key does not belong to tls.crt').and.contain('does not cover b.test');
    expect(messages.join('\n')).to.not.contain('PRIVATE KEY');
  });

  it('serves an expired certificate, with a Problem (TLS-03)', () => {
    const model = modelOf([
      ingress({ name: 'old', host: 'old.test', tls: [{ hosts: ['old.test'], secretName: 'old' }] }),
      secret('old', expired),
    ]);
    expect(assigned(model)).to.deep.equal({ 'old.test': 'default/old' });
    expect(expiredCertificates(model, Date.now()).map(showProblem)).to.deep.equal([
      'warning certificate-expired: Secret default/old: its certificate expired on 2020-01-01T00:00:00.000Z; it is served all the same',
    ]);
    expect(expiredCertificates(model, Date.parse('2019-12-31'))).to.deep.equal([]);
  });

  it('--default-ssl-certificate is the certificate of the catch-all; a bad one is a Problem (TLS-04, TLS-06)', () => {
    const flags = ['--default-ssl-certificate=default/a'];
    expect(assigned(modelOf([secret('a', a)], flags))).to.deep.equal({ _: 'default/a' });
    const model = modelOf([], flags);
    expect(assigned(model)).to.deep.equal({});
    expect(model.problems.map(({ code }) => code)).to.deep.equal(['certificate-unusable']);
  });

  it('a rule without host never uses its Secret (TLS-06)', () => {
    const model = modelOf([ingress({ name: 'bare', tls: [{ secretName: 'a' }] }), secret('a', a)]);
    expect(assigned(model)).to.deep.equal({});
  });
});
