/** The limiter by itself: how fast calls may follow each other after a refusal. Milliseconds are handed in. */
import { expect } from 'chai';
import { AdaptiveRate } from '../../src/resilience/adaptive-rate';

/** Twenty answers a second, for three seconds; ends at 3,000 ms. */
const answering = (): AdaptiveRate => {
  const rate = new AdaptiveRate();
  for (let ms = 0; ms < 3000; ms += 50) rate.answered(ms, ms);
  return rate;
};

/** Calls that begin within so many milliseconds, each as early as it may. */
const started = (rate: AdaptiveRate, from: number, ms: number): number => {
  let count = 0;
  for (let now = from; now < from + ms; now++) {
    if (rate.waitMs(now) > 0) continue;
    rate.started(now);
    count++;
  }
  return count;
};

describe('adaptive rate', () => {
  it('limits nothing before a refusal', () => {
    const rate = answering();
    expect([rate.waitMs(3000), rate.limit(3000)]).to.deep.equal([0, null]);
    rate.started(3000);
    expect(rate.waitMs(3000)).to.equal(0);
  });

  it('goes to 0.7 of what was answered, then back to it, then beyond, by a cubic of 0.4 calls/s per s³', () => {
    const rate = answering();
    rate.refused({}, 2990, 429, 3000);
    const from = rate.limit(3000) ?? 0;
    const peak = from / 0.7;
    expect(peak).to.be.within(16, 20.1);
    expect(started(rate, 3000, 1000)).to.be.within(11, 17);
    const toPeak = 1000 * Math.cbrt((peak - from) / 0.4);
    started(rate, 4000, Math.ceil(toPeak) - 1000);
    expect(rate.limit(3000 + toPeak)).to.be.closeTo(peak, 0.01);
    started(rate, 3000 + Math.ceil(toPeak), 3000);
    expect(rate.limit(6000 + toPeak)).to.be.closeTo(peak + 0.4 * 3 ** 3, 0.01);
  });

  it('is cut once for all calls that had begun before the cut', () => {
    const rate = answering();
    rate.refused({}, 2990, 429, 3000);
    const limit = rate.limit(3000);
    for (let late = 1; late < 10; late++) rate.refused({}, 2990, 429, 3000 + late);
    expect(rate.limit(3000)).to.equal(limit);
    const before = rate.limit(3500) ?? 0;
    rate.refused({}, 3001, 429, 3500);
    expect(rate.limit(3500)).to.be.below(before);
  });

  it('never allows two calls at once, however long nobody called', () => {
    const rate = answering();
    rate.refused({}, 2990, 429, 3000);
    expect(rate.waitMs(5000)).to.equal(0);
    rate.started(5000);
    expect(rate.waitMs(5000)).to.be.above(20);
  });

  it('grows while a call waits for it: half a call a second at first, the first call within a second and a half', () => {
    const rate = new AdaptiveRate();
    rate.refused({}, 0, 429, 1);
    expect(rate.limit(1)).to.equal(0.5);
    expect(started(rate, 1, 1500)).to.equal(1);
  });

  it('is forgotten when it has delayed nobody for ten seconds', () => {
    const rate = answering();
    rate.refused({}, 2990, 429, 3000);
    expect(rate.limit(5001)).to.equal(null);
    expect(rate.waitMs(13_001)).to.equal(0);
    rate.started(13_001);
    expect(rate.waitMs(13_001)).to.equal(0);
  });

  it('takes 503 for a limiter only where many calls met it, each lookup counted once', () => {
    const rate = answering();
    const broken = {};
    for (let time = 0; time < 20; time++) rate.refused(broken, 2990, 503, 3000);
    expect(rate.limit(3000)).to.equal(null);
    for (let lookup = 0; lookup < 20; lookup++) rate.refused({}, 2990, 503, 3000);
    expect(rate.limit(3000)).to.be.above(0);
  });

  /** Every `nth` call meets 503, one call each `ms`; gives the time of the end. */
  const calls = (rate: AdaptiveRate, from: number, count: number, ms: number, nth: number): number => {
    let now = from;
    for (let call = 1; call <= count; call++) {
      now += ms;
      if (call % nth === 0) rate.refused({}, now, 503, now + 1);
      else rate.answered(now, now + 1);
    }
    return now;
  };

  it('cuts nothing for a minute when slower calls meet 503 as often as before', () => {
    const rate = answering();
    const now = calls(rate, 3000, 240, 10, 3);
    expect(rate.limit(now + 1)).to.equal(null);
    rate.refused({}, now + 1, 503, now + 2);
    expect(rate.limit(now + 2)).to.equal(null);
    rate.refused({}, now + 1, 429, now + 3);
    expect(rate.limit(now + 3)).to.be.above(0);
  });

  it('cuts again within that minute when faster calls meet 503 far more often', () => {
    const rate = answering();
    const now = calls(rate, 3000, 240, 10, 3);
    expect(rate.limit(now + 1)).to.equal(null);
    for (let call = 1; call <= 40; call++) rate.refused({}, now + call, 503, now + call + 1);
    expect(rate.limit(now + 41)).to.be.above(0);
  });

  it('is cut by fewer 503 once slower calls have been taken', () => {
    const rate = answering();
    let now = calls(rate, 3000, 20, 10, 2);
    const first = rate.limit(now) ?? Infinity;
    now = calls(rate, now, 24, 10, Infinity);
    rate.refused({}, now + 1, 503, now + 2);
    rate.refused({}, now + 3, 503, now + 4);
    expect(rate.limit(now + 4)).to.be.below(first);
  });

  it('forgets a burst that the limiter let through when it is refused again soon', () => {
    const rate = new AdaptiveRate();
    for (let call = 0; call < 50; call++) rate.answered(call, call + 10);
    rate.refused({}, 60, 429, 70);
    const first = rate.limit(70) ?? 0;
    expect(first).to.be.above(300);
    rate.answered(75, 100);
    rate.refused({}, 80, 429, 170);
    expect(rate.limit(170)).to.be.within(0.7 * 8, 0.7 * 12);
  });
});
