import { expect } from 'chai';
import { parseResolvConf } from '../../controller/apply/resolver.ts';
import {
  bool,
  intBetween,
  listOf,
  oneOf,
  oneOfAnyCase,
  type Parser,
  pathPrefix,
  size,
} from '../../controller/feature/parse.ts';
import { matches, parseSelector } from '../../controller/model/selector.ts';

function table<T>(name: string, parse: Parser<T>, good: readonly [string, T][], bad: readonly string[]): void {
  describe(name, () => {
    for (const [text, value] of good) {
      it(`reads ${JSON.stringify(text)}`, () => expect(parse(text)).to.deep.equal({ ok: true, value }));
    }
    for (const text of bad) {
      it(`refuses ${JSON.stringify(text)} and says what it accepts`, () => {
        const result = parse(text);
        expect(result.ok).to.equal(false);
        expect('accepts' in result && result.accepts).to.be.a('string').that.is.not.empty;
      });
    }
  });
}

describe('values', () => {
  table(
    'BOOL',
    bool,
    [
      ['1', true],
      ['t', true],
      ['True', true],
      ['0', false],
      ['FALSE', false],
    ],
    ['yes', 'on', 'tRue', ' true', 'true\n', ''],
  );
  table(
    'INT',
    intBetween(-5, 500),
    [
      ['12', 12],
      ['+3', 3],
      ['-5', -5],
      ['007', 7],
    ],
    ['12; x', '0x1f', '1e2', '501', '', ' 1', '1_0', '1.0'],
  );
  table(
    'SIZE',
    size,
    [
      ['0', 0],
      ['8m', 8 * 1024 ** 2],
      ['1K', 1024],
      ['2g', 2 * 1024 ** 3],
    ],
    ['8 m', '8b', '-1', '8mm', '', 'm', '99999999999999g'],
  );
  table(
    'ENUM',
    oneOf('on', 'off'),
    [
      ['on', 'on'],
      [' off ', 'off'],
    ],
    ['ON', 'true', '', 'on;'],
  );
  table(
    'ENUM in any case',
    oneOfAnyCase('HTTP', 'GRPC'),
    [
      ['grpc', 'GRPC'],
      [' Http', 'HTTP'],
    ],
    ['HTTPS', 'h t t p'],
  );
  table(
    'path lists',
    listOf(pathPrefix),
    [
      ['/a, /b', ['/a', '/b']],
      ['', []],
      [',/a,', ['/a']],
    ],
    ['a', '/a,b', '/a b'],
  );
});

describe('label selectors', () => {
  const labels = new Map([
    ['team', 'a'],
    ['tier', 'web'],
  ]);
  const cases: [string, boolean][] = [
    ['team=a', true],
    ['team==b', false],
    ['team!=b,tier', true],
    ['!legacy', true],
    ['!team', false],
    ['tier in (api, web)', true],
    ['tier notin (api,web)', false],
    ['missing notin (x)', true],
    ['missing!=x', true],
    ['missing', false],
    ['', true],
  ];
  for (const [text, expected] of cases) {
    it(`${JSON.stringify(text)} is ${expected}`, () => {
      const selector = parseSelector(text);
      expect(selector).to.not.equal(null);
      expect(matches(selector ?? [], labels)).to.equal(expected);
    });
  }
  for (const text of ['=a', 'a=b=c', 'a in b', 'a b', '-a']) {
    it(`${JSON.stringify(text)} is refused`, () => expect(parseSelector(text)).to.equal(null));
  }
});

describe('resolv.conf', () => {
  it('reads servers, search and options, and ignores the rest', () => {
    const text =
      '# a\nnameserver 10.0.0.10 ; b\nnameserver ::1\nnameserver 127.0.0.1:5353\nnameserver bad\nsearch a.test. b.test\noptions ndots:5 timeout:3 attempts:4 rotate\nsortlist x\n';
    expect(parseResolvConf(text)).to.deep.equal({
      servers: [
        { host: '10.0.0.10', port: 53 },
        { host: '[::1]', port: 53 },
        { host: '127.0.0.1', port: 5353 },
      ],
      search: ['a.test', 'b.test'],
      ndots: 5,
      timeoutMs: 3000,
      attempts: 4,
    });
  });
});
