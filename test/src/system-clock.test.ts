import { expect } from 'chai';
import { systemClock } from '../../src/clock';

describe('clock of the system', () => {
  it('tells the time of day, as Retry-After with a date needs it', () => {
    const before = Date.now();
    expect(systemClock.date()).to.be.within(before, Date.now());
  });

  it('never goes back', () => {
    const times = Array.from({ length: 1000 }, () => systemClock.now());
    expect(times.toSorted((a, b) => a - b)).to.deep.equal(times);
  });

  it('wakes whoever asked, and not whoever thought better of it', async () => {
    const woken = await new Promise<string>((resolve) => {
      systemClock.clearTimeout(systemClock.setTimeout(() => resolve('cleared'), 0));
      systemClock.setTimeout(() => resolve('asked'), 1);
    });
    expect(woken).to.equal('asked');
  });
});
