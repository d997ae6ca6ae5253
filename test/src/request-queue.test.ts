/** The queue alone: turns that are the test's own, and a clock that stands still. */
import { expect } from 'chai';
import { LookupFailure, networkFailure, timeoutFailure } from '../../src/failures/failure';
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
  readonly strangers: FakeTurn[] = [];
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

  stranger(): FakeTurn {
    const stranger = new FakeTurn(this.queue);
    stranger.messages = 0;
    this.strangers.push(stranger);
    return stranger;
  }
}

const AWAY = networkFailure('ECONNREFUSED');
const FOUND: Report = { failure: null, failed: false, paused: false, alone: false };
const FAILED: Report = { failure: AWAY, failed: true, paused: false, alone: false };
const failed = (failure: LookupFailure): Report => ({ ...FOUND, failure });

const refusal = (status: number, category: LookupFailure['category']): LookupFailure => new LookupFailure(`CIAM.HTTP.${status}`, 'The tenant has refused it.', { category, status });

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
  readonly told: string[] = [];
  readonly items: FakeTurn[] = [];

  constructor(private readonly queue: RequestQueue, private left: number, private readonly needsCalls = true) {}

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
  /** Ten failed calls of two lookups; gives the stranger that probes. */
  const suspect = ({ queue, enter }: ReturnType<typeof setUp>): { turns: FakeTurn[]; stranger: FakeTurn } => {
    const turns = [enter(), enter()];
    for (let count = 0; count < 10; count++) queue.report(turns[count % 2] ?? turns[0] as FakeTurn, FAILED);
    const stranger = turns.flatMap(({ strangers }) => strangers).at(-1);
    if (!stranger) throw new Error('Nobody probes.');
    return { turns, stranger };
  };

  it('the replay of a probe goes out at once, on a fresh connection, although calls have stopped', () => {
    const all = setUp({ concurrency: 16 });
    const { stranger } = suspect(all);
    const other = all.enter();
    all.queue.again(stranger, true);
    expect([stranger.told, other.told]).to.deep.equal([['begin fresh', 'begin fresh'], ['wait']]);
    expect(all.queue.circuit).to.equal('half-open');
  });

  it('the replay of a probe takes its place in the rate', () => {
    const all = setUp({ concurrency: 16, rateLimit: 1 });
    const first = all.enter();
    all.clock.advance(1000);
    const second = all.enter();
    for (let count = 0; count < 10; count++) all.queue.report(count % 2 ? first : second, FAILED);
    const stranger = [first, second].flatMap(({ strangers }) => strangers)[0];
    if (!stranger) throw new Error('Nobody probes.');
    all.queue.again(stranger);
    all.end(stranger, failed(refusal(400, 'not-found')));
    all.clock.advance(10_000);
    const from = all.clock.now();
    expect(all.enter().told).to.deep.equal(['begin']);
    expect(from).to.be.above(0);
  });

  it('after a mere suspicion all places are free at once; after an outage one', () => {
    for (const [isOutage, calls] of [[false, 4], [true, 1]] as const) {
      const all = setUp({ concurrency: 4 });
      const { turns, stranger } = suspect(all);
      const waiting = Array.from({ length: 6 }, () => all.enter());
      for (const turn of turns) all.queue.leave(turn);
      if (isOutage) all.end(stranger, FAILED);
      else all.end(stranger, failed(refusal(400, 'not-found')));
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
    queue.hold(5000, refusal(429, 'rate-limited'));
    queue.again(due);
    queue.refuseAll(refusal(401, 'unauthorized'));
    expect([waiting, due, suspended, resting].map(({ told }) => told.at(-1))).to.deep.equal(new Array(4).fill('CIAM.HTTP.401'));
    expect(calling.told).to.deep.equal(['begin']);
    expect([queue.inFlight, queue.queued]).to.deep.equal([1, 0]);
  });

  it('refused credentials: one that leaves while the one before it is refused is not refused any more', () => {
    const { queue, enter } = setUp({ concurrency: 1 });
    enter();
    const [first, second] = [enter(), enter()];
    first.onRefused = () => void queue.leave(second);
    queue.refuseAll(refusal(401, 'unauthorized'));
    expect([first.told, second.told]).to.deep.equal([['wait', 'CIAM.HTTP.401'], ['wait']]);
    expect(queue.queued).to.equal(0);
  });

  it('refused credentials: an answer that refuses them once more does not end that, and what ends it leaves no timer', () => {
    const { clock, queue, events, enter, end } = setUp();
    const [first, second] = [enter(), enter()];
    end(first, FOUND);
    queue.refuseAll(refusal(401, 'unauthorized'));
    queue.report(second, failed(refusal(401, 'unauthorized')));
    expect(events).to.deep.equal(['ready', 'refused']);
    queue.report(second, failed(refusal(404, 'not-found')));
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
});
