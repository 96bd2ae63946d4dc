// The election as a pure function of what was observed, and when.
import { expect } from 'chai';
import fc from 'fast-check';
import {
  decide,
  heldSpec,
  type Lease,
  type Observed,
  observe,
  readLease,
  releasedSpec,
} from '../../controller/status/election.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const LEASE: Lease = { holder: 'a', durationMs: 30_000, renewTime: 't1', acquireTime: 't0', transitions: 3 };

function seen(lease: Lease | null, at = 0): Observed {
  return { lease, at };
}

describe('election', () => {
  it('creates a Lease where there is none, and takes one that nobody holds', () => {
    expect(decide(seen(null), 'b', 0)).to.deep.equal({ kind: 'create' });
    expect(decide(seen({ ...LEASE, holder: '' }), 'b', 0)).to.deep.equal({ kind: 'take' });
  });

  it('goes on with its own, however old', () => {
    expect(decide(seen(LEASE), 'a', 1e9)).to.deep.equal({ kind: 'renew' });
  });

  it("waits until it has not seen somebody else's renewed for as long as that says", () => {
    expect(decide(seen(LEASE, 1000), 'b', 1000)).to.deep.equal({ kind: 'wait', ms: 30_000 });
    expect(decide(seen(LEASE, 1000), 'b', 30_999)).to.deep.equal({ kind: 'wait', ms: 1 });
    expect(decide(seen(LEASE, 1000), 'b', 31_000)).to.deep.equal({ kind: 'take' });
  });

  it('counts anew with each change that it observes, and only then', () => {
    const first = observe(null, LEASE, 10);
    expect(observe(first, { ...LEASE }, 20)).to.equal(first);
    expect(observe(first, { ...LEASE, renewTime: 't2' }, 20).at).to.equal(20);
    expect(observe(first, null, 20)).to.deep.equal({ lease: null, at: 20 });
  });

  it('never looks at the times in the Lease: any clock will do', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(100_000), fc.nat(100_000), (renewTime, at, later) => {
        const step = decide(seen({ ...LEASE, renewTime }, at), 'b', at + later);
        expect(step.kind).to.equal(later < LEASE.durationMs ? 'wait' : 'take');
      }),
    );
  });

  it('of two candidates at most one holds it at any time: a leader ends its term before the others may take over', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.integer({ min: 1000, max: 60_000 }), (sent, seenAfter, ttlMs) => {
        // The others see a renewal when it was answered at the earliest; the term counts from when it was sent.
        const termEnds = sent + ttlMs / 2;
        const observed = observe(null, { ...LEASE, durationMs: ttlMs }, sent + seenAfter);
        expect(decide(observed, 'b', termEnds).kind).to.equal('wait');
      }),
    );
  });

  it('writes what client-go writes: transitions count changes of the holder, times have six digits', () => {
    expect(heldSpec(null, 'b', 30_000, NOW)).to.deep.equal({
      holderIdentity: 'b',
      leaseDurationSeconds: 30,
      acquireTime: '2026-01-02T03:04:05.678000Z',
      renewTime: '2026-01-02T03:04:05.678000Z',
      leaseTransitions: 0,
    });
    expect(heldSpec(LEASE, 'a', 500, NOW)).to.include({
      acquireTime: 't0',
      leaseTransitions: 3,
      leaseDurationSeconds: 1,
    });
    expect(heldSpec(LEASE, 'b', 30_000, NOW)).to.include({ holderIdentity: 'b', leaseTransitions: 4 });
    expect(releasedSpec(LEASE, NOW)).to.include({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 3 });
  });

  it('reads whatever is in a Lease', () => {
    expect(readLease({}, 7)).to.deep.equal({
      holder: '',
      durationMs: 7,
      renewTime: '',
      acquireTime: '',
      transitions: 0,
    });
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const lease = readLease(value, 1);
        expect(lease.durationMs).to.be.above(0);
      }),
    );
  });
});
