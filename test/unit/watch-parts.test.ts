// The pure parts of list and watch: lines, events, what comes next, pauses, paths.
import { expect } from 'chai';
import { listPath, nameOf, RESOURCES, watchPath } from '../../controller/kube/resources.ts';
import { TokenBucket } from '../../controller/kube/token-bucket.ts';
import { LineCutter } from '../../controller/watch/lines.ts';
import { backOff, FIRST, isOtherHistory, next, type Outcome, type State } from '../../controller/watch/steps.ts';
import { readEvent, readPage } from '../../controller/watch/wire.ts';

describe('lines of a stream', () => {
  it('are the same wherever the pieces end, even within a character', () => {
    const whole = Buffer.from('{"a":"ä€😀"}\n\n{"b":2}\r\n{"c"');
    for (let size = 1; size <= whole.length; size += 1) {
      const cutter = new LineCutter(1000);
      const lines: string[] = [];
      for (let at = 0; at < whole.length; at += size) lines.push(...cutter.push(whole.subarray(at, at + size)));
      expect(lines.map((line) => line.trim())).to.deep.equal(['{"a":"ä€😀"}', '{"b":2}']);
      expect(cutter.pendingBytes).to.equal(4);
    }
  });

  it('may be long, in time that grows with the length only, but not without end', () => {
    const cutter = new LineCutter(10_000_000);
    const piece = Buffer.alloc(1000, 'x');
    for (const _ of Array(9999)) expect(cutter.push(piece)).to.deep.equal([]);
    expect(cutter.push(Buffer.from('\n'))[0]).to.have.length(9_999_000);
    for (const _ of Array(10_000)) cutter.push(piece);
    expect(() => cutter.push(piece)).to.throw(RangeError, 'longer than 10000000 bytes');
  });
});

describe('what the API server writes', () => {
  const event = (type: string, object: unknown) => readEvent(RESOURCES.Service, JSON.stringify({ type, object }));

  it('reads the items of a list with what they lack and without managedFields', () => {
    const page = readPage(RESOURCES.Service, {
      kind: 'ServiceList',
      metadata: { resourceVersion: '7', continue: 'x' },
      items: [{ metadata: { name: 'a', managedFields: [{}] }, spec: {} }],
    });
    expect(page).to.deep.equal({
      items: [{ kind: 'Service', apiVersion: 'v1', metadata: { name: 'a' }, spec: {} }],
      version: '7',
      next: 'x',
    });
    expect(readPage(RESOURCES.Service, { metadata: { resourceVersion: '7' }, items: null })?.items).to.deep.equal([]);
    for (const other of [null, 'x', {}, { metadata: {}, items: {} }, { kind: 'Status' }]) {
      expect(readPage(RESOURCES.Service, other)).to.equal(null);
    }
  });

  it('reads events', () => {
    const object = { metadata: { name: 'a', resourceVersion: '8' } };
    for (const [type, kind] of [
      ['ADDED', 'put'],
      ['MODIFIED', 'put'],
      ['DELETED', 'remove'],
    ] as const) {
      expect(event(type, object)).to.deep.equal({
        kind,
        object: { kind: 'Service', apiVersion: 'v1', metadata: object.metadata },
        version: '8',
      });
    }
    expect(event('BOOKMARK', object)).to.deep.equal({ kind: 'bookmark', version: '8' });
    expect(event('ERROR', { code: 410, message: 'too old', details: { retryAfterSeconds: 2 } })).to.deep.equal({
      kind: 'error',
      status: 410,
      message: 'too old',
      retryAfterMs: 2000,
    });
  });

  for (const line of ['', '{', 'null', '[]', '{"type":"ADDED"}', '{"type":"NEW","object":{"metadata":{}}}']) {
    it(`says that ${JSON.stringify(line)} is no event`, () => {
      expect(readEvent(RESOURCES.Service, line).kind).to.equal('malformed');
    });
  }

  it('an event without a version is none: there would be no way to resume after it', () => {
    expect(event('ADDED', { metadata: { name: 'a' } }).kind).to.equal('malformed');
  });
});

