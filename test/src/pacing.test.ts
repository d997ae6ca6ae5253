/** Whose turn it is: how many, how fast, and not while the tenant asked for peace. */
import { expect } from 'chai';
import { busy, enter, set } from './pacing-setting';

describe('pacing', () => {
  it('begins as many as may be in flight; the others wait, first come, first served', () => {
    const now = set({ concurrency: 2 });
    expect(enter(now, 'a', 'b', 'c', 'd')).to.deep.equal([]);
    expect(now.started).to.deep.equal(['a', 'b']);
    expect([now.pacing.inFlight, now.pacing.waiting]).to.deep.equal([2, 2]);
    now.pacing.leave();
    expect(now.started).to.deep.equal(['a', 'b', 'c']);
    expect([now.pacing.inFlight, now.pacing.waiting]).to.deep.equal([2, 1]);
    now.pacing.leave();
    now.pacing.leave();
    now.pacing.leave();
    expect(now.started).to.deep.equal(['a', 'b', 'c', 'd']);
    expect([now.pacing.inFlight, now.pacing.waiting]).to.deep.equal([0, 0]);
  });

  it('says nothing to those whose turn came or will come', () => {
    const now = set();
    expect(now.pacing.enter(now.turn('at once'))).to.equal(null);
    expect(now.pacing.enter(now.turn('later'))).to.equal(null);
  });

  it('takes queueLimit into the queue and not one more, counted in messages', () => {
    const now = set({ queueLimit: 3 });
    expect(enter(now, 'a', 'b')).to.deep.equal([]);
    const shared = now.turn('c');
    expect(now.pacing.enter(shared)).to.equal(null);
    expect(now.pacing.isFull).to.equal(false);
    now.pacing.share(shared, 1);
    expect([now.pacing.waiting, now.pacing.isFull, shared.messages]).to.deep.equal([3, true, 2]);
    expect(now.pacing.enter(now.turn('d'))).to.include({ code: 'CIAM.QUEUE.FULL', message: '3 lookups are waiting already (queueLimit).' });
    now.pacing.share(shared, -1);
    expect([now.pacing.waiting, now.pacing.isFull]).to.deep.equal([2, false]);
    now.pacing.share(shared, 1);
    now.pacing.leave();
    now.pacing.leave();
    expect([now.started, now.pacing.waiting]).to.deep.equal([['a', 'b', 'c'], 0]);
    now.pacing.share(shared, 1);
    expect(now.pacing.waiting).to.equal(0);
  });

  it('lets anybody out of the queue: the first, the last, one in between, and nobody twice', () => {
    const now = set();
    const turns = ['a', 'b', 'c', 'd', 'e'].map((name) => now.turn(name));
    for (const turn of turns) now.pacing.enter(turn);
    const [a, b, c, , e] = turns;
    for (const turn of [c, b, e, e, a]) if (turn) now.pacing.withdraw(turn);
    expect(now.pacing.waiting).to.equal(1);
    // Nor does one that has gone keep the others in memory.
    for (const turn of [a, b, c, e]) expect(turn).to.include({ ahead: null, behind: null, queued: false });
    enter(now, 'f');
    for (let call = 0; call < 3; call++) now.pacing.leave();
    expect(now.started).to.deep.equal(['a', 'd', 'f']);
    expect([now.pacing.inFlight, now.pacing.waiting]).to.deep.equal([0, 0]);
  });

  it('keeps the rate: one start every so many milliseconds', () => {
    const now = set({ concurrency: 10, rateLimit: 10 });
    enter(now, 'a', 'b', 'c', 'd');
    // Timers are coarse: after a rest, 20 ms of lateness are made good.
    const expected: [number, string[]][] = [[0, ['a']], [79, ['a']], [1, ['a', 'b']], [99, ['a', 'b']], [1, ['a', 'b', 'c']], [100, ['a', 'b', 'c', 'd']]];
    for (const [ms, started] of expected) {
      now.clock.advance(ms);
      expect(now.started).to.deep.equal(started);
    }
    expect(now.clock.pending).to.deep.equal([]);
  });

  it('keeps a rate of more than one start a millisecond', () => {
    const now = set({ concurrency: 1000, queueLimit: 1000, rateLimit: 2000 });
    enter(now, ...Array.from({ length: 200 }, (_, index) => String(index)));
    // 20 ms of lateness are made good at once.
    expect(now.started).to.have.lengthOf(41);
    now.clock.advance(10);
    expect(now.started).to.have.lengthOf(61);
  });

  it('sets one timer, and once, however many wait', () => {
    const now = set({ concurrency: 10, rateLimit: 10 });
    enter(now, 'a', 'b', 'c', 'd');
    now.pacing.hold(50, busy());
    enter(now, 'e');
    now.clock.advance(50);
    now.pacing.hold(5000, busy());
    enter(now, 'f');
    expect([now.clock.pending, now.clock.timersSet]).to.deep.equal([[30], 1]);
  });

  it('waits longer than one timer can', () => {
    const now = set({ concurrency: 10, rateLimit: 1e-7 });
    enter(now, 'a', 'b');
    expect(now.clock.pending).to.deep.equal([2 ** 31 - 1]);
    now.clock.advance(1e10 - 21);
    expect(now.started).to.deep.equal(['a']);
    now.clock.advance(1);
    expect(now.started).to.deep.equal(['a', 'b']);
  });

  it('works through turns that end at once, however many, without sinking deeper and deeper', () => {
    const { pacing, turn } = set({ queueLimit: 50_000 });
    pacing.enter(turn('first'));
    let ended = 0;
    for (let count = 0; count < 50_000; count++) {
      pacing.enter({ ...turn(''), begin: () => {
        ended++;
        pacing.leave();
      } });
    }
    pacing.leave();
    expect([ended, pacing.inFlight, pacing.waiting]).to.deep.equal([50_000, 0, 0]);
  });

  it('saves up no starts: after a rest the rate is kept from the first one on', () => {
    const now = set({ concurrency: 10, rateLimit: 10 });
    enter(now, 'a');
    now.clock.advance(1000);
    enter(now, 'b', 'c');
    expect(now.started).to.deep.equal(['a', 'b']);
    expect(now.clock.pending).to.deep.equal([80]);
  });

  it('holds all back until the longest Retry-After is over', () => {
    const now = set({ concurrency: 10 });
    expect(now.pacing.holdMs).to.equal(0);
    now.pacing.hold(500, busy());
    now.pacing.hold(200, busy());
    expect(now.pacing.holdMs).to.equal(500);
    enter(now, 'a', 'b');
    expect(now.started).to.deep.equal([]);
    now.clock.advance(200);
    expect(now.pacing.holdMs).to.equal(300);
    now.clock.advance(299);
    expect(now.started).to.deep.equal([]);
    now.clock.advance(1);
    expect(now.started).to.deep.equal(['a', 'b']);
    expect(now.pacing.holdMs).to.equal(0);
    enter(now, 'c');
    expect(now.started).to.deep.equal(['a', 'b', 'c']);
  });

  it('names the answer that asked for peace', () => {
    const now = set();
    const by = busy();
    expect(now.pacing.heldBy).to.equal(null);
    now.pacing.hold(100, by);
    expect(now.pacing.heldBy).to.equal(by);
  });

  it('wakes at the earliest time that matters', () => {
    const now = set({ concurrency: 10, rateLimit: 1 });
    enter(now, 'a', 'b');
    expect(now.clock.pending).to.deep.equal([980]);
    now.pacing.hold(5000, busy());
    now.clock.advance(980);
    expect(now.started).to.deep.equal(['a']);
    expect(now.clock.pending).to.deep.equal([4020]);
    now.clock.advance(4020);
    expect(now.started).to.deep.equal(['a', 'b']);
  });
});
