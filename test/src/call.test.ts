/** What one call does beside the plain way, on a transport and a clock that are the test's. */
import { expect } from 'chai';
import { networkFailure, tlsFailure } from '../../src/failures/failure';
import { absentUser } from '../../src/lookup/call';
import { type Answer, answers, type FakeCall, fakeTenant, finds, refusesConnection, reply, staysSilent } from './fake-tenant';
import { mobiles } from './support';

const CLIENT = { auth: 'client-credentials', clientId: 'client', clientSecret: 'a-client-secret' } as const;
const [A = '', B = '', C = ''] = mobiles(3);
const refusesToken: Answer = () => reply(401, { error: 'invalid_token' });

describe('a question for a user who cannot exist', () => {
  it('asks by the same mode, for what nobody has, never twice for the same', () => {
    expect(absentUser('mobile')).to.include({ by: 'mobile', value: '10000000000' });
    expect(absentUser('email').value).to.match(/^connection-test-[\da-f-]{36}@example\.com$/);
    for (const by of ['username', 'id'] as const) {
      expect(absentUser(by).value).to.match(/^connection-test-[\da-f-]{36}$/);
      expect(absentUser(by).value).to.not.equal(absentUser(by).value);
    }
  });

  it('that stays silent for the timeout has failed: the tenant is away, and is said to have timed out', () => {
    const fake = fakeTenant({ timeout: 1, concurrency: 16 });
    fake.transport.onCall = (call) => (call.isProbeCall ? null : refusesConnection(call));
    for (const value of mobiles(10)) fake.ask(value);
    fake.clock.advance(1000);
    expect(fake.events).to.deep.equal([]);
    fake.clock.advance(2);
    expect(fake.events).to.deep.equal(['unreachable']);
    expect(fake.tenant.condition().code).to.equal('CIAM.TIMEOUT');
  });

  it('is not remembered', () => {
    const fake = fakeTenant({ cacheTtl: 600, cacheMissTtl: 600 });
    fake.transport.onCall = refusesToken;
    fake.ask(A);
    fake.clock.advance(5);
    fake.transport.onCall = finds;
    fake.clock.advance(300_000);
    expect([fake.asked(), fake.tenant.stats().cache.size]).to.deep.equal([[A, '?'], 0]);
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

  it('that fails is made again, as often as there are tries, until the tenant is back', () => {
    const fake = fakeTenant({ timeout: 10 });
    fake.transport.idleMs = 6000;
    fake.transport.onCall = (call) => (!call.fresh ? null : fake.clock.now() - fake.startedAt < 4000 ? networkFailure('ECONNREFUSED') : finds(call));
    const asked = fake.ask(A);
    fake.clock.advance(6000);
    expect([asked.outcome, fake.times()]).to.deep.equal(['ok', [0, 2500, 5001]]);
  });

  it('that brings somebody else is not believed: its connection is dropped, and the tenant asked once more', () => {
    const other = reply(200, { user_id: 'another', mobile: '13900009999' });
    const { fake, all: [asked] } = silentTenant((call) => (fake.transport.calls.length === 2 ? other : finds(call)), [A]);
    fake.clock.advance(3000);
    expect(fake.transport.calls.map(({ isDiscarded }) => isDiscarded)).to.deep.equal([false, true, false]);
    expect([asked?.outcome, asked?.lookup?.attempts, fake.tenant.stats().lookups.mismatched]).to.deep.equal(['ok', 3, 1]);
  });

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

  it('that is over leaves its place to the next one, whatever its lookup does later', () => {
    const fake = fakeTenant({ timeout: 10 });
    fake.transport.idleMs = 6000;
    fake.transport.onCall = staysSilent;
    const answer = (result: ReturnType<typeof reply>): void => fake.transport.calls.filter(({ value, fresh }) => value === A && !fresh).at(-1)?.answer(result);
    const first = fake.ask(A);
    fake.clock.advance(2500);
    fake.ask(B);
    fake.clock.advance(100);
    fake.ask(C);
    answer(reply(425, ''));
    fake.clock.advance(2450); // A is tried again, and B has its second call
    answer(reply(200, { user_id: 'u' }));
    expect(first.outcome).to.equal('ok');
    fake.clock.advance(100);
    expect(fake.transport.calls.filter(({ fresh }) => fresh).map(({ value }) => value)).to.deep.equal([A, B]);
  });

  it('does not go out for a lookup that has ended', () => {
    const { fake } = silentTenant(() => null, []);
    const stop = new AbortController();
    fake.ask(A, stop.signal);
    fake.clock.advance(2000);
    stop.abort();
    fake.clock.advance(5000);
    expect(fake.transport.calls).to.have.length(1);
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
      fake.ask(B); // found, which ends the refusal
      fake.ask(A);
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

  it('every one failed, but somebody was answered after the first: the lookup has failed, and nobody else is asked', () => {
    const fake = fakeTenant();
    fake.transport.onCall = (call) => (call.value === A ? refusesConnection(call) : finds(call));
    const bad = fake.ask(A);
    fake.clock.advance(100);
    fake.ask(B);
    fake.clock.advance(2250);
    expect([bad.outcome, fake.asked()]).to.deep.equal(['CIAM.NETWORK', [A, B, A, A, A, A]]);
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

describe('messages that share a call', () => {
  it('have each a user of their own, as the tenant sent it; the call is the first one\'s', () => {
    const fake = fakeTenant();
    const users: unknown[] = [];
    const told: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      fake.tenant.ask({ by: 'mobile', value: A }, undefined, (_failure, found) => {
        if (!found) return;
        told.push([found.user.user_id, found.lookup.source, found.lookup.attempts]);
        users.push(found.user);
        found.user.user_id = 'changed';
      });
    }
    fake.clock.advance(1);
    expect(told).to.deep.equal([[`id of ${A}`, 'tenant', 1], [`id of ${A}`, 'shared', 0], [`id of ${A}`, 'shared', 0]]);
    expect(new Set(users).size).to.equal(3);
    expect(fake.asked()).to.deep.equal([A]);
  });

  it('share a failure too', () => {
    const fake = fakeTenant();
    fake.transport.onCall = answers(400);
    const all = [fake.ask(A), fake.ask(A)];
    fake.clock.advance(1);
    fake.clock.advance(20_000); // nobody's time passes any more
    expect(all.map(({ outcome, told, lookup }) => [outcome, told, lookup?.attempts])).to.deep.equal([['CIAM.HTTP.400', 1, 1], ['CIAM.HTTP.400', 1, 0]]);
  });

  it('have each the whole timeout; a call that has taken one message\'s time is joined by nobody', () => {
    const fake = fakeTenant({ timeout: 10 });
    fake.transport.onCall = staysSilent;
    const first = fake.ask(A);
    fake.clock.advance(4000);
    const second = fake.ask(A);
    fake.clock.advance(6000);
    expect([first.outcome, second.outcome]).to.deep.equal(['CIAM.TIMEOUT', null]);
    expect(first.failure?.message).to.contain('10 s');
    const third = fake.ask(A);
    fake.clock.advance(4000);
    expect([second.outcome, second.lookup?.attempts, third.outcome]).to.deep.equal(['CIAM.TIMEOUT', 0, null]);
    fake.clock.advance(6000);
    expect([third.outcome, third.lookup?.attempts]).to.deep.equal(['CIAM.TIMEOUT', 1]);
    expect(fake.asked().filter((value) => value === A)).to.have.length(2);
  });

  it('have each a queueTimeout of their own, and count one by one', () => {
    const fake = fakeTenant({ concurrency: 1, queueTimeout: 2, timeout: 60 });
    fake.transport.onCall = staysSilent;
    fake.ask(B);
    const first = fake.ask(A);
    fake.clock.advance(1500);
    const second = fake.ask(A);
    expect(fake.tenant.stats().queued).to.equal(2);
    fake.clock.advance(500);
    expect([first.outcome, second.outcome, fake.tenant.stats().queued]).to.deep.equal(['CIAM.TIMEOUT', null, 1]);
    fake.clock.advance(1500);
    expect(second.failure?.message).to.contain('queueTimeout of 2 s');
  });

  it('and are cancelled in the queue have one outcome; whoever is left has the call, and the place of the last one is free', () => {
    const fake = fakeTenant({ concurrency: 1, queueTimeout: 2, timeout: 60 });
    fake.transport.onCall = staysSilent;
    const [one, two] = [new AbortController(), new AbortController()];
    fake.ask(B, one.signal);
    const first = fake.ask(A, two.signal);
    const second = fake.ask(A);
    two.abort();
    one.abort();
    expect(fake.asked()).to.deep.equal([B, A]);
    fake.clock.advance(5000);
    expect([first.told, first.outcome, second.outcome]).to.deep.equal([1, 'CIAM.CLOSED', null]);
  });

  it('one that is cancelled while its own answer lets the next begin is told that, with its calls', async () => {
    const fake = fakeTenant({ concurrency: 1 });
    const stop = new AbortController();
    const asked = fake.ask(A, stop.signal);
    const list = fake.tenant.lookupList({ by: 'mobile', values: [null, B], progress: () => stop.abort() });
    expect(asked.outcome).to.equal(null);
    fake.clock.advance(10);
    expect([asked.told, asked.outcome, asked.lookup?.attempts, asked.lookup?.source]).to.deep.equal([1, 'CIAM.CLOSED', 1, 'tenant']);
    expect((await list).found).to.have.length(1);
  });

  it('and have got their turn have no queueTimeout any more', () => {
    const fake = fakeTenant({ concurrency: 1, queueTimeout: 2, timeout: 60 });
    fake.transport.onCall = staysSilent;
    fake.ask(B);
    const all = [fake.ask(A), fake.ask(A)];
    fake.clock.advance(1000);
    fake.transport.calls[0]?.answer(reply(400, ''));
    fake.clock.advance(5000);
    expect(all.map(({ outcome }) => outcome)).to.deep.equal([null, null]);
  });

  it('go on without the one that is cancelled; whoever comes then has a call of its own when that one was the first', () => {
    const fake = fakeTenant();
    fake.transport.onCall = staysSilent;
    const [one, two] = [new AbortController(), new AbortController()];
    const first = fake.ask(A, one.signal);
    const second = fake.ask(A, two.signal);
    const third = fake.ask(A);
    two.abort();
    expect([second.outcome, second.lookup?.attempts, fake.ask(A).outcome, fake.transport.calls.length]).to.deep.equal(['CIAM.CLOSED', 0, null, 1]);
    one.abort();
    expect([first.outcome, first.lookup?.attempts]).to.deep.equal(['CIAM.CLOSED', 1]);
    fake.ask(A);
    expect(fake.transport.calls).to.have.length(2);
    fake.transport.calls[0]?.answer(reply(400, ''));
    expect([first, second, third].map(({ told, outcome }) => [told, outcome])).to.deep.equal([[1, 'CIAM.CLOSED'], [1, 'CIAM.CLOSED'], [1, 'CIAM.HTTP.400']]);
  });

  it('get large answers a few at a time; one that is cancelled meanwhile gets none', async () => {
    const fake = fakeTenant();
    fake.transport.onCall = () => reply(200, { user_id: 'u', text: 'x'.repeat(600_000) });
    const stop = new AbortController();
    const all = [undefined, undefined, undefined, undefined, stop.signal].map((signal) => fake.ask(A, signal));
    fake.clock.advance(1);
    const outcomes = (): unknown[] => all.map(({ outcome }) => outcome);
    expect(outcomes()).to.deep.equal(['ok', 'ok', 'ok', null, null]);
    stop.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes()).to.deep.equal(['ok', 'ok', 'ok', 'ok', 'CIAM.CLOSED']);
    expect(new Set(all.map(({ told }) => told))).to.deep.equal(new Set([1]));
  });
});

describe('a token that is refused', () => {
  const tokens = (fake: ReturnType<typeof fakeTenant>): number => fake.asked().filter((value) => value === 'token').length;
  const refusedTimes = (times: number, random = 0.5): ReturnType<typeof fakeTenant> => {
    const fake = fakeTenant({ ...CLIENT, retries: 0 }, () => random);
    fake.ask(B);
    fake.clock.advance(3000);
    let left = times;
    fake.transport.onCall = (call) => (!call.isToken && left-- > 0 ? refusesToken(call) : finds(call));
    return fake;
  };

  it('is renewed once, and the lookup replayed at once, on a connection as it comes', () => {
    const fake = refusedTimes(1);
    const asked = fake.ask(A);
    fake.clock.advance(3);
    expect([asked.outcome, asked.lookup?.attempts, tokens(fake)]).to.deep.equal(['ok', 2, 2]);
    expect(fake.transport.calls.map(({ fresh }) => fresh)).to.not.include(true);
  });

  it('and is young is tried again after a pause of up to a second, once', () => {
    for (const [random, ms] of [[0, 500], [0.5, 750], [1, 1000]] as const) {
      const fake = fakeTenant({ ...CLIENT, retries: 0 }, () => random);
      let left = 1;
      fake.transport.onCall = (call) => (!call.isToken && left-- > 0 ? refusesToken(call) : finds(call));
      const asked = fake.ask(A);
      fake.clock.advance(2 + ms);
      expect(asked.outcome).to.equal(null);
      fake.clock.advance(1);
      expect([asked.outcome, asked.lookup?.attempts, tokens(fake)]).to.deep.equal(['ok', 2, 1]);
    }
  });

  it('and so is the new one, after its pause: refused for all, with one renewal', () => {
    const fake = refusedTimes(Infinity);
    const asked = fake.ask(A);
    fake.clock.advance(752);
    expect(asked.outcome).to.equal(null);
    fake.clock.advance(10);
    expect([asked.outcome, asked.lookup?.attempts, tokens(fake)]).to.deep.equal(['invalid_token', 3, 2]);
    expect(fake.ask(C).outcome).to.equal('invalid_token');
  });

  it('when it is young, and so is the new one: a pause for each, four calls', () => {
    const fake = fakeTenant({ ...CLIENT, retries: 0 });
    fake.transport.onCall = (call) => (call.isToken ? finds(call) : refusesToken(call));
    const asked = fake.ask(A);
    fake.clock.advance(3000);
    expect([asked.outcome, asked.lookup?.attempts, tokens(fake)]).to.deep.equal(['invalid_token', 4, 2]);
  });

  it('at an age of two seconds is not young any more', () => {
    const fake = fakeTenant({ ...CLIENT, retries: 0 });
    fake.ask(B);
    fake.clock.advance(2000);
    let left = 1;
    fake.transport.onCall = (call) => (!call.isToken && left-- > 0 ? refusesToken(call) : finds(call));
    const asked = fake.ask(A);
    fake.clock.advance(3);
    expect([asked.outcome, tokens(fake)]).to.deep.equal(['ok', 2]);
  });

  it('and was replaced meanwhile for another lookup: that is the renewal of this one too', () => {
    const fake = refusedTimes(2);
    const all = [fake.ask(A), fake.ask(C)];
    fake.clock.advance(3);
    expect(all.map(({ outcome, lookup }) => [outcome, lookup?.attempts])).to.deep.equal([['ok', 2], ['ok', 2]]);
    expect(tokens(fake)).to.equal(2);
  });
});

describe('a token call that fails', () => {
  it('counts as a try of whoever waits for it', () => {
    const fake = fakeTenant({ ...CLIENT, retries: 1 });
    fake.transport.onCall = answers(502);
    const asked = fake.ask(A);
    fake.clock.advance(150);
    expect(fake.asked()).to.deep.equal(['token']);
    fake.clock.advance(4);
    // The second try was the last one: the tenant may be away, and a user who cannot exist is asked for, which needs a token too.
    expect(fake.asked()).to.deep.equal(['token', 'token', 'token']);
    expect(fake.events).to.deep.equal(['unreachable']);
    fake.transport.onCall = finds;
    fake.clock.advance(500);
    expect([asked.outcome, asked.lookup?.attempts]).to.deep.equal(['ok', 3]);
  });

  it('because it stays silent: whoever has come later has another one', () => {
    const fake = fakeTenant(CLIENT);
    fake.transport.onCall = staysSilent;
    const first = fake.ask(A);
    fake.clock.advance(5000);
    const second = fake.ask(B);
    fake.clock.advance(5000);
    expect([first.outcome, second.outcome]).to.deep.equal(['CIAM.TIMEOUT', null]);
    fake.transport.onCall = finds;
    fake.clock.advance(1000);
    expect(second.outcome).to.equal('ok');
  });
});

describe('what a call has met', () => {
  it('is told when its time is up between two tries, during a pause, and in an outage', () => {
    const cases: [string, Answer, string][] = [['backoff', answers(425), 'CIAM.HTTP.425'], ['pause', answers(429, '30'), 'CIAM.HTTP.429'], ['outage', refusesConnection, 'CIAM.NETWORK']];
    for (const [name, onCall, code] of cases) {
      const fake = fakeTenant({ timeout: 3, retries: 10 });
      fake.transport.onCall = onCall;
      const asked = fake.ask(A);
      fake.clock.advance(3000);
      expect(asked.outcome, name).to.equal(code);
    }
    const fake = fakeTenant({ ...CLIENT, timeout: 3, retries: 10 });
    fake.transport.onCall = answers(502);
    const asked = fake.ask(A);
    fake.clock.advance(3000);
    expect(asked.outcome, 'token call').to.equal('CIAM.HTTP.502');
  });

  it('a certificate that is refused ends all lookups', () => {
    const fake = fakeTenant();
    fake.transport.onCall = () => tlsFailure('CERT_HAS_EXPIRED');
    const asked = fake.ask(A);
    fake.clock.advance(1);
    expect([asked.outcome, fake.ask(B).outcome, fake.events]).to.deep.equal(['CIAM.TLS', 'CIAM.TLS', ['refused']]);
  });

  it('a fresh connection is for the replay only, and each further call is counted', () => {
    const fake = fakeTenant();
    const script: ReturnType<Answer>[] = ['stale', reply(425, '')];
    fake.transport.onCall = (call) => script.shift() ?? finds(call);
    const asked = fake.ask(A);
    fake.clock.advance(1000);
    expect(fake.transport.calls.map(({ fresh }) => fresh)).to.deep.equal([false, true, false]);
    expect([asked.lookup?.attempts, fake.tenant.stats().lookups.retried]).to.deep.equal([3, 2]);
  });

  it('an answer about somebody else costs its connection', () => {
    const fake = fakeTenant();
    fake.transport.onCall = (call) => reply(200, { user_id: 'u', mobile: call.fresh ? A : B });
    const asked = fake.ask(A);
    fake.clock.advance(2);
    expect([asked.outcome, ...fake.transport.calls.map(({ isDiscarded }) => isDiscarded)]).to.deep.equal(['ok', true, false]);
  });

  it('refused twice while others are served: it delays only itself, for as long as it is told, and uses up its tries', () => {
    const fake = fakeTenant({ retries: 2, timeout: 600 });
    fake.transport.onCall = (call) => (call.value === A ? answers(429, '5')(call) : finds(call));
    const bad = fake.ask(A);
    fake.clock.advance(1);
    expect(fake.tenant.stats().heldMs).to.equal(5000);
    fake.ask(B); // waits for the end of the pause, and is served
    const times = (): number[] => fake.transport.calls.filter(({ value }) => value === A).map(({ at }) => at - fake.startedAt);
    fake.clock.advance(8000); // the limiter lets calls go slowly at first
    expect([times().length, fake.tenant.stats().heldMs]).to.deep.equal([2, 0]);
    for (let count = 0; count < 40; count++) {
      const good = fake.ask(String(13_900_000_000 + count));
      fake.clock.advance(500);
      expect(good.outcome, String(count)).to.equal('ok');
    }
    expect([bad.outcome, bad.lookup?.attempts]).to.deep.equal(['CIAM.HTTP.429', 4]);
    for (const index of [2, 3]) expect((times()[index] ?? 0) - (times()[index - 1] ?? 0)).to.be.within(5000, 6000);
  });

  it('a probe that stays silent for half a minute is given up, and the lookup goes on', () => {
    const fake = fakeTenant({ ...CLIENT, timeout: 3600, retries: 0, concurrency: 16 });
    fake.ask(B);
    fake.clock.advance(10);
    fake.transport.onCall = refusesConnection;
    for (const value of mobiles(12).slice(2)) fake.ask(value);
    fake.clock.advance(3);
    fake.transport.onCall = staysSilent;
    const probing = fake.ask(A);
    fake.clock.advance(1000);
    const probe = fake.transport.calls.find(({ value }) => value === A);
    expect(probe?.isOver).to.equal(false);
    fake.clock.advance(40_000);
    expect([probe?.isOver, probing.outcome]).to.deep.equal([true, null]);
    fake.transport.onCall = finds;
    fake.clock.advance(30_000);
    expect(probing.outcome).to.equal('ok');
  });
});
