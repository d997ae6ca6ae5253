/** The queue alone: turns that are the test's own, and a clock that stands still. */
import { expect } from 'chai';
import { httpFailure, type LookupFailure, networkFailure, tenantFailure, timeoutFailure } from '../../src/failures/failure';
import { Condition } from '../../src/resilience/condition';
import { Pause } from '../../src/resilience/pause';
import { RequestQueue } from '../../src/resilience/request-queue';
import type { Report, Turn, TurnList } from '../../src/resilience/turn';
import { FakeClock } from './clock';

class FakeTurn implements Turn {
  ahead: Turn | null = null;
  behind: Turn | null = null;
  line: object | null = null;
  messages = 1;
  begunAt = 0;
  failures = 0;
  isSpent = false;
  wasRefused = false;
  probedIn = 0;
  /** What the queue has told it, in order. */
  readonly told: string[] = [];
  readonly probeCalls: FakeTurn[] = [];
  onBegin = (): void => undefined;
  onRefused = (): void => undefined;

  constructor(private readonly queue: RequestQueue, readonly list: TurnList | null = null) {}

  begin(fresh: boolean): void {
    this.told.push(fresh ? 'begin fresh' : 'begin');
    this.onBegin();
  }

  refuse(failure: LookupFailure): void {
    this.told.push(failure.code);
    this.queue.leave(this);
    this.onRefused();
  }

  giveUp(): void {
    this.told.push('give up');
    this.queue.leave(this);
  }

  revive(): void {
    this.told.push('revive');
  }

  interrupt(): void {
    this.told.push('interrupt');
    if (this.messages === 0) this.queue.leave(this);
    else this.queue.suspend(this);
  }

  wait(): void {
    this.told.push('wait');
  }

  probeCall(): FakeTurn {
    const probeCall = new FakeTurn(this.queue);
    probeCall.messages = 0;
    this.probeCalls.push(probeCall);
    return probeCall;
  }
}

const AWAY = networkFailure('ECONNREFUSED');
const FOUND: Report = { failure: null, failed: false, paused: false, alone: false };
const FAILED: Report = { failure: AWAY, failed: true, paused: false, alone: false };
const failed = (failure: LookupFailure): Report => ({ ...FOUND, failure });

const setUp = (limits: Partial<ConstructorParameters<typeof RequestQueue>[0]> = {}) => {
  const clock = new FakeClock();
  const events: string[] = [];
  const condition = new Condition(clock, (event) => void events.push(event));
  const queue = new RequestQueue({ label: 'tenant.example.com', concurrency: 2, queueLimit: 100, rateLimit: 0, pace: undefined, timeoutMs: 10_000, ...limits }, clock, () => 0, condition, new Pause());
  /** A lookup that comes now. */
  const enter = (list: TurnList | null = null): FakeTurn => {
    const turn = new FakeTurn(queue, list);
    const refused = queue.enter(turn, clock.now());
    if (refused) turn.refuse(refused);
    return turn;
  };
  /** It has its outcome. */
  const end = (turn: FakeTurn, report: Report): void => {
    queue.report(turn, report);
    if (queue.leave(turn)) queue.pump();
  };
  return { clock, events, queue, enter, end };
};

/** A list of so many items; each is a turn of its own, or, if it needs no call, none. */
class FakeList implements TurnList {
  readonly since = 0;
  readonly told: string[] = [];
  readonly items: FakeTurn[] = [];

  constructor(private readonly queue: RequestQueue, public left: number, private readonly needsCalls = true) {}

  get hasMore(): boolean {
    return this.left > 0;
  }

  pull(): boolean {
    this.left--;
    if (!this.needsCalls) {
      this.queue.itemSettled();
      return false;
    }
    const item = new FakeTurn(this.queue, this);
    this.items.push(item);
    const refused = this.queue.enter(item, 0);
    if (refused) throw new Error(`An item that was pulled is refused: ${refused.code}`);
    return true;
  }

  refuse(failure: LookupFailure): void {
    this.told.push(failure.code);
    this.left = 0;
    this.queue.leaveList(this);
  }
}

const isCalling = (turn: FakeTurn): boolean => turn.told.at(-1) === 'begin' || turn.told.at(-1) === 'begin fresh';

