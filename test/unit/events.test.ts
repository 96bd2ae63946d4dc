// What is told by Events, how often, and in which words.
import { expect } from 'chai';
import type { Problem } from '../../controller/model/types.ts';
import { EventBook } from '../../controller/status/event-book.ts';
import { idOf, nameOf, type Occasion, occasionOf } from '../../controller/status/occasion.ts';

const WEB = { kind: 'Ingress', namespace: 'default', name: 'web' };
const SECOND = 1000;
const MINUTE = 60 * SECOND;

function occasion(message: string, type: 'Warning' | 'Normal' = 'Warning'): Occasion {
  return { object: WEB, type, reason: 'Test', message };
}

function problem(message: string, code: Problem['code'] = 'annotation-invalid', object = WEB): Problem {
  return { object, severity: 'error', code, message };
}

/** Sends all that is due, as a server that keeps counts; what was sent, as "message xcount". */
function send(book: EventBook, now: number): string[] {
  const sent: string[] = [];
  for (let due = book.next(now); due !== null; due = book.next(now)) {
    sent.push(`${due.occasion.message} x${due.count}`);
    book.sent(due, due.count, now);
  }
  return sent;
}

describe('what an Event says', () => {
  it('has the reason of ingress-nginx where there is one, else that of the Problem', () => {
    expect(occasionOf(problem('bad'))).to.include({
      reason: 'AnnotationParsingFailed',
      type: 'Warning',
      message: 'bad',
    });
    expect(occasionOf(problem('x', 'service-without-endpoints'))).to.include({ reason: 'ServiceWithoutEndpoints' });
  });

  it('is about objects of tenants only', () => {
    const server = { kind: 'ApiServer', namespace: '', name: 'x' };
    expect(occasionOf(problem('x', 'api-unreachable', server))).to.equal(null);
  });

  it('never has the words of nginx, which may quote files of the controller (R10)', () => {
    const message =
      'nginx refuses the directives of host a.test, path "/x": invalid parameter "secret" in file; its last good version is served';
    const said = occasionOf(problem(message, 'directives-refused'))?.message;
    expect(said).to.equal('nginx refuses the directives of host a.test, path "/x"; the log of the controller says why');
    const setting = occasionOf(problem('http-snippet: nginx refuses it: unknown directive "secret"; it is left out'));
    expect(setting?.message).to.equal('http-snippet: nginx refuses it; the log of the controller says why');
  });

  it('has at most 1024 bytes, of whole characters', () => {
    const said = occasionOf(problem('ä'.repeat(2000)))?.message ?? '';
    expect(Buffer.byteLength(said)).to.be.within(1020, 1024);
    expect(said).to.match(/^ä+…$/);
  });

  it('has a name that depends on what it says and on the object, and is one', () => {
    const name = nameOf(occasion('a'), 'uid-1');
    expect(name).to.match(/^web\.[0-9a-f]{16}$/);
    expect(nameOf(occasion('a'), 'uid-1')).to.equal(name);
    expect(nameOf(occasion('b'), 'uid-1')).to.not.equal(name);
    expect(nameOf(occasion('a'), 'uid-2')).to.not.equal(name);
    const long = { ...occasion('a'), object: { ...WEB, name: `${'a'.repeat(229)}.${'b'.repeat(20)}` } };
    expect(nameOf(long, 'u'))
      .to.match(/^[a-z0-9.]{1,253}$/)
      .and.not.contain('..');
    expect(idOf(long)).to.not.equal(idOf(occasion('a')));
  });
});

describe('which Events are sent', () => {
  it('what lasts is told once, and that it is solved once', () => {
    const book = new EventBook();
    book.last([occasion('a')], 0);
    expect(send(book, 0)).to.deep.equal(['a x1']);
    book.last([occasion('a')], MINUTE);
    expect(send(book, MINUTE)).to.deep.equal([]);
    book.last([], 2 * MINUTE);
    expect(send(book, 2 * MINUTE)).to.deep.equal(['solved: Test: a x1']);
  });

  it('what was never told is not told to be solved', () => {
    const book = new EventBook();
    book.last([occasion('a')], 0);
    book.last([], 0);
    expect(send(book, 0)).to.deep.equal([]);
  });

  it('what lasts is told again every half hour, before the API server forgets it', () => {
    const book = new EventBook();
    const counts: string[] = [];
    for (let now = 0; now <= 61 * MINUTE; now += MINUTE) {
      book.last([occasion('a')], now);
      counts.push(...send(book, now));
    }
    expect(counts).to.deep.equal(['a x1', 'a x2', 'a x3']);
  });

  it('what comes and goes is counted, and told at most every ten seconds', () => {
    const book = new EventBook();
    const sent: string[] = [];
    for (let now = 0; now < 30 * SECOND; now += SECOND) {
      book.last(now % (2 * SECOND) === 0 ? [occasion('a')] : [], now);
      sent.push(...send(book, now).filter((text) => text.startsWith('a ')));
    }
    expect(sent).to.have.length.within(2, 4);
  });

  it('what happens many times at once is one Event with a count', () => {
    const book = new EventBook();
    for (let i = 0; i < 5; i += 1) book.add(occasion('reload', 'Normal'));
    expect(send(book, 0)).to.deep.equal(['reload x5']);
    book.add(occasion('reload', 'Normal'));
    expect(send(book, SECOND)).to.deep.equal([]);
    expect(send(book, 10 * SECOND)).to.deep.equal(['reload x6']);
  });

  it('one that the API server forgot is made anew; one that was there already is left alone', () => {
    const book = new EventBook();
    book.add(occasion('a'));
    const due = book.next(0);
    expect(due?.kind).to.equal('create');
    if (due !== null) book.sent(due, null, 0); // 409: another replica said it
    expect(book.next(0)).to.equal(null);
    book.add(occasion('a'));
    const again = book.next(MINUTE);
    expect(again).to.include({ kind: 'repeat', count: null });
    if (again !== null) book.expired(again);
    expect(book.next(MINUTE)).to.include({ kind: 'create', count: 1 });
  });

  it('Warnings go first, and what waits is bounded', () => {
    const book = new EventBook();
    for (let i = 0; i < 3000; i += 1) book.add(occasion(`sync ${i}`, 'Normal'));
    book.last([occasion('bad')], 0);
    const sent = send(book, 0);
    expect(sent[0]).to.equal('bad x1');
    expect(sent.length).to.be.below(1100);
    expect(book.dropped).to.be.above(1900);
  });

  it('a replica that leads no longer forgets what lasts, without calling it solved', () => {
    const book = new EventBook();
    book.last([occasion('a')], 0);
    send(book, 0);
    book.forgetLasting();
    book.last([], SECOND);
    expect(send(book, MINUTE)).to.deep.equal([]);
  });

  it('forgets what is long past', () => {
    const book = new EventBook();
    book.add(occasion('a'));
    send(book, 0);
    book.tidy(2 * 60 * MINUTE);
    book.add(occasion('a'));
    expect(book.next(2 * 60 * MINUTE)).to.include({ kind: 'create', count: 1 });
  });
});
