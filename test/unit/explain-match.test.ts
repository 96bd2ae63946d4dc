import { expect } from 'chai';
import { coverage } from '../../controller/explain/match.ts';

describe('whether a path takes a URI', () => {
  const prefix = (path: string) => ({ match: 'prefix' as const, path, pattern: null });
  const regex = (pattern: string) => ({ match: 'regex' as const, path: pattern, pattern });

  it('is known of exact paths and prefixes, which end at a slash', () => {
    expect(coverage({ match: 'exact', path: '/a', pattern: null }, '/a')).to.equal('yes');
    expect(coverage({ match: 'exact', path: '/a', pattern: null }, '/a/')).to.equal('no');
    expect(coverage(prefix('/a'), '/a/b')).to.equal('yes');
    expect(coverage(prefix('/a'), '/ab')).to.equal('no');
    expect(coverage(prefix('/a/'), '/a')).to.equal('no');
  });

  it('is known of regular expressions that certainly end soon', () => {
    expect(coverage(regex('/old(/|$)(.*)'), '/OLD/x')).to.equal('yes');
    expect(coverage(regex('/old(/|$)(.*)'), '/older')).to.equal('no');
    expect(coverage(regex('/[0-9]+/.*\\.php'), '/12/a.php')).to.equal('yes');
  });

  for (const pattern of [
    '/(a+)+$',
    '/(a|a)*$',
    '/(.*)*x',
    '/a*a*a*a*a*a*a*b',
    '/(a{1,}){1,}$',
    `/${'a'.repeat(300)}`,
  ]) {
    it(`is left to nginx: ${pattern.slice(0, 30)}`, () => {
      expect(coverage(regex(pattern), `/${'a'.repeat(60)}!`)).to.equal('unknown');
    });
  }

  it('is left to nginx where the URI is long, or the two engines differ', () => {
    expect(coverage(regex('/a.*b'), `/${'a'.repeat(600)}`)).to.equal('unknown');
    expect(coverage(regex('/(?i)a'), '/a')).to.equal('unknown');
  });
});
