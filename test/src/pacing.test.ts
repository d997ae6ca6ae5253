/** Whose turn it is, step by step on a clock that stands still. */
import { expect } from 'chai';
import { Circuit } from '../../src/circuit';
import { httpFailure, type LookupFailure } from '../../src/failures';
import { Pacing, type Turn } from '../../src/pacing';
import { FakeClock } from './clock';

interface Setting { pacing: Pacing; circuit: Circuit; clock: FakeClock; started: string[]; refused: [string, string][]; turn: (name: string, messages?: number) => Turn }

const set = (limits: { concurrency?: number; queueLimit?: number; rateLimit?: number } = {}): Setting => {
  const clock = new FakeClock();
  const started: string[] = [];
  const refused: [string, string][] = [];
  const circuit: Circuit = new Circuit(clock, () => pacing.pump());
  const pacing = new Pacing({ concurrency: 1, queueLimit: 10, rateLimit: 0, ...limits }, clock, circuit);
  const turn = (name: string, messages = 1): Turn => ({
    ahead: null, behind: null, queued: false, messages,
    begin: (probe) => started.push(probe ? `${name} as probe` : name),
    refuse: (failure) => refused.push([name, failure.code]),
  });
  return { pacing, circuit, clock, started, refused, turn };
};

/** Enters turns of these names; the codes of those that were refused at once. */
const enter = ({ pacing, turn }: Setting, ...names: string[]): string[] =>
  names.flatMap((name) => pacing.enter(turn(name))?.code ?? []);

const open = ({ circuit }: Setting): void => {
  for (let call = 0; call < 10; call++) circuit.report(true);
};

const busy = (): LookupFailure => httpFailure(503);

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
