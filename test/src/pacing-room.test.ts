/** Who is told that there is room, and who that there will be none. */
import { expect } from 'chai';
import { busy, enter, open, set } from './pacing-setting';

describe('pacing, room and refusal', () => {
  it('tells lists when there is room, one place at a time', () => {
    const now = set({ queueLimit: 1 });
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) now.pacing.whenRoom(() => void now.pacing.enter(now.turn(name)));
    expect([now.started, now.pacing.waiting]).to.deep.equal([['a'], 1]);
    now.pacing.leave();
    expect([now.started, now.pacing.waiting]).to.deep.equal([['a', 'b'], 1]);
    now.pacing.leave();
    now.pacing.leave();
    now.pacing.leave();
    expect([now.started, now.refused, now.pacing.waiting]).to.deep.equal([names, [], 0]);
  });

  it('tells lists about a place that somebody gave up', () => {
    const now = set({ queueLimit: 1 });
    enter(now, 'a');
    const waiting = now.turn('b');
    now.pacing.enter(waiting);
    let told = 0;
    now.pacing.whenRoom(() => told++);
    expect(told).to.equal(0);
    now.pacing.withdraw(waiting);
    expect(told).to.equal(1);
  });

  it('without any queue a list gets each place when it is free, and not before', () => {
    const now = set({ concurrency: 2, queueLimit: 0 });
    const codes: unknown[] = [];
    for (const name of ['a', 'b', 'c']) now.pacing.whenRoom(() => codes.push(now.pacing.enter(now.turn(name))));
    expect([now.started, codes]).to.deep.equal([['a', 'b'], [null, null]]);
    // Whoever leaves will say so: no timer asks for it.
    expect(now.clock.pending).to.deep.equal([]);
    now.pacing.leave();
    expect([now.started, codes]).to.deep.equal([['a', 'b', 'c'], [null, null, null]]);
  });

  it('without any queue a list gets the free place, and waits for the time when it may start', () => {
    const now = set({ concurrency: 1, queueLimit: 0, rateLimit: 10 });
    for (const name of ['a', 'b']) now.pacing.whenRoom(() => void now.pacing.enter(now.turn(name)));
    expect(now.started).to.deep.equal(['a']);
    now.pacing.leave();
    expect(now.started).to.deep.equal(['a']);
    now.clock.advance(100);
    expect(now.started).to.deep.equal(['a', 'b']);
  });

  it('spares a dead tenant: whoever comes and whoever waits is refused', () => {
    const now = set();
    enter(now, 'a', 'b', 'c');
    open(now);
    expect(now.refused).to.deep.equal([['b', 'CIAM.CIRCUIT'], ['c', 'CIAM.CIRCUIT']]);
    expect(enter(now, 'd')).to.deep.equal(['CIAM.CIRCUIT']);
    let told = 0;
    now.pacing.whenRoom(() => told++);
    expect([told, now.pacing.waiting, now.started]).to.deep.equal([1, 0, ['a']]);
  });

  it('refuses many with a breath after each 200', () => {
    const now = set({ queueLimit: 1000 });
    enter(now, ...Array.from({ length: 451 }, (_, index) => String(index)));
    open(now);
    expect([now.refused.length, now.clock.pending]).to.deep.equal([200, [0]]);
    now.clock.advance(0);
    expect([now.refused.length, now.clock.pending]).to.deep.equal([450, []]);
  });

  it('wakes earlier than planned when there is something to do earlier', () => {
    const now = set({ concurrency: 1000, queueLimit: 1000 });
    now.pacing.hold(5000, busy());
    enter(now, ...Array.from({ length: 201 }, (_, index) => String(index)));
    expect(now.clock.pending).to.deep.equal([5000]);
    open(now);
    expect([now.refused.length, now.clock.pending]).to.deep.equal([200, [0]]);
    now.clock.advance(0);
    expect([now.refused.length, now.clock.pending]).to.deep.equal([201, []]);
  });

  it('lets one through when the tenant is tried again', () => {
    const now = set({ concurrency: 3 });
    enter(now, 'a');
    open(now);
    now.clock.advance(1000);
    expect(enter(now, 'b', 'c')).to.deep.equal(['CIAM.CIRCUIT']);
    expect(now.started).to.deep.equal(['a', 'b as probe']);
  });

  it('closed, tells lists that wait for room', () => {
    const now = set({ queueLimit: 0 });
    enter(now, 'a');
    let told = 0;
    now.pacing.whenRoom(() => told++);
    expect(told).to.equal(0);
    now.pacing.close();
    expect(told).to.equal(1);
  });

  it('closed, ends whoever waits and takes nobody more', () => {
    const now = set();
    enter(now, 'a', 'b', 'c');
    let told = 0;
    now.pacing.hold(100, busy());
    now.pacing.leave();
    expect(now.clock.pending).to.deep.equal([100]);
    now.pacing.close();
    expect(now.refused).to.deep.equal([['b', 'CIAM.CLOSED'], ['c', 'CIAM.CLOSED']]);
    expect([now.pacing.waiting, now.clock.pending]).to.deep.equal([0, []]);
    expect(enter(now, 'd')).to.deep.equal(['CIAM.CLOSED']);
    now.pacing.whenRoom(() => told++);
    expect(told).to.equal(1);
  });
});
