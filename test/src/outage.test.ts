import { expect } from 'chai';
import { networkFailure } from '../../src/failures/failure';
import { answers, finds, fakeTenant, type Answer, refusesConnection, reply, staysSilent } from './fake-tenant';
import { CLIENT, mobiles } from './support';

const [A = '', B = '', C = ''] = mobiles(3);

/** Ten lookups that fail at once: ten failed calls in a row. */
const beginOutage = (fake: ReturnType<typeof fakeTenant>, onCall: Answer = refusesConnection): ReturnType<typeof fake.ask>[] => {
  fake.transport.onCall = onCall;
  const all = mobiles(10).map((value) => fake.ask(value));
  fake.clock.advance(2); // the calls, and the first probe
  return all;
};

describe('outage', () => {
  it('ten failed calls in a row of two lookups stop the calls; the first probe asks for a user who cannot exist', () => {
    const fake = fakeTenant();
    const all = beginOutage(fake);
    expect(fake.asked()).to.deep.equal([...mobiles(10), '?']);
    expect(fake.tenant.stats().circuit).to.equal('open');
    expect(fake.events).to.deep.equal(['unreachable']);
    const late = fake.ask('13900000000');
    expect(late.outcome).to.equal(null);
    fake.clock.advance(90);
    expect(fake.transport.calls).to.have.length(11);
    fake.transport.onCall = finds;
    fake.clock.advance(200);
    expect([...all, late].map(({ outcome }) => outcome)).to.deep.equal(new Array(11).fill('ok'));
    expect(fake.events).to.deep.equal(['unreachable', 'recovered']);
    expect(fake.tenant.stats().circuit).to.equal('closed');
  });

  it('nine failed calls, or ten with an answer in between, stop nothing', () => {
    const fake = fakeTenant();
    fake.transport.onCall = refusesConnection;
    mobiles(9).forEach((value) => fake.ask(value));
    fake.clock.advance(2);
    expect(fake.tenant.stats().circuit).to.equal('closed');
    fake.transport.onCall = answers(500); // an answer, if not a good one
    fake.ask('13900000000');
    fake.clock.advance(2);
    fake.transport.onCall = refusesConnection;
    fake.ask('13900000001');
    fake.clock.advance(2);
    expect(fake.tenant.stats().circuit).to.equal('closed');
    expect(fake.events).to.deep.equal(['ready']);
  });

  it('ten failed calls of one lookup alone stop nothing before its tries are spent', () => {
    const fake = fakeTenant({ retries: 10, timeout: 3600 });
    fake.transport.onCall = refusesConnection;
    fake.ask(A);
    fake.clock.advance(16_000);
    expect(fake.asked()).to.deep.equal(new Array(10).fill(A));
    expect(fake.tenant.stats().circuit).to.equal('closed');
  });

  it('every try of one lookup failed, nobody answered in between: probed by a call for a user who cannot exist, and whoever comes waits', () => {
    const fake = fakeTenant();
    fake.transport.onCall = refusesConnection;
    const first = fake.ask(A);
    fake.clock.advance(2250 + 7);
    expect(fake.asked()).to.deep.equal([A, A, A, A, A, '?']);
    expect(fake.events).to.deep.equal(['unreachable']);
    const second = fake.ask(B);
    fake.clock.advance(1);
    expect([first.outcome, second.outcome]).to.deep.equal([null, null]);
    fake.transport.onCall = finds;
    fake.clock.advance(3000);
    expect([first.outcome, second.outcome]).to.deep.equal(['ok', 'ok']);
  });

  it('a probe call that is answered: no outage, no event, work goes on, and the lookup without tries left has failed', () => {
    const fake = fakeTenant();
    fake.transport.onCall = (call) => (call.value === A ? refusesConnection(call) : finds(call));
    const bad = fake.ask(A);
    fake.clock.advance(2250 + 7);
    expect(fake.asked()).to.deep.equal([A, A, A, A, A, '?']);
    expect(bad).to.deep.include({ outcome: 'CIAM.NETWORK' });
    expect(bad.lookup?.attempts).to.equal(5);
    expect(fake.events).to.deep.equal(['ready']);
    const good = fake.ask(B);
    fake.clock.advance(1);
    expect(good.outcome).to.equal('ok');
    expect(fake.tenant.stats()).to.include({ circuit: 'closed', inFlight: 0, queued: 0 });
  });

  it('whoever fails while the probe call is under way has its tries left, and goes on', () => {
    const fake = fakeTenant();
    fake.transport.onCall = (call) => (call.value === B || call.isProbeCall ? null : refusesConnection(call));
    const bad = fake.ask(A);
    fake.clock.advance(2200);
    const other = fake.ask(B);
    fake.clock.advance(57);
    expect(fake.asked()).to.deep.equal([A, A, A, A, B, A, '?']);
    const [first, probeCall] = fake.transport.calls.filter((call) => call.value === B || call.isProbeCall);
    first?.answer(networkFailure('ECONNREFUSED'));
    fake.transport.onCall = finds;
    probeCall?.answer({ status: 400, text: '{"error_code":"IDAAS.TENANT.USER.0001"}', retryAfter: undefined });
    fake.clock.advance(10);
    expect([bad.outcome, other.outcome]).to.deep.equal(['CIAM.NETWORK', 'ok']);
  });

  it('silent calls that are cancelled say nothing about the tenant', () => {
    const fake = fakeTenant();
    fake.transport.onCall = staysSilent;
    const stop = new AbortController();
    const all = mobiles(16).map((value) => fake.ask(value, stop.signal));
    fake.clock.advance(5);
    stop.abort();
    fake.clock.advance(5);
    expect(new Set(all.map(({ outcome }) => outcome))).to.deep.equal(new Set(['CIAM.CLOSED']));
    expect(fake.asked()).to.not.include('?');
    expect(fake.tenant.stats().circuit).to.equal('closed');
  });

  it('with an answer to somebody else in between a spent lookup just fails: nobody is probed', () => {
    const fake = fakeTenant();
    fake.transport.onCall = (call) => (call.value === A ? refusesConnection(call) : finds(call));
    const bad = fake.ask(A);
    fake.clock.advance(1000);
    fake.ask(B);
    fake.clock.advance(2000);
    expect(bad.outcome).to.equal('CIAM.NETWORK');
    expect(fake.asked()).to.not.include('?');
  });

  it('retries 0: who failed fails at once, who waits is asked by the probes', () => {
    const fake = fakeTenant({ retries: 0, concurrency: 10 });
    fake.transport.onCall = refusesConnection;
    const failed = mobiles(10).map((value) => fake.ask(value));
    fake.clock.advance(3);
    const waiting = fake.ask('13900000000');
    expect(failed.map(({ outcome }) => outcome)).to.deep.equal(new Array(10).fill('CIAM.NETWORK'));
    expect(waiting.outcome).to.equal(null);
    fake.transport.onCall = finds;
    fake.clock.advance(5000);
    expect(waiting.outcome).to.equal('ok');
  });

  for (const [name, random, part] of [['none', () => 0, 1], ['the most', () => 0.999999, 0.5]] as const) {
    it(`probes at intervals of 0.2, 0.5, 1, 2, 4, then 5 s while somebody waits, jitter: ${name}`, () => {
      const fake = fakeTenant({ timeout: 3600, retries: 0, concurrency: 32 }, random);
      beginOutage(fake);
      let next = 0;
      for (let count = 0; count < 8; count++) fake.ask(String(13_900_000_000 + next++)); // one a probe, for each fails
      const from = fake.transport.calls.length - 1;
      fake.clock.advance(30_000);
      const times = fake.times().slice(from, from + 8);
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0) - 1);
      gaps.forEach((gap, index) => expect(gap, `interval ${index + 1}`).to.be.closeTo(([200, 500, 1000, 2000, 4000, 5000, 5000][index] ?? 0) * part, 2));
    });
  }

  it('nobody waits: every 5 s, and every 15 s once no message has come for a minute', () => {
    const fake = fakeTenant({ retries: 0 });
    beginOutage(fake);
    fake.clock.advance(180_000);
    const times = fake.times().slice(10);
    const gaps = times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / 1000));
    expect(fake.asked().slice(10)).to.deep.equal(new Array(times.length).fill('?'));
    expect(gaps.slice(0, 10)).to.deep.equal(new Array(10).fill(5));
    expect(gaps.slice(13, 18)).to.deep.equal(new Array(5).fill(15));
  });

  it('one probe at a time, one more beside a silent one after 5 s, and never three', () => {
    const fake = fakeTenant({ timeout: 3600 });
    beginOutage(fake);
    fake.transport.onCall = staysSilent;
    const before = fake.transport.calls.length;
    const open = (): number => fake.transport.calls.slice(before).filter((call) => !call.isOver).length;
    fake.clock.advance(200);
    expect(open()).to.equal(1);
    fake.clock.advance(4990);
    expect(open()).to.equal(1);
    for (let second = 0; second < 120; second++) {
      fake.clock.advance(1000);
      expect(open()).to.be.within(0, 2);
    }
    expect(fake.transport.calls.length).to.be.greaterThan(before + 3); // silent probes are given up
    fake.transport.onCall = finds;
    fake.clock.advance(60_000);
    expect(fake.tenant.stats().circuit).to.equal('closed');
  });

  it('silence from the first call on: found again all the same, long after everybody has failed', () => {
    const fake = fakeTenant();
    fake.transport.onCall = staysSilent;
    const all = mobiles(12).map((value) => fake.ask(value));
    fake.clock.advance(120_000);
    expect(new Set(all.map(({ outcome }) => outcome))).to.deep.equal(new Set(['CIAM.TIMEOUT']));
    expect(fake.tenant.stats().state).to.equal('failing');
    fake.transport.onCall = finds;
    fake.clock.advance(60_000);
    expect(fake.tenant.stats().state).to.equal('ready');
  });

  it('new lookups fail at once when it has lasted for the timeout, and waiting ones when theirs is spent', () => {
    const fake = fakeTenant({ timeout: 4 });
    beginOutage(fake);
    fake.clock.advance(1000);
    const waiting = fake.ask(`139${A.slice(3)}`);
    fake.clock.advance(2990);
    expect(fake.events).to.deep.equal(['unreachable']);
    fake.clock.advance(20);
    expect(fake.events).to.deep.equal(['unreachable', 'failing']);
    const late = fake.ask(C);
    expect(late.outcome).to.equal('CIAM.CIRCUIT');
    expect(late.failure?.system).to.equal('ECONNREFUSED');
    expect(waiting.outcome).to.equal(null);
    fake.clock.advance(1000);
    expect(waiting.outcome).to.be.oneOf(['CIAM.CIRCUIT', 'CIAM.NETWORK']);
    expect(waiting.lookup?.durationMs).to.equal(4000);
  });

  it('a short timeout: an outage refuses nobody before two seconds', () => {
    const fake = fakeTenant({ timeout: 0.5 });
    beginOutage(fake);
    fake.clock.advance(1500);
    const waits = fake.ask(C);
    expect(waits.outcome).to.equal(null);
    fake.clock.advance(500);
    expect(fake.ask(B).outcome).to.equal('CIAM.CIRCUIT');
  });

  it('after it: few calls at first, doubling with the answers', () => {
    const fake = fakeTenant({ concurrency: 16, timeout: 60 });
    beginOutage(fake);
    for (let index = 0; index < 40; index++) fake.ask(String(13_900_000_000 + index));
    const from = fake.transport.calls.length;
    fake.transport.onCall = finds;
    fake.clock.advance(1000);
    const perStep = new Map<number, number>();
    for (const { at } of fake.transport.calls.slice(from + 1)) perStep.set(at, (perStep.get(at) ?? 0) + 1);
    expect([...perStep.values()].slice(0, 4)).to.deep.equal([2, 4, 8, 16]);
    expect(fake.tenant.stats().lookups.found).to.equal(50);
  });

  it('a spent lookup that waited for the end of a real outage is tried again', () => {
    const fake = fakeTenant({ retries: 1, timeout: 60 });
    fake.transport.onCall = refusesConnection;
    const first = fake.ask(A);
    fake.clock.advance(500);
    expect(fake.events).to.deep.equal(['unreachable']);
    fake.transport.onCall = finds;
    fake.clock.advance(10_000);
    expect(first.outcome).to.equal('ok');
  });

  it('tries count from none again after it', () => {
    const fake = fakeTenant({ retries: 1, timeout: 60 });
    fake.transport.onCall = refusesConnection;
    const spent = fake.ask(A);
    fake.clock.advance(500);
    expect(fake.events).to.deep.equal(['unreachable']);
    const other = fake.ask(B);
    let left = 1;
    fake.transport.onCall = (call) => (call.value === A && left-- > 0 ? answers(502)(call) : finds(call));
    fake.clock.advance(10_000);
    expect([other.outcome, spent.outcome]).to.deep.equal(['ok', 'ok']);
    expect(left).to.be.below(0);
  });

  it('whoever asks again while the end of a probe confirms it gets a call of its own, not the one that is over', () => {
    const silent = '13900000000';
    const fake = fakeTenant({ retries: 0, timeout: 3600 });
    beginOutage(fake);
    fake.transport.onCall = (call) => (call.value === silent ? null : finds(call));
    const probing = fake.ask(silent);
    fake.clock.advance(6000); // it is silent, and a second probe's answer ends the outage
    expect(fake.tenant.stats()).to.include({ circuit: 'closed', inFlight: 1 });
    fake.transport.onCall = (call) => (call.value === silent || call.isProbeCall ? null : refusesConnection(call));
    mobiles(10).forEach((value) => fake.ask(value));
    fake.clock.advance(20);
    expect(fake.tenant.stats()).to.include({ circuit: 'half-open', state: 'ready', queued: 0 });
    const again: ReturnType<typeof fake.ask>[] = [];
    fake.tenant.watch(() => {
      if (again.length === 0) again.push(fake.ask(silent));
    });
    fake.transport.calls.find(({ value }) => value === silent)?.answer(networkFailure('ECONNRESET'));
    expect(fake.tenant.stats().state).to.equal('unreachable');
    expect([probing, ...again].map(({ outcome }) => outcome)).to.deep.equal(['CIAM.NETWORK', null]);
    fake.transport.onCall = finds;
    fake.clock.advance(10_000);
    expect(again.map(({ outcome, lookup }) => [outcome, lookup?.source])).to.deep.equal([['ok', 'tenant']]);
  });

  it('a warm-up that gets no answer begins it; a lookup that comes then waits, and is asked', () => {
    const fake = fakeTenant({ warmUp: true });
    fake.transport.onOpen = refusesConnection(undefined as never) as never;
    fake.transport.onCall = refusesConnection;
    fake.tenant.warmUp();
    fake.clock.advance(1);
    expect(fake.events).to.deep.equal(['unreachable']);
    const first = fake.ask(A);
    fake.clock.advance(4000);
    expect(first.outcome).to.equal(null);
    fake.transport.onCall = finds;
    fake.clock.advance(6000);
    expect(first.outcome).to.equal('ok');
    expect(fake.events).to.deep.equal(['unreachable', 'recovered']);
  });

  const refusals = { 'refused credentials': { status: 401, code: 'invalid_client', state: 'refused', events: ['unreachable', 'refused'] }, 'a limit of token calls': { status: 429, code: 'CIAM.HTTP.429', state: 'paused', events: ['unreachable', 'recovered', 'paused'] } };
  for (const [name, { status, code, state, events }] of Object.entries(refusals)) {
    it(`ends with ${name}: an answer, which lookups fail with from then on`, () => {
      const fake = fakeTenant({ ...CLIENT, warmUp: true });
      fake.transport.onCall = refusesConnection;
      fake.tenant.warmUp();
      fake.clock.advance(1);
      const first = fake.ask(A);
      fake.transport.onCall = ({ isToken }) => (isToken ? reply(status, { error: code }) : null);
      fake.clock.advance(60_000);
      const later = fake.ask(B);
      fake.clock.advance(10_000);
      expect([first, later].map(({ outcome }) => outcome)).to.deep.equal([code, code]);
      expect(fake.tenant.stats()).to.include({ state, circuit: 'closed' });
      expect(fake.events.slice(0, events.length)).to.deep.equal(events);
      expect(fake.events).to.not.include('failing');
      const made = fake.transport.calls.length;
      fake.transport.onCall = finds;
      fake.clock.advance(300_000);
      const last = fake.ask(C);
      fake.clock.advance(10_000);
      expect([last.outcome, fake.tenant.stats().state]).to.deep.equal(['ok', 'ready']);
      expect(made, 'calls in 70 s with two lookups').to.be.at.most(20);
    });
  }

  it('goes on when a renewal is refused while the token is good: lookups need no answer to that', () => {
    const fake = fakeTenant({ ...CLIENT, timeout: 3600 });
    fake.ask(A);
    fake.clock.advance(10);
    fake.clock.advance(0.8 * 1_800_000 - 1000); // the renewal is due in less than a second
    fake.transport.onCall = (call) => (call.isToken ? reply(401, { error: 'invalid_client' }) : refusesConnection(call));
    mobiles(10).forEach((value) => fake.ask(`${value.slice(0, -1)}9`));
    mobiles(10).forEach((value) => fake.ask(value));
    fake.clock.advance(30_000);
    expect(fake.asked().filter((one) => one === 'token').length, 'token calls').to.be.within(3, 8);
    expect(fake.events).to.deep.equal(['ready', 'unreachable']);
    expect(fake.tenant.stats().circuit).to.not.equal('closed');
  });

  for (const auth of [CLIENT, {}]) {
    it(`a lookup that was under way when the warm-up failed is probed for at once, ${'auth' in auth ? 'with client credentials' : 'with a fixed token'}`, () => {
      const fake = fakeTenant({ ...auth, timeout: 4, warmUp: true });
      fake.transport.onOpen = networkFailure('ECONNREFUSED');
      fake.transport.onCall = (call) => (fake.clock.now() - fake.startedAt < 1000 ? refusesConnection(call) : finds(call));
      fake.tenant.warmUp();
      const first = fake.ask(A);
      fake.clock.advance(2000);
      expect(first.outcome).to.equal('ok');
    });
  }

  it('a message that comes shortly before the probe of an idle outage does not put it off', () => {
    const fake = fakeTenant({ retries: 0, timeout: 600 });
    beginOutage(fake);
    fake.clock.advance(24_000); // all intervals have been used, and nobody waits
    const last = fake.times().at(-1) ?? NaN;
    fake.clock.advance(last + 4900 - (fake.clock.now() - fake.startedAt));
    expect(fake.times().at(-1)).to.equal(last);
    fake.transport.onCall = finds;
    const asked = fake.ask('13900000000');
    fake.clock.advance(150);
    expect(asked.outcome).to.equal('ok');
  });

  for (const [name, away] of Object.entries({ 'an outage': refusesConnection, 'a pause': answers(503, '60') })) {
    it(`a list that comes late in ${name} waits for as long as a single lookup does`, async () => {
      const fake = fakeTenant({ timeout: 10, retries: 1 });
      fake.transport.onCall = (call) => (fake.clock.now() - fake.startedAt < 12_000 ? away(call) : finds(call));
      mobiles(10).forEach((value) => fake.ask(value));
      fake.clock.advance(9000);
      const single = fake.ask('13900000000');
      const list = fake.tenant.lookupList({ by: 'mobile', values: ['13900000001', '13900000002'] });
      const until = (ms: number): void => fake.clock.advance(fake.startedAt + ms - fake.clock.now());
      if (name === 'an outage') {
        until(17_500);
        expect([single.outcome, (await list).lookup.found]).to.deep.equal(['ok', 2]);
        return;
      }
      until(18_900); // ten seconds have not passed
      expect(single.outcome).to.equal(null);
      until(19_100);
      const { lookup, failed } = await list;
      expect([single.outcome, ...failed.map(({ error }) => error.code)]).to.deep.equal(new Array(3).fill('CIAM.HTTP.503'));
      expect(lookup.durationMs).to.be.closeTo(10_000, 100);
      const late = fake.ask('13900000003');
      const lateList = await fake.tenant.lookupList({ by: 'mobile', values: ['13900000004'] });
      expect([late.outcome, lateList.failed[0]?.error.code]).to.deep.equal(['CIAM.HTTP.503', 'CIAM.HTTP.503']);
    });
  }

  it('each list waits from when it came, whichever goes first', async () => {
    const fake = fakeTenant({ timeout: 10, retries: 1 });
    fake.transport.onCall = answers(503, '60');
    fake.ask(A);
    const ended: number[] = [];
    for (const ms of [3000, 1000, 2500]) {
      fake.clock.advance(ms);
      void fake.tenant.lookupList({ by: 'mobile', values: [`139000${String(10_000 + ms)}`], progress: () => ended.push(Math.round((fake.clock.now() - fake.startedAt) / 100) / 10) });
    }
    fake.clock.advance(20_000);
    await Promise.resolve();
    expect(ended).to.deep.equal([13, 14, 16.5]);
  });

  it('remembered users are messages too: probes do not become rarer while these come', () => {
    const fake = fakeTenant({ retries: 0, cacheTtl: 1, cacheStale: 3600, timeout: 2 });
    fake.ask('13900000000');
    fake.clock.advance(2000);
    beginOutage(fake);
    for (let seconds = 0; seconds < 180; seconds++) {
      fake.ask('13900000000');
      fake.clock.advance(1000);
    }
    const times = fake.times().filter((at) => at > 100_000);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? NaN));
    expect(Math.max(...gaps)).to.be.at.most(5010);
  });

  it('the probe after ten failed token calls makes a token call of its own, and if that is granted there is none', () => {
    const fake = fakeTenant(CLIENT);
    fake.transport.onCall = (call) => (fake.transport.calls.length <= 10 ? refusesConnection(call) : finds(call));
    const all = mobiles(10).map((value) => {
      const asked = fake.ask(value);
      fake.clock.advance(2);
      return asked;
    });
    fake.clock.advance(10_000);
    expect(fake.asked().slice(0, 12)).to.deep.equal([...new Array<string>(11).fill('token'), '?']);
    expect(fake.events).to.deep.equal(['ready']);
    expect(all.filter(({ outcome }) => outcome !== 'ok')).to.deep.equal([]);
  });

  it('a list that comes while nobody waits is probed for as soon as a single lookup is', () => {
    const fake = fakeTenant({ retries: 0, timeout: 3600 });
    beginOutage(fake);
    fake.clock.advance(100_000);
    const before = fake.transport.calls.length;
    fake.clock.advance(15_000);
    expect(fake.transport.calls.length - before, 'probes in a quiet quarter of a minute').to.be.within(1, 2);
    fake.transport.onCall = finds;
    fake.clock.advance(1);
    const from = fake.clock.now();
    let endedAt = Infinity;
    void fake.tenant.lookupList({ by: 'mobile', values: [A], progress: () => (endedAt = fake.clock.now()) });
    fake.clock.advance(20_000);
    expect(endedAt - from).to.be.at.most(1000);
  });
});
