import { expect } from 'chai';
import { answer, found, inTurn, type ScriptedTenant } from '../support/servers';
import { FakeClock, fastClock } from './clock';
import { fakeTenant, finds, reply } from './fake-tenant';
import { byMobile, CLIENT, closeAll, codesOf, failureOf, mobiles, openTenant, passUntil, startServer } from './support';

const expired = answer(400, { error: 'invalid_token', error_description: 'Access token expired:abc' });

describe('token refused by a lookup', () => {
  let server: ScriptedTenant;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await startServer();
    clock = new FakeClock();
  });
  afterEach(closeAll);

  const used = (): (string | undefined)[] => server.lookups.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));

  const refusals = {
    'HTTP 400 invalid_token': expired, '401 invalid_token': answer(401, { error: 'invalid_token' }), '200 invalid_token': answer(200, { error: 'invalid_token' }),
    '401 without a body': answer(401, ''), '401 unauthorized_user': answer(401, { error: 'unauthorized_user' }), '401 HTML': answer(401, '<html>'),
    '403 invalid_token': answer(403, { error: 'invalid_token' }), '400 error_code invalid_token': answer(400, { error_code: 'invalid_token' }),
  };
  for (const [name, script] of Object.entries(refusals)) {
    it(`${name}: renewed once, replayed once`, async () => {
      const tenant = openTenant(server, { ...CLIENT, retries: 0 }, { clock });
      await byMobile(tenant, '13800000000');
      clock.advance(2000);
      server.lookups.length = 0;
      server.onLookup = inTurn(script, found);
      const { user, lookup } = await byMobile(tenant, '13800001111');
      expect([user.user_id, lookup.attempts]).to.deep.equal(['id of 13800001111', 2]);
      expect(used()).to.deep.equal(['token-1', 'token-2']);
      expect(tenant.stats().lookups.retried).to.equal(1);
    });

    it(`${name} again: unauthorized, and no more calls`, async () => {
      server.onLookup = script;
      const failure = await failureOf(byMobile(openTenant(server, { ...CLIENT, retries: 5 }, { clock: fastClock(10) }), '13800001111'));
      expect(failure).to.include({ category: 'unauthorized', retryable: false }).and.have.property('advice').that.matches(/accepts the client id and secret, but refuses the token/);
      // Each of the two tokens was younger than two seconds, and got a second chance.
      expect(failure.lookup?.attempts).to.equal(4);
      expect(used()).to.deep.equal(['token-1', 'token-1', 'token-2', 'token-2']);
      expect(server.tokenCalls).to.have.length(2);
    });

    it(`${name} with a fixed token: unauthorized at once`, async () => {
      server.onLookup = script;
      const failure = await failureOf(byMobile(openTenant(server), '13800001111'));
      expect(failure.category).to.equal('unauthorized');
      expect(failure.advice).to.match(/^Check the token/);
      expect(failure.lookup?.attempts).to.equal(1);
      expect([server.tokenCalls.length, server.lookups.length]).to.deep.equal([0, 1]);
    });
  }

  it('401 invalid_client is about the client: not renewed', async () => {
    server.onLookup = answer(401, { error: 'invalid_client' });
    const failure = await failureOf(byMobile(openTenant(server, CLIENT), '13800001111'));
    expect(failure).to.include({ code: 'invalid_client', category: 'unauthorized' });
    expect([server.tokenCalls.length, server.lookups.length]).to.deep.equal([1, 1]);
  });

  it('a token younger than two seconds is tried once more after a pause of up to a second', async () => {
    server.onLookup = inTurn(expired, found);
    const tenant = openTenant(server, { ...CLIENT, retries: 0 }, { clock, random: () => 0.5 });
    const lookup = byMobile(tenant, '13800001111');
    clock.advance(await clock.timer(750, 751));
    expect((await lookup).lookup.attempts).to.equal(2);
    expect(used()).to.deep.equal(['token-1', 'token-1']);
  });

  it('a tenant that refuses every token meets no storm: it is asked again after 1, 2, 4 … s, and the state is told once', async () => {
    server.onLookup = expired;
    const tenant = openTenant(server, { ...CLIENT, concurrency: 8 }, { clock, random: () => 0 });
    const events: string[] = [];
    tenant.on('change', ({ event }) => events.push(event));
    const refuse = (count: number): Promise<string[]> => passUntil(clock, codesOf(mobiles(count).map((value) => byMobile(tenant, value))));
    expect(new Set(await refuse(300))).to.deep.equal(new Set(['invalid_token']));
    expect(server.tokenCalls.length).to.be.at.most(3);
    expect(server.lookups.length).to.be.at.most(600);
    for (const seconds of [1, 2, 4, 8]) {
      clock.advance(seconds * 1000 - 1000);
      server.lookups.length = 0;
      if (seconds > 1) {
        expect(new Set(await codesOf(mobiles(50).map((value) => byMobile(tenant, value)))), `${seconds} s`).to.deep.equal(new Set(['invalid_token']));
        expect(server.lookups, `${seconds} s`).to.have.length(0);
      }
      clock.advance(1000);
      server.tokenCalls.length = 0;
      await refuse(50);
      expect(server.tokenCalls.length, `${seconds} s`).to.be.at.most(1);
      expect(server.lookups.length, `${seconds} s`).to.be.within(1, 4);
    }
    expect(events).to.deep.equal(['ready', 'refused']);
  });

  it('after that the tenant is well again: the next token is used by all', async () => {
    server.onLookup = expired;
    const tenant = openTenant(server, CLIENT, { clock, random: () => 0 });
    const refused = codesOf(mobiles(20).map((value) => byMobile(tenant, value)));
    await passUntil(clock, refused);
    server.onLookup = (seen, response) => (seen.headers.authorization === 'Bearer token-1' || seen.headers.authorization === 'Bearer token-2' ? expired : found)(seen, response);
    clock.advance(3000);
    await byMobile(tenant, '13800000000');
    expect(await codesOf(mobiles(20).map((value) => byMobile(tenant, value)))).to.deep.equal(new Array(20).fill('ok'));
  });

  it('a late refusal of the old token does not cost the new one', async () => {
    const held = server.hold();
    const tenant = openTenant(server, CLIENT, { clock });
    const both = ['13800000001', '13800000002'].map((value) => byMobile(tenant, value));
    await server.until(() => held.length === 2);
    clock.advance(2000);
    held[0]?.(expired);
    await server.until(() => held.length === 3);
    held[2]?.(found);
    await both[0];
    held[1]?.(expired);
    await server.until(() => held.length === 4);
    held[3]?.(found);
    expect((await both[1])?.lookup.attempts).to.equal(2);
    expect(server.tokenCalls).to.have.length(2);
    expect(used()).to.deep.equal(['token-1', 'token-1', 'token-2', 'token-2']);
  });

  it('replayed once, even when the token has been renewed again meanwhile', async () => {
    const held = server.hold();
    const tenant = openTenant(server, { ...CLIENT, timeout: 3600 }, { clock });
    const first = failureOf(byMobile(tenant, '13800000001'));
    await server.until(() => held.length === 1);
    clock.advance(2000);
    held[0]?.(expired);
    await server.until(() => held.length === 2);
    clock.advance(1_800_000);
    const second = byMobile(tenant, '13800000002');
    await server.until(() => held.length === 3);
    held[1]?.(expired);
    expect((await first).lookup?.attempts).to.equal(2);
    held[2]?.(found);
    await second;
    expect(used().slice(0, 2)).to.deep.equal(['token-1', 'token-2']);
    expect(used()).to.have.length(3);
  });

  it('a renewal and retries add up within one lookup', async () => {
    server.onLookup = (seen, response) => (seen.value === '13800001111' ? script : found)(seen, response);
    const script = inTurn(answer(502, ''), expired, expired, answer(502, ''), found);
    const { lookup } = await byMobile(openTenant(server, { ...CLIENT, retries: 2 }, { clock: fastClock(), random: () => 0 }), '13800001111');
    expect(lookup.attempts).to.equal(5);
  });

  it('no lookup makes more than four calls, however the pauses fall, while others have the token renewed', () => {
    for (let seed = 1; seed <= 10; seed++) {
      let state = seed;
      const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
      const fake = fakeTenant(CLIENT, random);
      let granted = 0;
      fake.transport.onCall = ({ isToken }) => (isToken ? reply(200, { access_token: `refused-token-${++granted}`, expires_in: 1800 }) : reply(400, { error: 'invalid_token' }));
      for (const value of mobiles(1000)) {
        fake.ask(value);
        fake.clock.advance(10);
      }
      const calls = new Map<string, number>();
      for (const value of fake.asked()) if (value !== 'token') calls.set(value, (calls.get(value) ?? 0) + 1);
      expect(Math.max(...calls.values()), `seed ${seed}`).to.equal(4);
      // Nobody is asked in between: once refused, lookups fail at once but for a trial after 1, 2, 4 … s.
      expect(fake.asked().length, `seed ${seed}`).to.be.below(500);
      expect(granted, `seed ${seed}`).to.be.at.most(6);
      void fake.tenant.close();
    }
  });

  for (const status of [429, 408, 500, 501]) {
    it(`a token call that is answered ${status} without Retry-After is made again after a backoff, whatever comes meanwhile, and all are found once it is granted`, () => {
      const fake = fakeTenant({ ...CLIENT, timeout: 60 });
      fake.transport.onCall = ({ isToken }) => (isToken ? reply(status, '') : null);
      const asked = mobiles(500).map((value) => {
        fake.clock.advance(10);
        return fake.ask(value);
      });
      expect(fake.asked().length, 'calls in five seconds').to.be.within(3, 8);
      fake.transport.onCall = finds;
      fake.clock.advance(20_000);
      expect(asked.filter(({ outcome }) => outcome !== 'ok')).to.deep.equal([]);
      void fake.tenant.close();
    });
  }
});
