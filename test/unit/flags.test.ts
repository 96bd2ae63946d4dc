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
    expect(parseCommandLine(['--profiling', 'render']).words).to.deep.equal(['render']);
    expect(parseCommandLine(['--election-id', 'x', 'render']).words).to.deep.equal(['render']);
  });

  it('flags about metrics: lists of numbers and names, and what does not fit together', () => {
    const read = (...args: string[]) => parseCommandLine(args).flags;
    expect(read('--time-buckets=0.1, 1,1e+06')['time-buckets']).to.deep.equal([0.1, 1, 1_000_000]);
    for (const bad of ['', '1,1', '2,1', '0,1', '1,,2', 'x', '1,Infinity']) {
      expect(() => read(`--time-buckets=${bad}`), bad).to.throw(UsageError, '--time-buckets');
    }
    const excluded = read('--exclude-socket-metrics=nginx_ingress_controller_requests,bytes_sent');
    expect([...excluded['exclude-socket-metrics']]).to.deep.equal(['requests', 'bytes_sent']);
    expect(() => read('--exclude-socket-metrics=nothing')).to.throw(UsageError, 'names out of');
    expect([...read('--metrics-without-labels=path,host')['metrics-without-labels']]).to.deep.equal(['host', 'path']);
    expect(() => read('--metrics-without-labels=color')).to.throw(UsageError, 'names out of');
    expect(() => read('--metrics-per-undefined-host', '--metrics-per-host=false')).to.throw(UsageError, 'needs');
  });

  it('the last of a repeated flag wins, as in pflag', () => {
    expect(parseCommandLine(['--http-port=1', '--http-port=2']).flags['http-port']).to.equal(2);
  });

  it('--validating-webhook is an address as Go writes it, and needs a certificate and a key', () => {
    const pair = ['--validating-webhook-certificate=/c', '--validating-webhook-key=/k'];
    const address = (text: string): unknown =>
      parseCommandLine([`--validating-webhook=${text}`, ...pair]).flags['validating-webhook'];
    expect(address('')).to.equal(null);
    expect(address(':8443')).to.deep.equal({ host: '', port: 8443 });
    expect(address('127.0.0.1:1')).to.deep.equal({ host: '127.0.0.1', port: 1 });
    expect(address('[::1]:8443')).to.deep.equal({ host: '::1', port: 8443 });
    for (const wrong of ['8443', ':0', ':99999', '::1:8443', 'a:b']) {
      expect(() => address(wrong), wrong).to.throw(UsageError, 'such as :8443');
    }
    expect(() => parseCommandLine(['--validating-webhook=:8443'])).to.throw(UsageError, '-certificate and');
  });

  it('references are namespace/name; empty ones are none', () => {
    expect(parseCommandLine(['--configmap=a/b']).flags.configmap).to.equal('a/b');
    expect(parseCommandLine(['--configmap=']).flags.configmap).to.equal(null);
    expect(() => parseCommandLine(['--configmap=b'])).to.throw(UsageError, 'namespace/name');
  });
});
