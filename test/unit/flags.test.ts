import { expect } from 'chai';
import { parseCommandLine, UsageError } from '../../controller/flags.ts';

describe('command line', () => {
  it('reads pflag syntax: =value, a value behind, bare and negated booleans, -v', () => {
    const { flags, words } = parseCommandLine([
      'render',
      '--http-port=8080',
      '--https-port',
      '8443',
      '--ingress-class-by-name',
      '--watch-ingress-without-class=false',
      '-v=3',
    ]);
    expect(words).to.deep.equal(['render']);
    expect(flags).to.include({
      'http-port': 8080,
      'https-port': 8443,
      'ingress-class-by-name': true,
      'watch-ingress-without-class': false,
      v: 3,
    });
  });

  it('a bare boolean does not swallow the word behind it, also for flags without effect', () => {
    expect(parseCommandLine(['--ingress-class-by-name', 'render']).words).to.deep.equal(['render']);
    expect(parseCommandLine(['--enable-metrics', 'render']).words).to.deep.equal(['render']);
    expect(parseCommandLine(['--election-id', 'x', 'render']).words).to.deep.equal(['render']);
  });

  it('the last of a repeated flag wins, as in pflag', () => {
    expect(parseCommandLine(['--http-port=1', '--http-port=2']).flags['http-port']).to.equal(2);
  });

  it('references are namespace/name; empty ones are none', () => {
    expect(parseCommandLine(['--configmap=a/b']).flags.configmap).to.equal('a/b');
    expect(parseCommandLine(['--configmap=']).flags.configmap).to.equal(null);
    expect(() => parseCommandLine(['--configmap=b'])).to.throw(UsageError, 'namespace/name');
  });
});