describe('what a reflector does next', () => {
  const watching = (failures: number): State => ({
    phase: { kind: 'watch', version: '5', history: 'same' },
    failures,
  });
  const failed = (stage: 'busy' | 'refused' | 'broken', brought: 'something' | 'nothing'): Outcome => ({
    kind: 'watch-failed',
    stage,
    version: '6',
    yield: brought,
  });
  const shown = ({ phase }: State): string =>
    phase.kind === 'list' ? `list ${phase.size}` : `watch ${phase.version}${phase.history === 'unsure' ? '?' : ''}`;

  const cases: [name: string, state: State, outcome: Outcome, then: string, failures: number, pause: string][] = [
    ['a list leads to a watch', FIRST, { kind: 'listed', version: '5' }, 'watch 5', 0, 'none'],
    [
      'a list is no success by itself',
      { ...FIRST, failures: 3 },
      { kind: 'listed', version: '5' },
      'watch 5',
      3,
      'none',
    ],
    ['a list that fails is asked for again', FIRST, { kind: 'list-failed' }, 'list pages', 1, 'back-off'],
    ['pages that expire: the whole list', FIRST, { kind: 'expired', yield: 'nothing' }, 'list whole', 1, 'none'],
    ['a normal close', watching(2), { kind: 'closed', version: '6', yield: 'something' }, 'watch 6', 0, 'none'],
    ['an empty close', watching(0), { kind: 'closed', version: '6', yield: 'nothing' }, 'watch 6', 1, 'none'],
    ['another empty close', watching(1), { kind: 'closed', version: '6', yield: 'nothing' }, 'watch 6', 2, 'back-off'],
    ['a version that expired', watching(0), { kind: 'expired', yield: 'something' }, 'list pages', 0, 'none'],
    ['one that expires at once', watching(1), { kind: 'expired', yield: 'nothing' }, 'list pages', 2, 'back-off'],
    ['a watch that broke', watching(4), failed('broken', 'something'), 'watch 6?', 1, 'back-off'],
    ['one that broke again', watching(1), failed('broken', 'nothing'), 'list pages', 2, 'back-off'],
    ['a server that is not there', watching(0), failed('refused', 'nothing'), 'list pages', 1, 'back-off'],
    ['a busy server', watching(7), failed('busy', 'nothing'), 'watch 6?', 8, 'back-off'],
  ];
  for (const [name, state, outcome, then, failures, pause] of cases) {
    it(`${name}: ${then}`, () => {
      const step = next(state, outcome);
      expect([shown(step.state), step.state.failures, step.pause]).to.deep.equal([then, failures, pause]);
    });
  }

  it('a version below the one known is of another history', () => {
    expect(isOtherHistory('9', '10')).to.equal(true);
    expect(isOtherHistory('10', '10')).to.equal(false);
    expect(isOtherHistory('10000000000000000000001', '10000000000000000000002')).to.equal(true);
    expect(isOtherHistory('a', 'b')).to.equal(false);
  });

  it('pauses grow, are spread, have an end, and heed the server', () => {
    const pace = { firstMs: 100, mostMs: 1000 };
    expect([1, 2, 3, 4, 5, 60].map((failures) => backOff(pace, failures, null, 0.5))).to.deep.equal([
      100, 200, 400, 800, 1000, 1000,
    ]);
    expect([backOff(pace, 1, null, 0), backOff(pace, 1, null, 1)]).to.deep.equal([50, 150]);
    expect(backOff(pace, 1, 5000, 0.5)).to.equal(5100);
    expect(backOff(pace, 1, 86_400_000, 0.5)).to.equal(60_100);
  });
});

describe('token bucket', () => {
  it('lets a burst through, then a rate, in order', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect([0, 0, 0, 0, 0].map((now) => bucket.take(now))).to.deep.equal([0, 0, 0, 100, 200]);
    expect(bucket.take(300)).to.equal(0);
    expect([60_000, 60_000, 60_000, 60_000].map((now) => bucket.take(now))).to.deep.equal([0, 0, 0, 100]);
  });
});

describe('paths of the API', () => {
  it('of lists and watches, in all namespaces or one', () => {
    expect(listPath(RESOURCES.Service, null, { limit: 0, from: '' })).to.equal('/api/v1/services');
    expect(listPath(RESOURCES.Ingress, 'a', { limit: 500, from: 'x=/' })).to.equal(
      '/apis/networking.k8s.io/v1/namespaces/a/ingresses?limit=500&continue=x%3D%2F',
    );
    expect(watchPath(RESOURCES.Secret, null, '5', 300)).to.equal(
      '/api/v1/secrets?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=300&fieldSelector=type%21%3Dhelm.sh%2Frelease.v1',
    );
    expect(listPath(RESOURCES.IngressClass, 'a', { limit: 0, from: '' })).to.equal(
      '/apis/networking.k8s.io/v1/ingressclasses',
    );
    expect([nameOf(RESOURCES.Ingress), nameOf(RESOURCES.Secret)]).to.deep.equal([
      'ingresses.networking.k8s.io',
      'secrets',
    ]);
  });
});
