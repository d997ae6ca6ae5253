import { expect } from 'chai';
import { fakeTenant, finds, reply, type Answer } from './fake-tenant';
import { mobiles } from './support';

const CLIENT = { auth: 'client-credentials', clientId: 'client', clientSecret: 'a-client-secret' } as const;
const VALUES = mobiles(5);
const refuses: Answer = () => reply(401, { error: 'invalid_client' });

describe('credentials', () => {
  it('refused: tried again after 1, 2, 4 … 60 s while messages come', () => {
    const fake = fakeTenant(CLIENT);
    fake.transport.onCall = refuses;
    for (let tenth = 0; tenth < 2000; tenth++) {
      const asked = fake.ask(VALUES[0]);
      fake.clock.advance(100);
      expect(asked.outcome).to.equal('invalid_client');
    }
    const gaps = fake.times().slice(1).map((at, index) => Math.round((at - (fake.times()[index] ?? 0)) / 1000));
    expect(gaps).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(fake.events).to.deep.equal(['refused']);
    fake.transport.onCall = finds;
    fake.clock.advance(60_000);
    fake.ask(VALUES[0]);
    fake.clock.advance(2);
    expect(fake.events.at(-1)).to.equal('accepted');
  });

  it('refused, and no message comes: tried every five minutes, until they are accepted', () => {
    const fake = fakeTenant(CLIENT);
    fake.transport.onCall = refuses;
    fake.ask(VALUES[0]);
    fake.clock.advance(1_500_100);
    expect(fake.times().map((at) => Math.round(at / 60_000))).to.deep.equal([0, 5, 10, 15, 20, 25]);
    fake.transport.onCall = () => null; // silent once, and asked again all the same
    fake.clock.advance(300_000);
    fake.transport.onCall = finds;
    fake.clock.advance(300_000);
    expect(fake.events.at(-1)).to.equal('accepted');
  });

  it('refused at the warm-up: tried every five minutes without any message', () => {
    const fake = fakeTenant({ ...CLIENT, warmUp: true });
    fake.transport.onCall = refuses;
    fake.tenant.warmUp();
    fake.clock.advance(10);
    fake.transport.onCall = finds;
    fake.clock.advance(300_100);
    expect(fake.events).to.deep.equal(['refused', 'accepted']);
  });

  it('a renewal that is refused is told when the old token has ended, and lookups go on until then', () => {
    const fake = fakeTenant(CLIENT);
    fake.ask(VALUES[0]);
    fake.clock.advance(10);
    fake.transport.onCall = (call) => (call.isToken ? refuses(call) : finds(call));
    fake.clock.advance(1_790_000);
    const good = fake.ask(VALUES[1]);
    fake.clock.advance(10);
    expect([good.outcome, ...fake.events]).to.deep.equal(['ok', 'ready']);
    fake.clock.advance(70_000);
    expect(fake.events).to.deep.equal(['ready', 'refused']);
  });

  it('a fixed token that is refused was never accepted: the tenant is not ready before', () => {
    const fake = fakeTenant();
    fake.transport.onCall = () => reply(401, { error: 'invalid_token' });
    const asked = fake.ask(VALUES[0]);
    fake.clock.advance(10);
    expect([asked.outcome, ...fake.events]).to.deep.equal(['invalid_token', 'refused']);
    fake.transport.onCall = finds;
    fake.clock.advance(300_100);
    expect(fake.events).to.deep.equal(['refused', 'accepted']);
    expect(fake.tenant.stats().state).to.equal('ready');
  });

  it('one lookup a minute for a day: as few token calls as renewals need, and nobody waits', () => {
    const fake = fakeTenant(CLIENT, () => 0.5);
    for (let minute = 0; minute < 1440; minute++) {
      const asked = fake.ask(VALUES[0]);
      fake.clock.advance(2);
      expect(asked.lookup?.durationMs).to.be.at.most(minute === 0 ? 2 : 1);
      fake.clock.advance(59_998);
    }
    expect(fake.transport.calls.filter((call) => call.isToken).length).to.be.within(56, 58); // 86,400 s, 1,530 s each
  });

  it('the warm-up gets a token, once, and with a fixed token opens a connection', () => {
    const fake = fakeTenant({ ...CLIENT, warmUp: true });
    fake.tenant.warmUp();
    fake.tenant.warmUp();
    fake.clock.advance(5);
    expect([fake.asked(), fake.events]).to.deep.equal([['token'], ['ready']]);
    const fixed = fakeTenant({ warmUp: true });
    fixed.tenant.warmUp();
    expect([fixed.transport.opened, fixed.transport.calls.length]).to.deep.equal([1, 0]);
    const none = fakeTenant({ ...CLIENT, warmUp: false });
    none.tenant.warmUp();
    none.clock.advance(5);
    expect(none.transport.calls).to.have.length(0);
  });

  it('a machine that slept: cache and token are that much older, and idle connections are closed', () => {
    const fake = fakeTenant({ ...CLIENT, cacheTtl: 60 });
    fake.ask(VALUES[0]);
    fake.clock.advance(10);
    const date = fake.clock.date.bind(fake.clock);
    fake.clock.date = () => date() + 1_800_000;
    const asked = fake.ask(VALUES[0]);
    fake.clock.advance(5);
    expect(asked.lookup?.source).to.equal('tenant');
    expect(fake.asked()).to.deep.equal(['token', VALUES[0], 'token', VALUES[0]]);
    expect(fake.transport.closedSilent).to.deep.equal([0]);
    fake.clock.date = () => date() + 1_804_000; // set, not slept
    fake.ask(VALUES[0]);
    expect(fake.transport.closedSilent).to.deep.equal([0]);
  });
});