describe('the queue alone', () => {
  /** Ten failed calls of two lookups; gives the probe call. */
  const suspect = ({ queue, enter, clock }: ReturnType<typeof setUp>): { turns: FakeTurn[]; probeCall: FakeTurn } => {
    const turns = [enter(), enter()];
    while (!turns.every(isCalling)) clock.advance(100);
    for (let count = 0; count < 10; count++) queue.report(turns[count % 2] ?? turns[0] as FakeTurn, FAILED);
    const probeCall = turns.flatMap(({ probeCalls }) => probeCalls).at(-1);
    if (!probeCall) throw new Error('Nobody probes.');
    return { turns, probeCall };
  };

  it('the replay of a probe goes out at once, on a fresh connection, although calls have stopped', () => {
    const all = setUp({ concurrency: 16 });
    const { probeCall } = suspect(all);
    const other = all.enter();
    all.queue.again(probeCall, true);
    expect([probeCall.told, other.told]).to.deep.equal([['begin fresh', 'begin fresh'], ['wait']]);
    expect(all.queue.circuit).to.equal('half-open');
  });

  it('the rate counts every call: the first one, a replay of a probe, a second call beside a silent one', () => {
    const rated = (): ReturnType<typeof setUp> => setUp({ concurrency: 16, rateLimit: 1 });
    const waits = ({ clock, enter }: ReturnType<typeof setUp>): number => {
      const from = clock.now();
      const turn = enter();
      while (!isCalling(turn)) clock.advance(10);
      return clock.now() - from;
    };
    const plain = rated();
    plain.enter();
    expect(waits(plain)).to.be.closeTo(1000, 20);
    const beside = rated();
    beside.enter();
    beside.clock.advance(1000);
    expect([beside.queue.beginSecondCall(), beside.queue.beginSecondCall()]).to.deep.equal([true, false]);
    expect(waits(beside)).to.be.closeTo(1000, 20);
    beside.queue.endSecondCall();
    expect(beside.queue.beginSecondCall()).to.equal(true);
    const probing = rated();
    probing.enter();
    probing.clock.advance(1000);
    probing.enter();
    probing.clock.advance(1000);
    const { probeCall } = suspect(probing);
    probing.clock.advance(1000);
    probing.queue.again(probeCall);
    probing.end(probeCall, failed(tenantFailure('USER.0001', 400)));
    expect(waits(probing)).to.be.closeTo(2000, 20); // the probe and its replay
  });

  it('after a mere suspicion all places are free at once; after an outage one', () => {
    for (const [isOutage, calls] of [[false, 4], [true, 1]] as const) {
      const all = setUp({ concurrency: 4 });
      const { turns, probeCall } = suspect(all);
      const waiting = Array.from({ length: 6 }, () => all.enter());
      for (const turn of turns) all.queue.leave(turn);
      if (isOutage) all.end(probeCall, FAILED);
      else all.end(probeCall, failed(tenantFailure('USER.0001', 400)));
      if (isOutage) all.clock.advance(200);
      expect(waiting.filter(isCalling), isOutage ? 'outage' : 'suspicion').to.have.length(calls);
    }
  });

  it('refused credentials: whoever waits is refused, in each line; whoever calls goes on', () => {
    const { queue, enter } = setUp({ concurrency: 4 });
    const [calling, due, suspended, resting] = Array.from({ length: 4 }, () => enter()) as [FakeTurn, FakeTurn, FakeTurn, FakeTurn];
    const waiting = enter();
    queue.suspend(suspended);
    queue.rest(resting);
    // Due, and held back by a pause.
    queue.hold(5000, httpFailure(429));
    queue.again(due);
    queue.refuseAll(httpFailure(401));
    expect([waiting, due, suspended, resting].map(({ told }) => told.at(-1))).to.deep.equal(new Array(4).fill('CIAM.HTTP.401'));
    expect(calling.told).to.deep.equal(['begin']);
    expect([queue.inFlight, queue.queued]).to.deep.equal([1, 0]);
  });

  it('refused credentials: one that leaves while the one before it is refused is not refused any more', () => {
    const { queue, enter } = setUp({ concurrency: 1 });
    enter();
    const [first, second] = [enter(), enter()];
    first.onRefused = () => void queue.leave(second);
    queue.refuseAll(httpFailure(401));
    expect([first.told, second.told]).to.deep.equal([['wait', 'CIAM.HTTP.401'], ['wait']]);
    expect(queue.queued).to.equal(0);
  });

  it('refused credentials: an answer that refuses them once more does not end that, and what ends it leaves no timer', () => {
    const { clock, queue, events, enter, end } = setUp();
    const [first, second] = [enter(), enter()];
    end(first, FOUND);
    queue.refuseAll(httpFailure(401));
    queue.report(second, failed(httpFailure(401)));
    expect(events).to.deep.equal(['ready', 'refused']);
    queue.report(second, failed(tenantFailure('USER.0001', 400)));
    expect(events).to.deep.equal(['ready', 'refused', 'accepted']);
    expect(clock.pending).to.deep.equal([]);
  });

  it('a list is refused where nobody waits, no place is free, and the queue may hold none', () => {
    const { queue, enter } = setUp({ concurrency: 1, queueLimit: 0 });
    const list = new FakeList(queue, 2);
    enter();
    expect(queue.enterList(list)?.code).to.equal('CIAM.QUEUE.FULL');
    expect(list.items).to.have.length(0);
  });

  it('lists take turns, and go on in their order when one has left', () => {
    const { queue, enter, end } = setUp({ concurrency: 1 });
    let running = enter();
    const lists = Array.from({ length: 3 }, () => new FakeList(queue, 3));
    for (const list of lists) queue.enterList(list);
    const order: number[] = [];
    const next = (): void => {
      end(running, FOUND);
      if (running.list) queue.itemSettled();
      const index = lists.findIndex(({ items }) => items.some((item) => isCalling(item) && item.line !== null));
      order.push(index);
      running = lists[index]?.items.at(-1) ?? running;
    };
    next();
    next();
    lists[2]?.refuse(timeoutFailure('queueTimeout', 1));
    for (let count = 0; count < 4; count++) next();
    expect(order).to.deep.equal([0, 1, 0, 1, 0, 1]);
  });

  it('tells how many are in flight, whatever they wait for, and what holds them back', () => {
    const { queue, enter, clock } = setUp({ concurrency: 8 });
    const turns = Array.from({ length: 5 }, () => enter());
    queue.rest(turns[0] as FakeTurn);
    expect([queue.inFlight, queue.queued, queue.circuit, queue.isTroubled, queue.isStopped, queue.heldBy, queue.obstacle]).to.deep.equal([5, 0, 'closed', false, false, null, null]);
    const limited = httpFailure(429);
    queue.report(turns[1] as FakeTurn, { ...failed(limited), paused: true });
    queue.hold(5000, limited);
    queue.suspend(turns[1] as FakeTurn);
    queue.again(turns[2] as FakeTurn);
    expect([queue.inFlight, queue.isTroubled, queue.isStopped, queue.heldMs, queue.heldBy, queue.obstacle]).to.deep.equal([5, true, true, 5000, limited, limited]);
    expect([queue.limit, queue.refusals, queue.served]).to.deep.equal([0.5, 1, 0]);
    clock.advance(1000);
    expect(queue.heldMs).to.equal(4000);
  });

  it('in a suspicion and in an outage: half-open while somebody asks, and the last trouble is the obstacle', () => {
    const all = setUp({ concurrency: 8 });
    const { turns: [first], probeCall } = suspect(all);
    all.queue.suspend(first as FakeTurn);
    expect([all.queue.circuit, all.queue.isTroubled, all.queue.obstacle?.system]).to.deep.equal(['half-open', false, 'ECONNREFUSED']);
    all.end(probeCall, FAILED);
    expect([all.queue.circuit, all.queue.isTroubled, all.queue.isStopped]).to.deep.equal(['open', true, true]);
    all.clock.advance(200);
    expect(all.queue.circuit).to.equal('half-open');
  });

  it('one more than there is room for is told so, a list that comes later than the end too', () => {
    const { queue, enter, clock, events } = setUp({ concurrency: 1, queueLimit: 1 });
    enter();
    enter();
    expect(enter().told).to.deep.equal(['CIAM.QUEUE.FULL']);
    queue.close();
    expect([enter().told, queue.enterList(new FakeList(queue, 1))?.code]).to.deep.equal([['CIAM.CLOSED'], 'CIAM.CLOSED']);
    queue.refuseAll(httpFailure(401));
    expect([events, clock.pending]).to.deep.equal([[], []]);
  });

  it('closed in the middle of a pause, an outage or a wait for the rate, it leaves no timer', () => {
    for (const trouble of ['pause', 'suspicion', 'outage', 'rate', 'refusal']) {
      const all = setUp({ concurrency: 8, rateLimit: 1 });
      all.enter();
      all.enter();
      if (trouble === 'pause') all.queue.hold(5000, httpFailure(429));
      if (trouble === 'refusal') all.queue.refuseAll(httpFailure(401));
      if (trouble === 'suspicion') suspect(all);
      if (trouble === 'outage') all.end(suspect(all).probeCall, FAILED);
      expect(all.clock.pending, trouble).to.not.deep.equal([]);
      all.queue.close();
      expect(all.clock.pending, trouble).to.deep.equal([]);
    }
  });

  it('refused credentials: one may try after a second, and until it has its answer nobody else', () => {
    const { clock, queue, enter, end } = setUp();
    queue.refuseAll(httpFailure(401));
    expect(enter().told).to.deep.equal(['CIAM.HTTP.401']);
    clock.advance(1000);
    const trial = enter();
    expect([trial.told, enter().told]).to.deep.equal([['begin'], ['CIAM.HTTP.401']]);
    queue.leave(trial); // cancelled: another one may
    const next = enter();
    expect(next.told).to.deep.equal(['begin']);
    end(next, FOUND);
    expect([enter().told, enter().told]).to.deep.equal([['begin'], ['begin']]);
  });

  it('refused credentials refuse lists too, and somebody asks after five minutes, again and again', () => {
    const { clock, queue, enter, events } = setUp({ concurrency: 1 });
    const first = enter();
    const list = new FakeList(queue, 3);
    const others: string[] = [];
    list.pull = () => {
      const item = new FakeTurn(queue, list);
      list.left--;
      others.push(queue.enter(item, clock.now())?.code ?? 'ok');
      queue.itemSettled();
      return false;
    };
    queue.enterList(list);
    queue.refuseAll(httpFailure(401));
    expect(others).to.deep.equal(new Array(3).fill('CIAM.HTTP.401'));
    queue.leave(first);
    clock.advance(300_000);
    const [probeCall] = first.probeCalls;
    expect(probeCall?.told).to.deep.equal(['begin']);
    expect(enter().told).to.deep.equal(['CIAM.HTTP.401']);
    if (probeCall) queue.leave(probeCall);
    clock.advance(300_000);
    expect(first.probeCalls).to.have.length(2);
    expect(events).to.deep.equal(['refused']);
  });

  it('a certificate that is refused is no acceptance: the tenant is not ready', () => {
    const { queue, enter, events } = setUp();
    queue.report(enter(), failed(httpFailure(401)));
    expect(events).to.deep.equal([]);
    queue.report(enter(), failed(httpFailure(500)));
    expect(events).to.deep.equal(['ready']);
  });

  it('two lookups that have spent their tries at once are one suspicion', () => {
    const { queue, enter, end } = setUp({ concurrency: 8 });
    const [first, second] = [enter(), enter()];
    expect(queue.suspectAfter(first, queue.answers)).to.equal(true);
    expect(queue.suspectAfter(second, queue.answers)).to.equal(true);
    expect([first.probeCalls.length, second.probeCalls.length]).to.deep.equal([1, 0]);
    first.isSpent = true;
    end(first.probeCalls[0] as FakeTurn, failed(tenantFailure('USER.0001', 400)));
    expect([first.told.at(-1), second.told.at(-1)]).to.deep.equal(['give up', 'begin']);
    expect(queue.suspectAfter(second, queue.answers - 1)).to.equal(false);
  });

  it('a probe whose time is up too soon says nothing: nobody is asked at once', () => {
    for (const [afterMs, isAsked, timeoutMs] of [[999, true, 10_000], [1000, false, 10_000], [499, true, 1000], [500, false, 1000]] as const) {
      const all = setUp({ concurrency: 8, timeoutMs });
      const { turns, probeCall } = suspect(all);
      const waiting = all.enter();
      for (const turn of turns) all.queue.leave(turn);
      all.end(probeCall, FAILED);
      all.clock.advance(200);
      expect(waiting.told.at(-1)).to.equal('begin fresh');
      all.clock.advance(afterMs);
      all.end(waiting, { ...FAILED, failure: timeoutFailure('timeout', 10) });
      all.clock.advance(1);
      const asked = [...turns, waiting].flatMap(({ probeCalls }) => probeCalls).filter((one) => one !== probeCall && isCalling(one));
      expect(asked.length, `${afterMs} ms`).to.equal(isAsked ? 1 : 0);
    }
  });

  it('a probe call that is still silent is given up when somebody else\'s answer ends the suspicion; a lookup that probes is not', () => {
    const all = setUp({ concurrency: 8 });
    const { turns: [first], probeCall } = suspect(all);
    all.queue.report(first as FakeTurn, FOUND);
    expect([probeCall.told, all.queue.circuit]).to.deep.equal([['begin fresh', 'interrupt'], 'closed']);
  });

  it('a silent first probe is an outage after five seconds, and one more asks beside it, which two never do', () => {
    const all = setUp({ concurrency: 8, timeoutMs: 60_000 });
    const { probeCall } = suspect(all);
    const waiting = [all.enter(), all.enter()];
    all.clock.advance(4999);
    expect([all.events, probeCall.told]).to.deep.equal([[], ['begin fresh']]);
    all.clock.advance(1);
    expect(all.events).to.deep.equal(['unreachable']);
    expect(waiting.map(isCalling)).to.deep.equal([true, false]);
    all.clock.advance(5000);
    expect(waiting.map(isCalling)).to.deep.equal([true, false]);
    all.clock.advance(20_000);
    expect(probeCall.told.at(-1)).to.equal('interrupt');
    expect(waiting.map(isCalling)).to.deep.equal([true, true]);
  });

  it('during a pause nobody is asked whether the tenant is away; after it somebody is', () => {
    const all = setUp({ concurrency: 8 });
    all.queue.hold(3000, httpFailure(429));
    const { queue, clock } = all;
    const token = {};
    all.queue.probeLike(new FakeTurn(queue));
    const asker = all.enter();
    expect(asker.told).to.deep.equal(['wait']);
    for (let count = 0; count < 10; count++) queue.tokenCallFailed(count % 2 ? token : {}, clock.now(), AWAY);
    expect(queue.circuit).to.equal('half-open');
    clock.advance(2999);
    expect(queue.inFlight).to.equal(0);
    clock.advance(1);
    expect(queue.inFlight).to.equal(1);
  });

  it('a warm-up that fails begins an outage, but not after an answer', () => {
    const all = setUp();
    all.queue.probeLike(new FakeTurn(all.queue));
    all.queue.warmUpFailed(AWAY);
    expect([all.events, all.queue.circuit]).to.deep.equal([['unreachable'], 'open']);
    all.clock.advance(5000);
    expect(all.queue.circuit).to.equal('half-open');
    for (const end of [({ queue, enter }: ReturnType<typeof setUp>) => queue.report(enter(), FOUND), ({ queue }: ReturnType<typeof setUp>) => queue.close()]) {
      const other = setUp();
      end(other);
      other.queue.warmUpFailed(AWAY);
      expect(other.queue.circuit).to.equal('closed');
    }
  });

  it('without messages a tenant that is away is asked every 5 s, and every 15 s after a minute, from its creation on', () => {
    const all = setUp();
    const probeCall = new FakeTurn(all.queue);
    all.queue.probeLike(probeCall);
    all.queue.warmUpFailed(AWAY);
    const at: number[] = [];
    const from = all.clock.now();
    for (let step = 0; step < 1200; step++) {
      all.clock.advance(100);
      for (const one of probeCall.probeCalls.filter(isCalling)) {
        at.push(Math.round((all.clock.now() - from) / 1000));
        one.told.push('over');
        all.end(one, FAILED);
      }
    }
    expect(at.slice(0, 15)).to.deep.equal([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 80, 95]);
  });

  it('the rest of a list fails once a pause has lasted for the timeout, and not before', () => {
    const { clock, queue, enter } = setUp({ concurrency: 1, timeoutMs: 3000 });
    queue.hold(60_000, httpFailure(429));
    const codes: (string | undefined)[] = [];
    const list = new FakeList(queue, 2);
    list.pull = () => {
      list.left--;
      codes.push(queue.enter(new FakeTurn(queue, list), clock.now())?.code);
      queue.itemSettled();
      return false;
    };
    expect(queue.enterList(list)).to.equal(null);
    const single = enter();
    clock.advance(2999);
    expect([codes, single.told]).to.deep.equal([[], ['wait']]);
    clock.advance(1);
    expect(codes).to.deep.equal(['CIAM.HTTP.429', 'CIAM.HTTP.429']);
    expect(enter().told).to.deep.equal(['CIAM.HTTP.429']);
  });

  it('items that need no call are looked at 200 at a time', () => {
    const { clock, queue, enter } = setUp();
    const list = new FakeList(queue, 450, false);
    queue.enterList(list);
    expect([list.left, clock.pending]).to.deep.equal([250, [0]]);
    expect(enter().told).to.deep.equal(['wait', 'begin']); // and hold up nobody
    clock.advance(0);
    expect([list.left, queue.queued, clock.pending]).to.deep.equal([0, 0, []]);
  });

  it('turns that end inside their beginning are no deeper a stack, however many wait', () => {
    const { queue, enter, end } = setUp({ concurrency: 1, queueLimit: 20_000 });
    const first = enter();
    const waiting = Array.from({ length: 10_000 }, () => enter());
    for (const turn of waiting) {
      turn.onBegin = () => {
        if (queue.leave(turn)) queue.pump();
      };
    }
    end(first, FOUND);
    expect(queue.queued).to.equal(0);
  });

  it('those that are due go in their order, a replay before them; who rests leaves a place for calls', () => {
    const { clock, queue, enter } = setUp({ concurrency: 4, rateLimit: 1 });
    const turns = [enter(), enter(), enter()] as const;
    clock.advance(2000);
    const order: number[] = [];
    turns.forEach((turn, index) => {
      turn.onBegin = () => order.push(index);
    });
    queue.again(turns[1]);
    queue.again(turns[2]);
    queue.again(turns[0], true);
    clock.advance(3000);
    expect(order).to.deep.equal([0, 1, 2]);
    const one = setUp({ concurrency: 1 });
    const [calling, waiting] = [one.enter(), one.enter()];
    one.queue.rest(calling);
    expect(waiting.told).to.deep.equal(['wait', 'begin']);
  });

  it('503 is a limiter\'s, but not after ten failed calls in a row', () => {
    for (const [failures, isLimited] of [[0, true], [10, false]] as const) {
      const { queue, enter, clock } = setUp({ concurrency: 40 });
      const turn = enter();
      for (let count = 0; count < failures; count++) queue.report(turn, FAILED); // of one lookup: no suspicion
      for (let count = 0; count < 5; count++) queue.report(enter(), { ...failed(httpFailure(503)), failed: true });
      clock.advance(1);
      enter();
      expect(queue.limit !== null, String(failures)).to.equal(isLimited);
    }
  });

  it('a pause whose only trial is cancelled ends by itself after five seconds', () => {
    const { clock, queue, enter, events } = setUp();
    queue.hold(2000, httpFailure(429));
    const trial = enter();
    clock.advance(2000);
    expect(trial.told).to.deep.equal(['wait', 'begin']);
    if (queue.leave(trial)) queue.pump();
    clock.advance(4999);
    expect(events).to.deep.equal(['paused']);
    clock.advance(1);
    expect(events).to.deep.equal(['paused', 'resumed']);
  });

  it('asks the pace for places, goes on when it answers, and leaves nothing of it when it is closed', async () => {
    const asked: string[] = [];
    const { queue, enter, clock } = setUp({ pace: (tenant) => {
      asked.push(tenant);
      return asked.length === 1 ? Promise.resolve(0) : new Promise(() => undefined);
    } });
    const first = enter();
    expect(first.told).to.deep.equal(['wait']);
    await new Promise((resolve) => setImmediate(resolve));
    expect([first.told, asked[0]]).to.deep.equal([['wait', 'begin'], 'tenant.example.com']);
    enter();
    expect(clock.pending).to.not.deep.equal([]);
    queue.close();
    expect(clock.pending).to.deep.equal([]);
  });

  it('the time of those who have made no call runs in a pause, a suspicion and an outage, and stands still without', () => {
    const leftAfter = (act: (all: ReturnType<typeof setUp>) => void): number => {
      const all = setUp({ concurrency: 8 });
      const entry = { deadline: 0, older: null, newer: null, list: null, passed: () => undefined };
      all.queue.patience.add(entry);
      act(all);
      all.clock.advance(100);
      return all.queue.patience.leftTo(entry);
    };
    const left = {
      calm: leftAfter(() => undefined),
      pause: leftAfter(({ queue }) => queue.hold(5000, httpFailure(429))),
      afterPause: leftAfter(({ queue, enter, clock }) => {
        queue.hold(500, httpFailure(429));
        clock.advance(500);
        queue.report(enter(), FOUND);
      }),
      suspicion: leftAfter((all) => void suspect(all)),
      outage: leftAfter((all) => all.end(suspect(all).probeCall, FAILED)),
      warmUp: leftAfter((all) => {
        all.queue.probeLike(new FakeTurn(all.queue));
        all.queue.warmUpFailed(AWAY);
      }),
      afterSuspicion: leftAfter((all) => all.end(suspect(all).probeCall, failed(tenantFailure('USER.0001', 400)))),
    };
    expect(left).to.deep.equal({ calm: 10_000, pause: 9900, afterPause: 10_000, suspicion: 9900, outage: 9900, warmUp: 9900, afterSuspicion: 10_000 });
  });

  it('who has been the probe is not the probe again in the same outage: nobody is asked for then', () => {
    const all = setUp({ concurrency: 8 });
    const { turns: [first, second], probeCall } = suspect(all);
    all.queue.suspend(first as FakeTurn);
    all.queue.leave(second as FakeTurn);
    all.end(probeCall, FAILED);
    all.clock.advance(200);
    expect(first?.told.at(-1)).to.equal('begin fresh');
    all.queue.report(first as FakeTurn, FAILED);
    all.queue.suspend(first as FakeTurn);
    all.clock.advance(500);
    expect(first?.told).to.have.length(2);
    expect([...(first?.probeCalls ?? []), ...(second?.probeCalls ?? [])].filter(isCalling)).to.have.length(2);
  });

  it('a silent probe that fails while a younger one asks is followed by none before that has its answer', () => {
    const all = setUp({ concurrency: 8, timeoutMs: 60_000 });
    const { turns, probeCall } = suspect(all);
    for (const turn of turns) all.queue.leave(turn);
    const [second, third] = [all.enter(), all.enter()];
    all.clock.advance(6000);
    expect([second, third].map(isCalling)).to.deep.equal([true, false]);
    all.end(probeCall, FAILED);
    all.clock.advance(1000);
    expect(third.told).to.deep.equal(['wait']);
    all.end(second, FAILED);
    all.clock.advance(200);
    expect(isCalling(third)).to.equal(true);
  });

  it('counts as refused what asked for a pause, 429 and 503, and as served what did not ask for one', () => {
    const { queue, enter } = setUp({ concurrency: 8 });
    const turn = enter();
    queue.report(turn, failed(httpFailure(429)));
    queue.report(turn, { ...failed(httpFailure(425)), paused: true });
    queue.report(turn, { ...FAILED, failure: httpFailure(503) });
    queue.report(turn, FAILED);
    queue.report(turn, FOUND);
    expect([queue.refusals, queue.served, queue.answers]).to.deep.equal([3, 2, 3]);
  });

  it('the rest of a list fails once an outage has lasted for the timeout', () => {
    const all = setUp({ concurrency: 8, timeoutMs: 3000 });
    const { turns, probeCall } = suspect(all);
    for (const turn of turns) all.queue.leave(turn);
    const codes: (string | undefined)[] = [];
    const list = new FakeList(all.queue, 2);
    list.pull = () => {
      list.left--;
      codes.push(all.queue.enter(new FakeTurn(all.queue, list), all.clock.now())?.code);
      all.queue.itemSettled();
      return false;
    };
    all.queue.enterList(list);
    all.end(probeCall, FAILED);
    all.clock.advance(2999);
    expect(codes).to.deep.equal([]);
    all.clock.advance(1);
    expect(codes).to.deep.equal(['CIAM.CIRCUIT', 'CIAM.CIRCUIT']);
    expect(all.events).to.deep.equal(['unreachable', 'failing']);
  });

  it('after a pause a lookup that was not refused goes before one that was; one that was due for another reason keeps its turn', () => {
    for (const [wasRefused, calls] of [[true, [1, 1]], [false, [2, 0]]] as const) {
      const { clock, queue, enter } = setUp({ concurrency: 4 });
      const due = enter();
      due.wasRefused = wasRefused;
      queue.hold(1000, httpFailure(429));
      queue.suspend(due);
      const waiting = enter();
      clock.advance(1000);
      expect([due, waiting].map(({ told }) => told.filter((what) => what === 'begin').length), String(wasRefused)).to.deep.equal(calls);
    }
  });

  it('once the pause is over, one that was refused goes first again, before any new one', () => {
    const { clock, queue, enter } = setUp({ concurrency: 4, rateLimit: 1 });
    const due = enter();
    due.wasRefused = true;
    const waiting = enter();
    queue.again(due);
    clock.advance(1000);
    expect([due.told, waiting.told]).to.deep.equal([['begin', 'begin'], ['wait']]);
  });

  it('single lookups and lists take turns', () => {
    const { queue, enter, end } = setUp({ concurrency: 1 });
    const order: string[] = [];
    let running = enter();
    const list = new FakeList(queue, 4);
    queue.enterList(list);
    const singles = Array.from({ length: 4 }, () => enter());
    expect(queue.queued).to.equal(5);
    for (let count = 0; count < 8; count++) {
      if (running.list) {
        queue.leave(running);
        queue.itemSettled();
      } else end(running, FOUND);
      const next = [...singles, ...list.items].find((turn) => isCalling(turn) && turn.line !== null);
      if (!next) throw new Error('Nobody calls.');
      order.push(next.list ? 'item' : 'single');
      running = next;
    }
    expect(order).to.deep.equal(['single', 'item', 'single', 'item', 'single', 'item', 'single', 'item']);
  });

  it('items take as many places as there are, also while they wait between two tries', () => {
    const { queue, enter } = setUp({ concurrency: 3 });
    const list = new FakeList(queue, 9);
    queue.enterList(list);
    expect(list.items).to.have.length(3);
    for (const item of list.items) queue.rest(item);
    expect(list.items).to.have.length(3);
    expect(enter().told.at(-1)).to.equal('begin');
  });

  it('items that need no call, but time, are looked at for eight milliseconds at a time', () => {
    const { clock, queue } = setUp();
    const list = new FakeList(queue, 30, false);
    const pull = list.pull.bind(list);
    list.pull = () => {
      clock.advance(1);
      return pull();
    };
    queue.enterList(list);
    expect(list.left).to.equal(20);
  });

  it('looks whose turn it is as early as any of those who wait needs it, with one timer; who waits for a place needs none', () => {
    const { clock, queue, enter } = setUp({ concurrency: 1, timeoutMs: 3000 });
    queue.hold(60_000, httpFailure(429));
    enter();
    expect(clock.pending).to.deep.equal([60_000, 60_000]); // the end of the pause, and the turn after it
    queue.enterList(new FakeList(queue, 1));
    expect(clock.pending).to.deep.equal([3000, 60_000]);
    clock.advance(1000);
    enter();
    expect(clock.pending).to.deep.equal([2000, 59_000]);
    const full = setUp({ concurrency: 1 });
    full.enter();
    full.enter();
    expect(full.clock.pending).to.deep.equal([]);
    const away = setUp({ concurrency: 8 });
    suspect(away);
    away.enter();
    expect(away.clock.pending).to.deep.equal([5000]); // until the probe is silent
  });

  it('a message that joins a call under way waits for no turn', () => {
    const { queue, enter } = setUp({ concurrency: 1 });
    const [calling, waiting] = [enter(), enter()];
    queue.share(calling, 1);
    expect(queue.queued).to.equal(1);
    queue.share(waiting, 1);
    expect(queue.queued).to.equal(2);
    queue.share(waiting, -1);
    expect([queue.queued, calling.messages, waiting.messages]).to.deep.equal([1, 2, 1]);
  });

  it('closed, it tells whoever waits or calls, and lists, but nobody who has left meanwhile; then it asks nothing and times nobody', () => {
    const { clock, queue, enter } = setUp({ concurrency: 5 });
    const [calling, resting, suspended, due] = Array.from({ length: 4 }, () => enter()) as [FakeTurn, FakeTurn, FakeTurn, FakeTurn];
    queue.rest(resting);
    queue.suspend(suspended);
    queue.hold(5000, httpFailure(429));
    queue.again(due);
    const [waiting, gone] = [enter(), enter()];
    waiting.onRefused = () => void queue.leave(gone);
    const list = new FakeList(queue, 2);
    queue.enterList(list);
    const entry = { deadline: 0, older: null, newer: null, list: null, passed: () => undefined };
    queue.patience.add(entry);
    queue.close();
    expect(clock.pending).to.deep.equal([]);
    queue.patience.remove(entry);
    expect([calling, resting, suspended, due, waiting, list].map(({ told }) => told.at(-1))).to.deep.equal(new Array(6).fill('CIAM.CLOSED'));
    expect(gone.told).to.deep.equal(['wait']);
    for (let count = 0; count < 10; count++) queue.tokenCallFailed({}, clock.now(), AWAY);
    expect(calling.probeCalls.flatMap(({ told }) => told)).to.deep.equal([]);
    expect(clock.pending).to.deep.equal([]);
  });

  it('an answer in calm times is no end of an outage: calls that began before it and fail count', () => {
    const all = setUp({ concurrency: 8 });
    const [first, second, third] = [all.enter(), all.enter(), all.enter()];
    all.clock.advance(100);
    all.queue.report(third, FOUND);
    for (let count = 0; count < 10; count++) all.queue.report(count % 2 ? first : second, FAILED);
    expect(all.queue.circuit).to.equal('half-open');
  });

  it('an answer to another call does not end a pause before its time is up', () => {
    const { clock, queue, enter, events } = setUp();
    const [first, second] = [enter(), enter()];
    queue.hold(5000, httpFailure(429));
    queue.leave(second);
    queue.report(first, FOUND);
    clock.advance(4999);
    expect([queue.heldMs, events]).to.deep.equal([1, ['paused']]);
  });

  it('a pause does not end by itself while somebody is asking, or waits', () => {
    const { clock, queue, enter, end, events } = setUp();
    queue.hold(2000, httpFailure(429));
    const trial = enter();
    clock.advance(20_000);
    expect([trial.told, events]).to.deep.equal([['wait', 'begin'], ['paused']]);
    end(trial, FOUND);
    expect(events).to.deep.equal(['paused', 'resumed']);
    const rated = setUp({ rateLimit: 1 });
    for (let count = 0; count < 8; count++) rated.queue.leave(rated.enter());
    rated.queue.hold(500, httpFailure(429));
    rated.clock.advance(6000);
    expect(rated.events).to.deep.equal(['paused', 'resumed']);
  });

  it('the end of a pause within an outage is not the end of that: who waits gets its tries anew when it is over', () => {
    const all = setUp({ concurrency: 8, timeoutMs: 60_000 });
    const { turns: [first, second], probeCall } = suspect(all);
    all.queue.suspend(first as FakeTurn);
    all.queue.suspend(second as FakeTurn);
    all.queue.hold(100, httpFailure(429));
    all.end(probeCall, FAILED);
    all.clock.advance(200);
    expect([first?.told, second?.told]).to.deep.equal([['begin', 'begin fresh'], ['begin']]);
    all.end(first as FakeTurn, FOUND);
    expect(second?.told).to.deep.equal(['begin', 'revive', 'begin']);
  });

  it('whoever leaves while one before it is told that the suspicion is over is not called any more', () => {
    const { queue, enter, end } = setUp({ concurrency: 8 });
    const [first, second] = [enter(), enter()];
    queue.suspectAfter(first, queue.answers);
    queue.suspectAfter(second, queue.answers);
    first.onBegin = () => void queue.leave(second);
    first.isSpent = second.isSpent = true;
    first.giveUp = () => {
      queue.leave(first);
      queue.leave(second);
    };
    end(first.probeCalls[0] as FakeTurn, failed(tenantFailure('USER.0001', 400)));
    expect(second.told).to.deep.equal(['begin']);
  });

  it('a younger probe that fails beside a silent one is followed by the next at its time', () => {
    const all = setUp({ concurrency: 8, timeoutMs: 60_000 });
    const { turns } = suspect(all);
    for (const turn of turns) all.queue.leave(turn);
    const probeCalls = (): FakeTurn[] => turns.flatMap((turn) => turn.probeCalls).filter(isCalling);
    all.clock.advance(9000);
    const second = probeCalls().at(-1);
    expect(probeCalls()).to.have.length(2);
    all.end(second as FakeTurn, FAILED);
    all.clock.advance(4999);
    expect(probeCalls()).to.have.length(2);
    all.clock.advance(1);
    expect(probeCalls()).to.have.length(3);
    all.end(probeCalls().at(-1) as FakeTurn, FAILED);
    const waiting = all.enter();
    all.clock.advance(200);
    expect(isCalling(waiting)).to.equal(true);
  });

  it('with a single lookup and a list waiting, the next probe comes soon', () => {
    const all = setUp({ concurrency: 8 });
    const { turns, probeCall } = suspect(all);
    for (const turn of turns) all.queue.leave(turn);
    const waiting = all.enter();
    all.queue.enterList(new FakeList(all.queue, 1));
    all.end(probeCall, FAILED);
    all.clock.advance(200);
    expect(isCalling(waiting)).to.equal(true);
  });

  it('probes that have all been silent for very long, as after a machine slept, are given up, and the next comes at its time', () => {
    const all = setUp({ concurrency: 8, timeoutMs: 120_000 });
    const { turns } = suspect(all);
    for (const turn of turns) all.queue.leave(turn);
    const probeCalls = (): FakeTurn[] => turns.flatMap((turn) => turn.probeCalls);
    all.clock.advance(5000);
    for (const probeCall of probeCalls()) probeCall.begunAt -= 60_000;
    all.clock.advance(5000);
    expect(probeCalls().map(({ told }) => told.at(-1))).to.deep.equal(['interrupt', 'interrupt']);
    all.clock.advance(5000);
    expect(probeCalls().filter(isCalling)).to.have.length(1);
  });

  it('a probe that ends without a report is followed by the next at its time, also after one that said nothing', () => {
    const all = setUp({ concurrency: 8 });
    const { turns, probeCall } = suspect(all);
    for (const turn of turns) all.queue.leave(turn);
    const probeCalls = (): FakeTurn[] => turns.flatMap((turn) => turn.probeCalls);
    const cancel = (): void => {
      all.queue.leave(probeCalls().at(-1) as FakeTurn);
    };
    all.end(probeCall, { ...FAILED, failure: timeoutFailure('timeout', 10) });
    all.clock.advance(0);
    expect(probeCalls()).to.have.length(2); // it said nothing: the next one at once
    for (const count of [2, 3]) {
      cancel();
      all.clock.advance(4999);
      expect(probeCalls()).to.have.length(count);
      all.clock.advance(1);
    }
    expect(probeCalls()).to.have.length(4);
  });

  it('after a warm-up that failed, a lookup that was calling then is the next probe, and the tenant is asked less often a minute after the last message only', () => {
    const all = setUp({ concurrency: 8, timeoutMs: 600_000 });
    const first = all.enter();
    all.clock.advance(100_000);
    const last = all.enter();
    all.queue.warmUpFailed(AWAY);
    all.queue.suspend(first);
    all.queue.leave(last);
    all.clock.advance(5000);
    expect(first.told).to.deep.equal(['begin', 'begin fresh']);
    all.queue.leave(first);
    all.clock.advance(5000);
    expect(first.probeCalls.filter(isCalling)).to.have.length(1);
  });

  it('after 429 calls begin as fast as calls were answered, no call that failed among them', () => {
    const begun = (reports: readonly Report[]): number => {
      const all = setUp({ concurrency: 100, queueLimit: 1000 });
      const turn = all.enter();
      for (const report of reports) {
        all.clock.advance(100);
        all.queue.report(turn, report);
      }
      all.end(turn, failed(httpFailure(429)));
      const waiting = Array.from({ length: 100 }, () => all.enter());
      all.clock.advance(1000);
      return waiting.filter(isCalling).length;
    };
    expect(begun([])).to.be.lessThan(3);
    expect(begun(new Array<Report>(9).fill(FAILED))).to.be.lessThan(3);
    expect(begun(new Array<Report>(9).fill(FOUND))).to.be.within(6, 12);
  });
});
