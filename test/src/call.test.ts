/** What one call does beside the plain way, on a transport and a clock that are the test's. */
import { expect } from 'chai';
import { networkFailure } from '../../src/failures/failure';
import { nobody } from '../../src/lookup/call';
import { type Answer, answers, type FakeCall, fakeTenant, finds, refusesConnection, reply } from './fake-tenant';
import { mobiles } from './support';

const CLIENT = { auth: 'client-credentials', clientId: 'client', clientSecret: 'a-client-secret' } as const;
const [A = '', B = '', C = ''] = mobiles(3);
const refusesToken: Answer = () => reply(401, { error: 'invalid_token' });

describe('a question for nobody', () => {
  it('asks by the same mode, for what nobody has, never twice for the same', () => {
    expect(nobody('mobile')).to.include({ by: 'mobile', value: '10000000000' });
    expect(nobody('email').value).to.match(/^connection-test-[\da-f-]{36}@example\.com$/);
    for (const by of ['username', 'id'] as const) {
      expect(nobody(by).value).to.match(/^connection-test-[\da-f-]{36}$/);
      expect(nobody(by).value).to.not.equal(nobody(by).value);
    }
  });

  it('that stays silent for the timeout has failed: the tenant is away, and is said to have timed out', () => {
    const fake = fakeTenant({ timeout: 1, concurrency: 16 });
    fake.transport.onCall = (call) => (call.isStranger ? null : refusesConnection(call));
    for (const value of mobiles(10)) fake.ask(value);
    fake.clock.advance(1000);
    expect(fake.events).to.deep.equal([]);
    fake.clock.advance(2);
    expect(fake.events).to.deep.equal(['unreachable']);
    expect(fake.tenant.condition().code).to.equal('CIAM.TIMEOUT');
  });

  it('is not remembered', () => {
    const fake = fakeTenant({ cacheTtl: 60, cacheMissTtl: 60 });
    fake.transport.onCall = (call) => (call.isStranger ? finds(call) : refusesConnection(call));
    for (const value of mobiles(10)) fake.ask(value);
    fake.clock.advance(5);
    expect(fake.asked()).to.include('?');
    expect(fake.tenant.stats().cache.size).to.equal(0);
  });
});

describe('a second call beside a silent one', () => {
  const silentTenant = (onFresh: Answer, values: string[]): { fake: ReturnType<typeof fakeTenant>; all: ReturnType<ReturnType<typeof fakeTenant>['ask']>[] } => {
    const fake = fakeTenant({ retries: 0, timeout: 10 });
    fake.transport.idleMs = 6000;
    fake.transport.onCall = (call) => (call.fresh ? onFresh(call) : null);
    return { fake, all: values.map((value) => fake.ask(value)) };
  };

  for (const [name, result] of Object.entries({ fails: networkFailure('ECONNREFUSED'), 'ends before any answer': 'stale' as const })) {
    it(`that ${name} says nothing: the silent one goes on, and its answer counts`, () => {
      const { fake, all: [asked] } = silentTenant(() => result, [A]);
      fake.clock.advance(2502);
      expect(fake.transport.calls.map(({ fresh }) => fresh)).to.deep.equal([false, true]);
      expect([asked?.outcome, fake.transport.closedSilent, fake.transport.calls[0]?.isOver]).to.deep.equal([null, [], false]);
      fake.transport.calls[0]?.answer(finds(fake.transport.calls[0]) ?? 'stale');
      expect([asked?.outcome, asked?.lookup?.attempts]).to.deep.equal(['ok', 2]);
    });
  }

  it('is one at a time, also after one has failed and its silent one is answered', () => {
    const { fake, all: [first] } = silentTenant((call) => (call.value === A ? networkFailure('ECONNREFUSED') : null), [A]);
    fake.clock.advance(1000);
    fake.ask(B);
    fake.clock.advance(1000);
    fake.ask(C);
    const fresh = (): string[] => fake.transport.calls.filter((call) => call.fresh).map(({ value }) => value);
    fake.clock.advance(2000); // the one for A has failed, the one for B is silent
    expect(fresh()).to.deep.equal([A, B]);
    fake.transport.calls[0]?.answer(finds(fake.transport.calls[0]) ?? 'stale');
    expect(first?.outcome).to.equal('ok');
    fake.clock.advance(2000);
    expect(fresh()).to.deep.equal([A, B]);
  });

  it('waits for the one before it, and goes out then', () => {
    const { fake } = silentTenant(() => null, [A, B]);
    const of = (value: string): FakeCall[] => fake.transport.calls.filter((call) => call.value === value);
    fake.clock.advance(4000);
    expect([of(A).length, of(B).length]).to.deep.equal([2, 1]);
    of(A)[0]?.answer(finds(of(A)[0] as FakeCall) ?? 'stale');
    expect(of(A)[1]?.isOver).to.equal(true);
    fake.clock.advance(2500);
    expect(of(B).length).to.equal(2);
  });
});

