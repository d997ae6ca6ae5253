/** Places for calls, reserved with a hook that the test answers. */
import { expect } from 'chai';
import { Pace } from '../../src/resilience/pace';
import { FakeClock } from './clock';

interface Question { tenant: string; calls: number; answer: (ms: number) => Promise<void>; fail: () => Promise<void> }

/** Promises settle in microtasks of their own. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const setUp = ({ ownRate = 0 } = {}) => {
  const clock = new FakeClock();
  const questions: Question[] = [];
  const told = { times: 0 };
  const hook = (tenant: string, calls: number): Promise<number> => new Promise((resolve, reject) => {
    questions.push({
      tenant, calls,
      answer: async (ms) => {
        resolve(ms);
        await settled();
      },
      fail: async () => {
        reject(new Error('away'));
        await settled();
      },
    });
  });
  const pace = new Pace(hook, 'tenant.example.com', ownRate, clock, () => told.times++);
  const next = (): Question => {
    const question = questions.shift();
    if (!question) throw new Error('The hook was not asked.');
    return question;
  };
  /** Milliseconds until the next call may start; 0: now, and it starts. */
  const take = (): number => {
    const wait = pace.waitMs(clock.now());
    if (wait === 0) pace.started(clock.now());
    return wait;
  };
  /** Calls that could start at this moment. */
  const start = (): number => {
    let calls = 0;
    while (take() === 0) calls++;
    return calls;
  };
  return { clock, pace, questions, next, told, take, start };
};

/** Calls that start in each second, with a caller that never stops. */
const perSecond = async (seconds: number, { clock, start }: ReturnType<typeof setUp>): Promise<number[]> => {
  const calls: number[] = [];
  for (let second = 0; second < seconds; second++) {
    let sum = 0;
    for (let step = 0; step < 100; step++) {
      sum += start();
      clock.advance(10);
      await settled();
    }
    calls.push(sum);
  }
  return calls;
};

describe('the pace of a fleet', () => {
  it('reserves a place when somebody wants to call, and gives it when its time has come', async () => {
    const { clock, take, next, questions, told } = setUp();
    expect(questions).to.have.length(0);
    expect(take()).to.equal(1000);
    const question = next();
    expect(question).to.deep.include({ tenant: 'tenant.example.com', calls: 1 });
    await question.answer(250);
    expect(told.times).to.equal(1);
    expect(take()).to.equal(250);
    clock.advance(249);
    expect(take()).to.equal(1);
    clock.advance(1);
    expect(questions, 'nothing is reserved while there is a place').to.have.length(0);
    expect(take()).to.equal(0);
    expect(take()).to.be.above(0);
    expect(questions).to.have.length(1);
  });

  it('asks one question at a time', () => {
    const { take, questions } = setUp();
    for (let i = 0; i < 10; i++) take();
    expect(questions).to.have.length(1);
  });

  it('asks for more at once while places come at once and go at once, and for fewer again when they do not', async () => {
    const { clock, start, next } = setUp();
    const asked: number[] = [];
    const answer = async (ms: number): Promise<void> => {
      start();
      const question = next();
      asked.push(question.calls);
      await question.answer(ms);
    };
    for (let i = 0; i < 9; i++) await answer(0);
    expect(asked).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128, 128]);
    start();
    clock.advance(20);
    asked.length = 0;
    await next().answer(100);
    for (let i = 0; i < 3; i++) {
      clock.advance(100);
      await answer(100);
    }
    expect(asked).to.deep.equal([128, 64, 32].map((calls) => calls / 2));
  });

  it('lets a place lapse that nobody has used for a second', async () => {
    const { clock, take, next, questions } = setUp();
    take();
    await next().answer(100);
    clock.advance(1101);
    expect(take()).to.be.above(0);
    expect(questions).to.have.length(1);
  });

  it('takes an answer over a second for "nothing is free", and asks again when something can be', async () => {
    const { clock, take, next, questions } = setUp();
    take();
    await next().answer(1300);
    expect(take()).to.equal(300);
    expect(questions).to.have.length(0);
    clock.advance(300);
    take();
    expect(questions).to.have.length(1);
  });

  it('counts a call that could not wait against the next places', async () => {
    const { clock, pace, take, next, start } = setUp();
    pace.started(clock.now());
    pace.started(clock.now());
    take();
    const question = next();
    expect(question.calls).to.equal(3);
    await question.answer(0);
    expect(start()).to.equal(1);
  });

  for (const [what, break_] of Object.entries<(question: Question, clock: FakeClock) => Promise<void>>({
    'rejects': (question) => question.fail(),
    'is silent for a second': async (_question, clock) => {
      clock.advance(1000);
      await Promise.resolve();
    },
    'gives no finite number': (question) => question.answer(Number.NaN),
  })) {
    it(`goes on at the tenant's own rate when the hook ${what}: slowly at first`, async () => {
      const part = setUp({ ownRate: 40 });
      part.take();
      await break_(part.next(), part.clock);
      expect(part.told.times).to.equal(1);
      const calls = await perSecond(4, part);
      expect(calls).to.deep.equal([10, 20, 40, 40]);
    });
  }

  it('goes on when the hook throws instead of rejecting', async () => {
    const clock = new FakeClock();
    const broken = new Pace(() => {
      throw new Error('broken');
    }, 'tenant', 40, clock, () => undefined);
    broken.waitMs(clock.now());
    await settled();
    expect(broken.waitMs(clock.now())).to.equal(0);
  });

  it('asks a hook that has failed again after a second, and follows it as soon as it answers', async () => {
    const { clock, take, next, questions, start } = setUp({ ownRate: 10 });
    take();
    await next().fail();
    start();
    expect(questions).to.have.length(0);
    clock.advance(1000);
    start();
    expect(questions).to.have.length(1);
    expect(take(), 'its own rate meanwhile').to.be.within(1, 400);
    await next().answer(700);
    expect(take()).to.equal(700);
  });

  it('ignores what comes after the second', async () => {
    const { clock, take, next } = setUp({ ownRate: 10 });
    take();
    const late = next();
    clock.advance(1000);
    await late.answer(0);
    expect(take()).to.equal(0);
    expect(take(), 'its own rate').to.equal(400);
  });

  it('goes on at half the rate that the hook gave in the last minute when the tenant has no rate', async () => {
    const part = setUp();
    // A place every 25 ms for ten seconds.
    for (let i = 0; i < 400; i++) {
      part.start();
      await part.next().answer(25);
      part.clock.advance(25);
    }
    part.start();
    await part.next().fail();
    const calls = await perSecond(4, part);
    expect(calls[3]).to.be.within(18, 20);
  });

  it('goes on with one call a second when nothing is known, or what is known is older than a minute', async () => {
    const part = setUp();
    part.start();
    await part.next().answer(0);
    part.start();
    await part.next().answer(0);
    part.clock.advance(130_000);
    part.start();
    await part.next().fail();
    await perSecond(4, part);
    expect(await perSecond(3, part)).to.deep.equal([1, 1, 1]);
  });

  it('leaves no timer behind', () => {
    const { clock, pace, take } = setUp();
    take();
    expect(clock.pending).to.have.length(1);
    pace.close();
    expect(clock.pending).to.have.length(0);
    take();
    expect(clock.pending).to.have.length(0);
  });
});
