import { expect } from 'chai';
import { answers, fakeTenant, finds } from './fake-tenant';
import { mobiles } from './support';

const VALUES = mobiles(20);

describe('pause', () => {
  it('then one lookup, one that was not refused yet, then two, four …', () => {
    const fake = fakeTenant({ concurrency: 8, timeout: 60 });
    fake.transport.onCall = answers(503, '20'); // long enough for the limiter to be over
    fake.ask(VALUES[0]);
    fake.clock.advance(2);
    VALUES.slice(1).forEach((value) => fake.ask(value));
    fake.transport.onCall = finds;
    fake.clock.advance(19_990);
    expect(fake.transport.calls).to.have.length(1);
    fake.clock.advance(100);
    const perStep = new Map<number, number>();
    for (const at of fake.times().slice(1)) perStep.set(at, (perStep.get(at) ?? 0) + 1);
    expect(fake.asked()[1]).to.equal(VALUES[1]);
    expect([...perStep.values()].slice(0, 3)).to.deep.equal([1, 2, 4]);
    expect(fake.tenant.stats().lookups.found).to.equal(20);
    expect(fake.events).to.deep.equal(['ready', 'paused', 'resumed'].filter((event) => fake.events.includes(event)));
  });

  it('one that is refused again goes on, without a new event', () => {
    const fake = fakeTenant({ timeout: 600 });
    fake.transport.onCall = answers(429, '5');
    const lookup = fake.ask(VALUES[0]);
    fake.clock.advance(40_000);
    expect(fake.events.filter((event) => event === 'paused')).to.have.length(1);
    expect(fake.transport.calls.length).to.be.within(7, 8);
    fake.transport.onCall = finds;
    fake.clock.advance(10_000);
    expect(lookup.outcome).to.equal('ok');
    expect(fake.events.filter((event) => event === 'resumed')).to.have.length(1);
  });

  it('of one that was refused before, with as many others, is still of the whole tenant', () => {
    const fake = fakeTenant({ timeout: 600, concurrency: 4 });
    VALUES.slice(2).forEach((value) => fake.ask(value));
    fake.clock.advance(50);
    const [one = '', other = ''] = VALUES;
    fake.transport.onCall = (call) => (call.value === one || call.value === other ? answers(429, '5')(call) : finds(call));
    fake.ask(one);
    fake.ask(other);
    fake.clock.advance(10);
    for (let index = 0; index < 5; index++) fake.ask(String(13_900_000_000 + index));
    const timesAsked = (): number => fake.asked().filter((value) => value === one).length;
    while (timesAsked() < 2) fake.clock.advance(1);
    fake.clock.advance(2);
    expect(fake.tenant.stats().heldMs).to.be.within(4000, 5000);
  });

  it('of nobody who waits ends by itself', () => {
    const fake = fakeTenant({ retries: 0 });
    fake.transport.onCall = answers(429, '5');
    fake.ask(VALUES[0]);
    fake.clock.advance(5002);
    expect(fake.tenant.stats().state).to.equal('paused');
    fake.clock.advance(5000);
    expect(fake.tenant.stats()).to.include({ heldBy: null, state: 'ready' });
    expect(fake.events.at(-1)).to.equal('resumed');
  });

  it('is never shorter than the backoff', () => {
    const fake = fakeTenant();
    fake.transport.onCall = answers(429, '0');
    fake.ask(VALUES[0]);
    fake.clock.advance(1);
    expect(fake.tenant.stats().heldMs).to.equal(150);
  });
});

describe('remembered users in trouble (cacheStale)', () => {
  const stale = (settings = {}): ReturnType<typeof fakeTenant> => {
    const fake = fakeTenant({ cacheTtl: 1, cacheStale: 60, retries: 0, timeout: 3, ...settings });
    fake.ask(VALUES[0]);
    fake.clock.advance(2000);
    return fake;
  };

  it('at once while a pause is known', () => {
    const fake = stale();
    fake.transport.onCall = answers(429, '5');
    fake.ask(VALUES[1]);
    fake.clock.advance(1);
    const asked = fake.ask(VALUES[0]);
    expect([asked.outcome, asked.lookup?.source, asked.lookup?.attempts]).to.deep.equal(['ok', 'stale', 0]);
  });

  it('in place of a failure that says nothing about the user, and of no other', () => {
    const fake = stale();
    for (const [status, outcome] of [[503, 'ok'], [429, 'ok'], [500, 'ok'], [403, 'CIAM.HTTP.403'], [400, 'CIAM.HTTP.400']] as const) {
      fake.transport.onCall = answers(status);
      const asked = fake.ask(VALUES[0]);
      fake.clock.advance(5000);
      expect(asked.outcome, String(status)).to.equal(outcome);
      if (outcome === 'ok') expect(asked.lookup?.source).to.equal('stale');
    }
    fake.transport.onCall = () => null;
    const late = fake.ask(VALUES[0]);
    fake.clock.advance(3000);
    expect(late.lookup?.source).to.equal('stale');
    fake.clock.advance(60_000);
    const tooOld = fake.ask(VALUES[0]);
    fake.clock.advance(10_000);
    expect(tooOld.outcome).to.not.equal('ok');
  });

  it('with cacheTtl 0 the tenant is asked first', () => {
    const fake = stale({ cacheTtl: 0 });
    const asked = fake.ask(VALUES[0]);
    fake.clock.advance(1);
    expect(asked.lookup?.source).to.equal('tenant');
  });
});