describe('a renewal', () => {
  it('that helps one lookup is no other\'s: one whose record refuses every token asks for few', () => {
    const fake = fakeTenant(CLIENT);
    fake.transport.onCall = (call) => (call.value === A ? refusesToken(call) : finds(call));
    for (let tenth = 0; tenth < 300; tenth++) {
      fake.ask(A);
      fake.ask(B);
      fake.clock.advance(100);
    }
    expect(fake.asked().filter((value) => value === 'token').length).to.be.within(2, 8);
  });

  it('that helps ends the waits of those that did not', () => {
    const fake = fakeTenant(CLIENT);
    let refused = Infinity;
    fake.transport.onCall = (call) => (!call.isToken && refused-- > 0 ? refusesToken(call) : finds(call));
    const tokens = (): number => fake.asked().filter((value) => value === 'token').length;
    /** Token calls that a lookup causes which is refused so often. */
    const renewals = (times: number): number => {
      refused = times;
      const before = tokens();
      fake.ask(A);
      fake.clock.advance(600);
      return tokens() - before;
    };
    const IN_VAIN = 3; // with the old token, and twice with the new one, which is young at first
    refused = 0;
    fake.ask(B);
    fake.clock.advance(3000);
    expect(renewals(IN_VAIN), 'in vain: none for a second').to.equal(1);
    fake.clock.advance(3000);
    expect(renewals(1), 'helps').to.equal(1);
    fake.clock.advance(3000);
    expect(renewals(IN_VAIN), 'in vain: none for a second again, not for two').to.equal(1);
    fake.clock.advance(1600);
    expect(renewals(1)).to.equal(1);
  });
});

describe('tries', () => {
  it('every one failed after an answer to somebody else long before: the tenant may be away all the same', () => {
    const fake = fakeTenant();
    fake.ask(B);
    fake.clock.advance(10);
    fake.transport.onCall = refusesConnection;
    fake.ask(A);
    fake.clock.advance(2250 + 7);
    expect(fake.asked()).to.deep.equal([B, A, A, A, A, A, '?']);
  });

  it('a replay goes before those whose backoff has passed', () => {
    const fake = fakeTenant({ rateLimit: 1, timeout: 60 });
    fake.transport.onCall = (call) => (call.value === A ? answers(425)(call) : null);
    fake.ask(B);
    fake.ask(A);
    fake.clock.advance(1200); // A's backoff has passed, and it waits for the rate
    fake.transport.calls[0]?.answer('stale');
    fake.transport.onCall = finds;
    fake.clock.advance(5000);
    expect(fake.asked()).to.deep.equal([B, A, B, A]);
  });

  it('after nobody the waiting lookup that has failed least is the probe', () => {
    const fake = fakeTenant({ concurrency: 16 });
    fake.transport.onCall = answers(425);
    fake.ask(A);
    fake.clock.advance(148);
    fake.transport.onCall = refusesConnection;
    const others = mobiles(10).slice(1);
    for (const value of others) fake.ask(value);
    fake.clock.advance(5 + 200); // the second try of A was the tenth failed call
    expect(fake.asked()).to.deep.equal([A, ...others, A, '?', B]);
  });
});
